"""The completions of a run, read from its logs with all that was said of them."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from inspect_ai.log import EvalLog, EvalSample, read_eval_log, read_eval_log_sample
from inspect_ai.model import ChatMessageSystem, StopReason
from inspect_ai.scorer import Score

from protocol.answers import answer_text
from protocol.errors import ProtocolError
from protocol.records import SampleRecord, VerdictRecord
from runs.run import Run

# Large and not needed: what the models were sent stands in messages and output.
UNREAD_FIELDS = {"events", "store", "attachments", "timelines"}


@dataclass(frozen=True)
class Answer:
    """One completion.

    Attributes:
        question: What the target was asked.
        epoch: The completion's number, from 1.
        text: What the judges were shown, as the log shows it.
        original: The completion to the letter, lone surrogates included.
        stop_reason: Why it ended.
        scores: The score of each judge, by the name of the judge's column in the report.
        record: What the sample says of itself.
        location: The log that it stands in.
        invalidated: Whether somebody marked the sample as not to be counted.
        others: Scores that are no judge's, by the name of their scorer.
    """

    question: str
    epoch: int
    text: str
    original: str
    stop_reason: StopReason
    scores: dict[str, Score]
    record: SampleRecord
    location: str
    invalidated: bool = False
    others: dict[str, Score] = field(default_factory=dict)


@dataclass(frozen=True)
class Answers:
    """All completions of a run, question by question in the panel's order.

    Attributes:
        prompt: The system message, None without one.
        epochs: How many completions per question the run was asked for.
        answers: By question id, in order of epochs.
    """

    prompt: str | None
    epochs: int
    answers: dict[str, list[Answer]]


def read_answers(run: Run, only: Collection[tuple[str, int]] | None = None) -> Answers:
    """Read a run's completions.

    Args:
        run: The run.
        only: Question id and epoch of the few that are wanted; None wants all.

    Raises:
        ProtocolError: A log cannot be read as a whole.
    """
    answers: dict[str, list[Answer]] = {}
    prompt: str | None = None
    epochs, completions = 1, run.completions if only is None else run.completions.intersection(only)
    for location in run.locations:
        log = _read(location, only)
        epochs = max(epochs, log.eval.config.epochs or 1)
        for identity in log.eval.dataset.sample_ids or []:
            answers.setdefault(str(identity), [])
        for sample in sorted(log.samples or [], key=lambda sample: sample.epoch):
            record = SampleRecord.of(sample.metadata)
            mine = (str(sample.id), sample.epoch) in completions
            if record is None or not mine or not _same_part(run, record):
                continue
            answers.setdefault(str(sample.id), []).append(_answer(run, sample, record, location))
            systems = (m.text for m in sample.messages if isinstance(m, ChatMessageSystem))
            prompt = prompt if prompt is not None else next(systems, None)
    return Answers(prompt, epochs, answers)


def _read(location: str, only: Collection[tuple[str, int]] | None) -> EvalLog:
    try:
        if only is None or location.endswith(".json"):
            return read_eval_log(location, exclude_fields=UNREAD_FIELDS)
        log = read_eval_log(location, header_only=True)
        log.samples = [
            read_eval_log_sample(location, id=name, epoch=epoch, exclude_fields=UNREAD_FIELDS)
            for name in log.eval.dataset.sample_ids or []
            for wanted, epoch in only
            if wanted == str(name)
        ]
        return log
    except Exception as error:
        raise ProtocolError(f"{location} cannot be read: {type(error).__name__}.") from error


def _same_part(run: Run, record: SampleRecord) -> bool:
    done = record.completion
    if done is None:
        return run.condition.startswith("solver ")
    ran = (done.condition, done.prompt_sha256) == (run.condition, run.prompt_sha256)
    answered = done.answered_for(run.target)
    sampled = (done.sampling.settings, (answered,) if answered else ())
    return ran and (done.failure is not None or sampled == (run.sampling.settings, run.answered))


def _answer(run: Run, sample: EvalSample, record: SampleRecord, location: str) -> Answer:
    columns = {(c.judge, c.instrument): name for name, c in run.judges.items()}
    scores: dict[str, Score] = {}
    others: dict[str, Score] = {}
    for name, score in (sample.scores or {}).items():
        verdict = VerdictRecord.of(score.metadata)
        if verdict is None:
            others[name] = score
        elif (column := columns.get((verdict.judge, verdict.instrument))) is not None:
            scores[column] = score
    failed = record.completion is not None and record.completion.failure is not None
    text = sample.output.completion
    return Answer(
        question=_kept(record.original_input, str(sample.input)),
        epoch=sample.epoch,
        text="" if failed else answer_text(text),
        original=_kept(record.original_completion, text),
        stop_reason=sample.output.stop_reason if sample.output.choices else "unknown",
        scores=scores,
        record=record,
        location=location,
        invalidated=sample.invalidation is not None,
        others=others,
    )


def _kept(packed: str | None, shown: str) -> str:
    return shown if packed is None else str(json.loads(packed))
