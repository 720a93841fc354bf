"""The judges: `sonnet` and `opus` of the protocol, and any other model under the same rubric."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from inspect_ai._util._async import tg_collect
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState
from inspect_ai.util import span

from scorers.asking import Judge, ask
from scorers.judging import Judging, read_judging
from scorers.metrics import alpha, alpha_ci, coherence
from scorers.validity import validity

METRICS = [validity(), alpha(), alpha_ci(), coherence()]

# Inspect awaits a sample's scorers in turn; verdicts that were asked for together wait here for theirs.
_waiting: "WeakKeyDictionary[TaskState, dict[Judge, Score]]" = WeakKeyDictionary()


@scorer(metrics=METRICS)
def sonnet(**options: Any) -> Scorer:
    """Score completions with the protocol's primary judge, the model role `sonnet`.

    Args:
        **options: See `scorers.judging.Options`.
    """
    return _scorer("sonnet", options)


@scorer(metrics=METRICS)
def opus(**options: Any) -> Scorer:
    """Score completions with the protocol's alternate judge, the model role `opus`.

    Args:
        **options: See `scorers.judging.Options`.
    """
    return _scorer("opus", options)


@scorer(metrics=METRICS)
def judge(name: str | None = None, **options: Any) -> Scorer:
    """Score completions with any other judge.

    Args:
        name: The judge's name and model role.
        **options: See `scorers.judging.Options`.
    """
    return _scorer(name, options)


def judge_scorers(names: Sequence[str], **options: Any) -> list[Scorer]:
    """Make one scorer a judge, each named after its judge, all asked at once.

    Args:
        names: The judges' names, which are bound as model roles.
        **options: The same for all; see `scorers.judging.Options`.
    """
    own = {"sonnet": sonnet, "opus": opus}
    return [
        own[name](alongside=list(names), **options)
        if name in own
        else scorer(metrics=METRICS, name=name)(judge_named(name))(
            name=name, alongside=list(names), **options
        )
        for name in names
    ]


def judge_named(name: str) -> Any:
    """Return a factory like `judge` that Inspect registers under the judge's own name."""

    def factory(**options: Any) -> Scorer:
        return _scorer(options.pop("name"), options)

    factory.__name__ = name
    return factory


def _scorer(name: str | None, options: dict[str, Any]) -> Scorer:
    judging = read_judging(name, options)

    async def score(state: TaskState, target: Target) -> Score:
        own = judging.judge(state.metadata)
        waiting = _waiting.setdefault(state, {})
        if own not in waiting:
            waiting.update(await _asked_at_once(judging, state))
        return waiting.pop(own)

    return score


async def _asked_at_once(judging: Judging, state: TaskState) -> dict[Judge, Score]:
    own, *others = judging.together(state.metadata)
    # The own judge's call stands in its scorer's span; another's gets one of its own, under its name. A span
    # more for each, as `inspect_ai.util.collect` makes, costs and says nothing.
    verdicts = await tg_collect(
        [partial(_asked, own, state), *(partial(_asked_apart, other, state) for other in others)]
    )
    return dict(zip([own, *others], verdicts, strict=True))


async def _asked(judge: Judge, state: TaskState) -> Score:
    return await ask(judge, state.input_text, state.output.completion, state.epoch)


async def _asked_apart(judge: Judge, state: TaskState) -> Score:
    async with span(judge.name, type="judge"):
        return await _asked(judge, state)
