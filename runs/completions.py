"""The completions of a run, read from its log with all that was said of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.model import ChatMessageSystem, StopReason
from inspect_ai.scorer import Score

from exchange.logs import ORIGINAL_COMPLETION, ORIGINAL_INPUT
from protocol.errors import ProtocolError
from runs.run import Run

# Large and not needed: what the models were sent stands in messages and output.
LEFT_OUT = {"events", "store", "attachments", "timelines"}


@dataclass(frozen=True)
class Answer:
    """One completion.

    Attributes:
        question_id: The question's id in its panel.
        question: What the target was asked.
        epoch: The completion's number, from 1.
        text: The completion as the log shows it.
        original: The completion to the letter, lone surrogates included.
        stop_reason: Why it ended.
        scores: The score of each judge, by the name of the judge's column in the report.
        metadata: The sample's metadata.
    """

    question_id: str
    question: str
    epoch: int
    text: str
    original: str
    stop_reason: StopReason
    scores: dict[str, Score]
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Answers:
    """All completions of a run, question by question in the panel's order.

    Attributes:
        header: The log's header.
        prompt: The system message, None without one.
        answers: By question id, in order of epochs.
    """

    header: EvalLog
    prompt: str | None
    answers: dict[str, list[Answer]]

    @property
    def epochs(self) -> int:
        """How many completions a question the run was asked for."""
        return self.header.eval.config.epochs or 1


def read_answers(run: Run) -> Answers:
    """Read a run's completions.

    Raises:
        ProtocolError: The log cannot be read as a whole.
    """
    try:
        log = read_eval_log(run.location, exclude_fields=LEFT_OUT)
    except Exception as error:
        raise ProtocolError(f"{run.location} cannot be read: {type(error).__name__}.") from error
    columns = {
        (judge.split(" (", 1)[0], column.model): judge for judge, column in run.judges.items()
    }
    rubric = str(run.metadata.get("rubric_sha256"))
    answers: dict[str, list[Answer]] = {}
    for identity in log.eval.dataset.sample_ids or []:
        answers[str(identity)] = []
    for sample in sorted(log.samples or [], key=lambda sample: sample.epoch):
        answers.setdefault(str(sample.id), []).append(_answer(sample, columns, rubric))
    prompt = next(
        (m.text for s in log.samples or [] for m in s.messages if isinstance(m, ChatMessageSystem)),
        None,
    )
    return Answers(log, prompt, answers)


def _answer(sample: EvalSample, columns: Mapping[tuple[str, str], str], rubric: str) -> Answer:
    text = sample.output.completion
    scores: dict[str, Score] = {}
    for key, score in (sample.scores or {}).items():
        data = score.metadata or {}
        judge = str(data.get("judge") or key)
        column = columns.get((judge, str(data.get("judge_model") or "")))
        under = str(data.get("rubric_sha256") or rubric)
        if "judge" in data and column is not None and under == rubric:
            scores[column] = score
    return Answer(
        question_id=str(sample.id),
        question=_kept(sample.metadata, ORIGINAL_INPUT, str(sample.input)),
        epoch=sample.epoch,
        text=text,
        original=_kept(sample.metadata, ORIGINAL_COMPLETION, text),
        stop_reason=sample.output.stop_reason or "unknown",
        scores=scores,
        metadata=sample.metadata,
    )


def _kept(metadata: Mapping[str, Any], key: str, shown: str) -> str:
    packed = metadata.get(key)
    return str(json.loads(packed)) if isinstance(packed, str) else shown
