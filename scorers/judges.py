"""The judges: `sonnet` and `opus` of the protocol, and any other model under the same rubric."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState
from inspect_ai.util import collect, span

from protocol.rubrics import load_rubric
from scorers.asking import Judge, ask
from scorers.metrics import alpha, alpha_ci, coherence

METRICS = [alpha(), alpha_ci(), coherence()]

# Inspect awaits a sample's scorers in turn; verdicts that were asked for together wait here for theirs.
_waiting: "WeakKeyDictionary[TaskState, dict[Judge, Score]]" = WeakKeyDictionary()


@scorer(metrics=METRICS)
def sonnet(
    rubric: str = "eps",
    alongside: Sequence[str] = (),
    retries: int = 0,
    batch: int = 0,
    cache: bool = False,
) -> Scorer:
    """Score completions with the protocol's primary judge, the model role `sonnet`.

    Args:
        rubric: `eps`, `open` or a path.
        alongside: Judges of the same sample that are asked at the same time.
        retries: Second tries after a truncated or unparseable reply.
        batch: Ask through the provider's batch API, waiting for this many calls; 0 asks in realtime.
        cache: Keep valid verdicts in Inspect's cache and take them from there.
    """
    return _judging("sonnet", None, rubric, alongside, retries, batch, cache)


@scorer(metrics=METRICS)
def opus(
    rubric: str = "eps",
    alongside: Sequence[str] = (),
    retries: int = 0,
    batch: int = 0,
    cache: bool = False,
) -> Scorer:
    """Score completions with the protocol's alternate judge, the model role `opus`.

    Args:
        rubric: `eps`, `open` or a path.
        alongside: Judges of the same sample that are asked at the same time.
        retries: Second tries after a truncated or unparseable reply.
        batch: Ask through the provider's batch API, waiting for this many calls; 0 asks in realtime.
        cache: Keep valid verdicts in Inspect's cache and take them from there.
    """
    return _judging("opus", None, rubric, alongside, retries, batch, cache)


@scorer(metrics=METRICS)
def judge(
    name: str,
    model: str | None = None,
    rubric: str = "eps",
    alongside: Sequence[str] = (),
    retries: int = 0,
    batch: int = 0,
    cache: bool = False,
) -> Scorer:
    """Score completions with any other judge.

    Args:
        name: The judge's name and model role.
        model: Its model, where no role of that name is bound.
        rubric: `eps`, `open` or a path.
        alongside: Judges of the same sample that are asked at the same time.
        retries: Second tries after a truncated or unparseable reply.
        batch: Ask through the provider's batch API, waiting for this many calls; 0 asks in realtime.
        cache: Keep valid verdicts in Inspect's cache and take them from there.
    """
    return _judging(name, model, rubric, alongside, retries, batch, cache)


def judge_scorers(names: Sequence[str], **options: Any) -> list[Scorer]:
    """Make one scorer a judge, each named after its judge, all asked at once.

    Args:
        names: The judges' names, which are bound as model roles.
        **options: `rubric`, `retries` and `batch`, the same for all.
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
        return _judging(options.pop("name"), None, **options)

    factory.__name__ = name
    return factory


def _judging(
    name: str,
    model: str | None,
    rubric: str,
    alongside: Sequence[str],
    retries: int,
    batch: int,
    cache: bool,
) -> Scorer:
    text = load_rubric(rubric)

    def one(judge_name: str, judge_model: str | None = None) -> Judge:
        return Judge(judge_name, text, judge_model, int(retries), int(batch), cache)

    own = one(name, model)
    together = [one(other) for other in alongside if other != name]

    async def score(state: TaskState, target: Target) -> Score:
        waiting = _waiting.setdefault(state, {})
        if own not in waiting:
            judges = [own, *together]
            verdicts = await collect(*[_asked(judge, state) for judge in judges])
            waiting.update(zip(judges, verdicts, strict=True))
        return waiting.pop(own)

    return score


async def _asked(judge: Judge, state: TaskState) -> Score:
    async with span(f"judge {judge.name}", type="judge"):
        return await ask(judge, state.input_text, state.output.completion, state.epoch)
