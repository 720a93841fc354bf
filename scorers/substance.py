"""A second reading of completions: what they do, apart from how they sound. It is no judge.

inspect score LOG --scorer scorers/substance.py@substance --model-role scanner=provider/model --action append
"""

from dataclasses import dataclass

from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, metric, scorer
from inspect_ai.solver import TaskState

from likeness.substance import FLAGS
from likeness.substance import read_flags as flags_of
from protocol.answers import TargetFailure
from protocol.data import DATASETS
from protocol.records import SampleRecord
from protocol.rubrics import Rubric
from protocol.sources import sha256
from protocol.transcripts import hide_in_output, hide_keys
from scorers.asking import NOT_THE_JUDGE, Judge, bound_model, judge_message
from scorers.faults import fault, output_fault
from scorers.instruments import judge_config
from scorers.judges import judged_texts
from scorers.reading import Failure, reply_text
from scorers.reply_json import JsonObject, top_level, whole_object

ROLE = "scanner"


@dataclass(frozen=True)
class Substance:
    """What the scanner says of one completion."""

    flags: dict[str, bool]
    reasoning: str


@metric(scores="unreduced")
def substance_shares() -> Metric:
    """Share of completions with each flag, 0 to 1, over those that the scanner read; NaN without any."""

    def compute(scores: list[SampleScore]) -> dict[str, str | int | float | bool | None]:
        read = [found for score in scores if (found := flags_of(score.score.metadata))]
        count = len(read) or float("nan")
        return {name: sum(flags[name] for flags in read) / count for name in FLAGS}

    return compute


@scorer(metrics=[substance_shares()])
def substance() -> Scorer:
    """Let the model role `scanner` say of each completion which of three things it does.

    The value is how many, 0 to 3; the flags stand in the score's metadata. A reply that cannot be read is
    unscored with its reason, as a judge's is.
    """
    text = (DATASETS / "rubrics" / "substance.txt").read_text(encoding="utf-8")
    rubric = Rubric(name="substance", text=text, sha256=sha256(text))

    async def score(state: TaskState, target: Target) -> Score:
        question, answer = judged_texts(state, SampleRecord.of(state.metadata))
        if isinstance(answer, TargetFailure):
            return Score.unscored(reason=f"target_{answer.kind}", explanation=answer.detail)
        # `inspect score` binds roles only after its scorers are made.
        model = bound_model(Judge(ROLE, rubric))
        messages: list[ChatMessage] = [
            ChatMessageSystem(content=rubric.text),
            ChatMessageUser(content=judge_message(question, answer)),
        ]
        key = model.api.api_key
        found: Substance | Failure
        try:
            output = await model.generate(messages, config=judge_config(model), cache=False)
            hide_in_output(output, key)
            found = output_fault(output, str(model).split("/")[0], (key,)) or read_substance(
                reply_text(output.message.content), answer, output.stop_reason
            )
        except NOT_THE_JUDGE:
            raise
        except Exception as error:
            found = fault(error, keys=(key,))
        finally:
            hide_keys(key)
        said: dict[str, object] = {ROLE: str(model), "rubric_sha256": rubric.sha256}
        if isinstance(found, Failure):
            return Score.unscored(reason=found.kind, explanation=found.detail, metadata=said)
        return Score(
            value=sum(found.flags.values()),
            explanation=found.reasoning,
            metadata=said | {"flags": found.flags},
        )

    return score


def read_substance(
    reply: str, judged: str, stop_reason: str | None = "stop"
) -> Substance | Failure:
    """Read the scanner's reply as a judge's is read: its JSON objects with a boolean for each flag.

    Args:
        reply: Its text, without thinking. No input raises.
        judged: The completion, which may hold such objects of its own.
        stop_reason: Why the reply ended, in Inspect's words.

    Returns:
        The flags, or a failure: `refusal`, `truncated`, `unparseable`, or `ambiguous` where flags differ, a
        key stands twice or the completion holds the same object.
    """
    whole = whole_object(reply)
    if stop_reason == "content_filter" or not reply.strip():
        return Failure("refusal", "the scanner refused")
    if whole is None and stop_reason in ("max_tokens", "model_length"):
        return Failure("truncated", "the reply was cut at its token limit")
    objects = _with_flags(top_level(reply)[0] if whole is None else [whole])
    if not objects:
        return Failure("unparseable", "the reply holds no JSON object with the three booleans")
    flags = [{name: bool(found.values_of(name)[0]) for name in FLAGS} for found in objects]
    if any(found.repeats_a_key for found in objects) or any(other != flags[0] for other in flags):
        return Failure("ambiguous", "a key stands twice, or two objects differ")
    quoted = [dict(found) for found in _with_flags(top_level(judged)[0])]
    if any(dict(found) in quoted for found in objects):
        return Failure("ambiguous", "the object stands in the completion and may be quoted from it")
    return Substance(flags[0], objects[0].reasoning)


def _with_flags(objects: list[JsonObject]) -> list[JsonObject]:
    return [
        found
        for found in objects
        if all(values and isinstance(values[0], bool) for values in map(found.values_of, FLAGS))
    ]
