"""The judges: `sonnet` and `opus` of the protocol, and any other model under the same rubric."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import anyio
from inspect_ai._util._async import unwrap_exception_group
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
    verdicts: dict[Judge, Score] = {}

    async def ask_apart(judge: Judge) -> None:
        async with span(judge.name, type="judge"):
            verdicts[judge] = await _asked(judge, state)

    # The own judge's call stands in its scorer's span, another's in one of its own under its name. Further
    # tasks and spans, as `inspect_ai.util.collect` makes them, cost and say nothing.
    with unwrap_exception_group("first"):
        async with anyio.create_task_group() as group:
            for other in others:
                group.start_soon(ask_apart, other)
            verdicts[own] = await _asked(own, state)
    return verdicts


async def _asked(judge: Judge, state: TaskState) -> Score:
    return await ask(judge, state.input_text, state.output.completion, state.epoch)
