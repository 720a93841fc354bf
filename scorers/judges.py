"""The judges: `sonnet` and `opus` of the protocol, and any other model under the same rubric."""

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from inspect_ai.event import SampleLimitEvent
from inspect_ai.log import transcript
from inspect_ai.model import ChatMessageAssistant
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState
from inspect_ai.util import collect

from protocol.answers import TargetFailure, answer_text, target_failure
from protocol.errors import ProtocolError
from protocol.records import SampleRecord
from scorers.asking import Judge, ask, not_asked
from scorers.metrics import alpha, alpha_ci, coherence
from scorers.noted import noted
from scorers.options import JudgeScorer, read_judge_scorer
from scorers.repeats import retest
from scorers.validity import validity

METRICS = [validity(), alpha(), alpha_ci(), coherence(), retest(), noted()]

# Inspect awaits a sample's scorers in turn; verdicts that were asked for together wait here for theirs.
_waiting: "WeakKeyDictionary[TaskState, dict[Judge, Score]]" = WeakKeyDictionary()


@scorer(metrics=METRICS)
def sonnet(**options: Any) -> Scorer:
    """Score completions with the protocol's primary judge, the model role `sonnet`.

    Args:
        **options: See `scorers.options.JudgeOptions`.
    """
    return _scorer("sonnet", options)


@scorer(metrics=METRICS)
def opus(**options: Any) -> Scorer:
    """Score completions with the protocol's alternate judge, the model role `opus`.

    Args:
        **options: See `scorers.options.JudgeOptions`.
    """
    return _scorer("opus", options)


@scorer(metrics=METRICS)
def judge(name: str | None = None, **options: Any) -> Scorer:
    """Score completions with any other judge.

    Args:
        name: The judge's name and model role.
        **options: See `scorers.options.JudgeOptions`.
    """
    return _scorer(name, options)


def judge_scorers(judges: Mapping[str, str], **options: Any) -> list[Scorer]:
    """Make one scorer a judge, each named after its judge, all asked at once.

    Args:
        judges: Each judge's name and model, `provider/model`.
        **options: The same for all; see `scorers.options.JudgeOptions`.
    """
    own = {"sonnet": sonnet, "opus": opus}
    return [
        own[name](alongside=dict(judges), **options)
        if name in own
        else named_scorer(name)(name=name, alongside=dict(judges), **options)
        for name in judges
    ]


def named_scorer(name: str) -> Callable[..., Scorer]:
    """Return a factory like `judge` that Inspect registers under the judge's own name."""

    def factory(**options: Any) -> Scorer:
        return _scorer(options.pop("name", name), options)

    factory.__name__ = name
    return scorer(metrics=METRICS, name=name)(factory)


def _scorer(name: str | None, options: dict[str, Any]) -> Scorer:
    judging = read_judge_scorer(name, options)

    async def score(state: TaskState, target: Target) -> Score:
        own = judging.judge(SampleRecord.of(state.metadata))
        waiting = _waiting.setdefault(state, {})
        if own not in waiting:
            waiting.update(await _asked_at_once(judging, state))
        return waiting.pop(own)

    return score


async def _asked_at_once(judging: JudgeScorer, state: TaskState) -> dict[Judge, Score]:
    record = SampleRecord.of(state.metadata)
    judges = judging.together(record)
    question, answer = judged_texts(state, record)
    if isinstance(answer, TargetFailure):
        return {judge: not_asked(judge, answer) for judge in judges}
    scores = await collect(*(ask(judge, question, answer, state.epoch) for judge in judges))
    return dict(zip(judges, scores, strict=True))


def judged_texts(state: TaskState, record: SampleRecord | None) -> tuple[str, str | TargetFailure]:
    """Return the question and the answer that a judge is shown, or why there is no answer.

    Raises:
        ProtocolError: The sample is another eval's and has more than one question and one answer, or
            it holds imported verdicts without the text that they are about.
    """
    if record is not None and record.text_missing:
        raise ProtocolError(
            "This log was made of verdicts without completions: there is no text to judge again. Import "
            "the completions instead."
        )
    if record is None:
        users = [message for message in state.messages if message.role == "user"]
        said = [m for m in state.messages if isinstance(m, ChatMessageAssistant)]
        answers = [message for message in said if message.text.strip() and not message.tool_calls]
        if len(users) != 1 or len(answers) > 1:
            raise ProtocolError(
                f"The sample {state.sample_id} has {len(users)} user messages and {len(answers)} "
                "answers. A verdict is on one question and one answer; such samples cannot be judged "
                "here."
            )
        question = users[0].text
    else:
        question = state.input_text
        if record.completion is not None and record.completion.failure is not None:
            return question, TargetFailure(record.completion.failure, record.completion.detail)
        limited = any(isinstance(event, SampleLimitEvent) for event in transcript().events)
        if record.completion is None and limited:
            return question, TargetFailure("limit", "ended before the target was asked")
    failure = target_failure(state.output)
    return question, failure or answer_text(state.output.completion)
