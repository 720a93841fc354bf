"""From a finished log to a judge's requests: whom to ask, about which completions, under which rules."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.model import GenerateConfig, Model, ModelName
from inspect_ai.scorer import Score
from inspect_ai.solver import TaskState

from judging.calls import JudgeRequest, JudgeSettings
from judging.step import request_body
from protocol.answers import TargetFailure
from protocol.errors import ProtocolError
from protocol.judges import judge_table
from protocol.records import (
    COMPARABILITY,
    SUITE,
    TARGET,
    Instrument,
    ReplyForm,
    RunMetadata,
    SampleRecord,
    VerdictRecord,
)
from protocol.rubrics import Rubric
from scorers.asking import Judge, judge_message
from scorers.binding import judge_model, refuse_ended
from scorers.instruments import instrument, judge_config
from scorers.judges import judged_texts
from scorers.options import logged_rubric, same_rubric
from scorers.schema import refuse_without_schema

Completion = tuple[str, int]


@dataclass(frozen=True)
class Wishes:
    """What the user asks for beyond the log's own rules; None leaves them.

    Attributes:
        rubric: Its text, where the log's own is unavailable by name; another text is refused.
        verdicts: How many verdicts on each completion are averaged.
        reply: Free text, or held to a schema.
        only: Kinds of failure: only completions whose first verdict failed so are judged again.
        config: Budget, effort and sampling of the judge.
    """

    rubric: Rubric | None = None
    verdicts: int | None = None
    reply: ReplyForm | None = None
    only: tuple[str, ...] = ()
    config: GenerateConfig = field(default_factory=GenerateConfig)


@dataclass(frozen=True)
class LogJudging:
    """One judge's part in one log.

    Attributes:
        path: The log.
        judge: Who is asked, under which rubric, and how often.
        model: Its model.
        settings: The same for the judging step.
        audit: The kinds of failure that are judged again, separated by commas; empty for all completions.
        texts: Question and answer of each completion that is looked at, or why there is no answer.
        earlier: Scores of this very instrument that are in the log, by completion; those of completions
            without an answer among them.
        keys: The names under which such scores alone stand there.
    """

    path: Path
    judge: Judge
    model: Model
    settings: JudgeSettings
    audit: str
    texts: Mapping[Completion, tuple[str, str | TargetFailure]]
    earlier: Mapping[Completion, Score]
    keys: frozenset[str]

    @property
    def folder(self) -> Path:
        """The state folder, beside the log."""
        return self.path.with_name(f"{self.path.name}.judging")

    @property
    def scorer(self) -> str:
        """The name under which the scores stand in the log."""
        return f"{self.judge.name}_audit" if self.audit else self.judge.name

    @property
    def open(self) -> list[Completion]:
        """The completions that have an answer and no reply of this judge to it."""
        return [
            completion
            for completion, (_, answer) in self.texts.items()
            if not isinstance(answer, TargetFailure) and completion not in self.earlier
        ]

    @property
    def done(self) -> bool:
        """Whether everything is in the log already."""
        return self.texts.keys() <= self.earlier.keys()

    def requests(self, completions: Sequence[Completion], attempt: int = 0) -> list[JudgeRequest]:
        """Write the judge's requests about completions, one for each verdict.

        Args:
            completions: Which.
            attempt: The number of second tries before.
        """
        return [
            JudgeRequest(
                request_id(completion, number, attempt),
                self.judge.rubric.text,
                judge_message(question, answer),
            )
            for completion in completions
            for question, answer in [self.texts[completion]]
            if not isinstance(answer, TargetFailure)
            for number in range(self.judge.verdicts)
        ]


def request_id(completion: Completion, number: int, attempt: int) -> str:
    """Name one verdict on one completion."""
    name, epoch = completion
    return f"{name}/{epoch}" + f"#{number + 1}" * bool(number) + f"~{attempt}" * bool(attempt)


def read_finished(path: Path) -> tuple[EvalLog, RunMetadata]:
    """Read a log that can be judged.

    Raises:
        ProtocolError: It is not this suite's, not finished, of other rules, or without completions.
    """
    # A broken file fails in as many ways as zip, JSON and the schema have errors.
    try:
        log = read_eval_log(str(path), resolve_attachments=True)
    except Exception as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise ProtocolError(f"{path} cannot be read: {said}") from error
    metadata = log.eval.metadata or {}
    if metadata.get("suite") != SUITE:
        raise ProtocolError(
            f"{path} is not this suite's log. inspect score judges other logs: see docs/judging.md."
        )
    if metadata.get("comparability") != COMPARABILITY:
        raise ProtocolError(
            f"{path} was made under other rules (comparability {metadata.get('comparability')}, now "
            f"{COMPARABILITY}). bwalpha reread brings it to today's, if its replies are all there."
        )
    if log.status != "success":
        raise ProtocolError(
            f"{path} is unfinished (status {log.status}). inspect eval-retry finishes it."
        )
    ran = RunMetadata.model_validate(metadata)
    if ran.imported is not None and ran.imported.text_missing:
        raise ProtocolError(f"{path} holds verdicts without their completions; nothing to judge.")
    if not log.samples:
        raise ProtocolError(f"{path} holds no completions.")
    return log, ran


def log_judges(given: Mapping[str, str], ran: RunMetadata) -> dict[str, str]:
    """Name the judges of a log: those that were asked for, else its own, else the default ones.

    Args:
        given: Names and models; an empty model takes the log's, else the default one.
        ran: The log's metadata.

    Raises:
        ProtocolError: A judge has no model.
    """
    default = judge_table().default
    known = {**default, **ran.judges}
    judges = {name: model or known.get(name, "") for name, model in given.items()}
    judges = judges or dict(ran.judges) or dict(default)
    for name, model in judges.items():
        if not model:
            raise ProtocolError(
                f"The judge {name} has no model. Give --judge {name}=provider/model."
            )
    return judges


def plan_judging(
    path: Path, log: EvalLog, ran: RunMetadata, name: str, model: str, wishes: Wishes
) -> LogJudging:
    """Look up what one judge is still to be asked about one log.

    Args:
        path: The log.
        log: Its content.
        ran: Its metadata.
        name: The judge's name.
        model: Its model, `provider/model`.
        wishes: What the user asks for beyond the log's own rules.

    Raises:
        ProtocolError: The judge cannot be asked, or the log's rubric is unavailable.
    """
    refuse_ended(name, model)
    role = (log.eval.model_roles or {}).get(name)
    own = role if role is not None and not isinstance(role, list) and role.model == model else None
    place: dict[str, Any] = {"base_url": own.base_url, **own.args} if own is not None else {}
    config = (own.config if own is not None else GenerateConfig()).merge(wishes.config)
    made = judge_model(name, model, config.model_copy(update={"batch": None}), **place)
    first = next((r for s in log.samples or [] if (r := SampleRecord.of(s.metadata))), None)
    reply = wishes.reply or (first.judge_reply if first else "free")
    if reply == "schema":
        refuse_without_schema(name, model)
    judge = Judge(
        name=name,
        rubric=_rubric(wishes.rubric, ran),
        model=model,
        retries=first.judge_retries if first else 0,
        verdicts=wishes.verdicts or (first.judge_verdicts if first else 1),
        reply=reply,
    )
    settings = JudgeSettings(
        judge=name,
        model=model,
        config=made.config.merge(judge_config(made, reply)),
        base_url=place.pop("base_url", None),
        model_args=place,
    )
    audit = ",".join(sorted(wishes.only))
    body = asyncio.run(request_body(settings))
    used = instrument(judge, made, request=body).model_copy(update={"audit": audit})
    texts = {
        (str(sample.id), sample.epoch): _texts(sample)
        for sample in log.samples or []
        if sample.error is None
        and sample.invalidation is None
        and (not wishes.only or _failed(sample, used, name, wishes.only))
    }
    earlier: dict[Completion, Score] = {}
    keys: set[str] = set()
    others: set[str] = set()
    for sample, key, score, record in verdicts_of(log):
        if record.judge == name and _same(record, used, body is not None):
            keys.add(key)
            if record.asked or (record.failure or "").startswith(TARGET):
                earlier[str(sample.id), sample.epoch] = score
        else:
            others.add(key)
    return LogJudging(
        path=path,
        judge=judge,
        model=made,
        settings=settings,
        audit=audit,
        texts=texts,
        earlier=earlier,
        keys=frozenset(keys - others),
    )


def verdicts_of(log: EvalLog) -> Iterator[tuple[EvalSample, str, Score, VerdictRecord]]:
    """Give every verdict in a log, with its sample and the name under which it stands."""
    for sample in log.samples or []:
        for key, score in (sample.scores or {}).items():
            record = VerdictRecord.of(score.metadata)
            if record is not None:
                yield sample, key, score, record


def _rubric(given: Rubric | None, ran: RunMetadata) -> Rubric:
    if given is None:
        return logged_rubric(ran.rubric, ran.rubric_sha256)
    return same_rubric(given, ran.rubric, ran.rubric_sha256)


def _texts(sample: EvalSample) -> tuple[str, str | TargetFailure]:
    state = TaskState(
        model=ModelName("none/none"),
        sample_id=sample.id,
        epoch=sample.epoch,
        input=sample.input,
        messages=sample.messages,
        output=sample.output,
        metadata=sample.metadata,
    )
    return judged_texts(state, SampleRecord.of(sample.metadata))


def _failed(sample: EvalSample, used: Instrument, name: str, kinds: Sequence[str]) -> bool:
    """Whether the judge's own verdict on a completion failed in one of these ways."""
    for score in (sample.scores or {}).values():
        record = VerdictRecord.of(score.metadata)
        if record is not None and record.judge == name and not record.instrument.audit:
            asked = record.instrument.asked, record.instrument.rubric_sha256
            if asked == (used.asked, used.rubric_sha256) and record.failure in kinds:
                return True
    return False


def _same(record: VerdictRecord, wanted: Instrument, shown: bool) -> bool:
    """Whether a verdict is of the instrument that is to be asked; who answers is not known yet.

    Args:
        record: The verdict.
        wanted: The instrument, as its requests carry it.
        shown: Whether its requests are known here. Without them, and where nobody was asked, how a
            provider writes sampling and reasoning is left open.
    """
    left_open: dict[str, None] = {"answered": None}
    if not shown and wanted.reasoning is None:
        left_open |= {"reasoning": None}
    if not record.asked:
        left_open |= {"reasoning": None, "temperature": None, "top_p": None}
    found = record.instrument.model_copy(update=left_open)
    return found == wanted.model_copy(update=left_open)
