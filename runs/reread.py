"""An older log's stored replies, read again under today's rules. Nobody is asked and nothing is paid."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspect_ai.event import ModelEvent
from inspect_ai.log import (
    EvalLog,
    EvalSample,
    read_eval_log,
    recompute_metrics,
    resolve_sample_attachments,
    write_eval_log,
)
from inspect_ai.scorer import Score
from pydantic import ValidationError

from protocol.answers import TargetFailure, answer_text, target_failure
from protocol.conditions import condition_rows, own_sha256
from protocol.errors import ProtocolError
from protocol.records import (
    COMPARABILITY,
    PROTOCOL_SAMPLING,
    SUITE,
    TARGET,
    CompletionRecord,
    Instrument,
    RunMetadata,
    SampleRecord,
    VerdictRecord,
    same_model,
    text_sha256,
)
from protocol.requests import event_sampling
from scorers.faults import output_fault
from scorers.reading import Failure, Verdict, read_reply
from scorers.validity import REDUCER

OLDER = (1, 2)
# What version 0.1 to 0.3 asked for, whatever a judge's role said.
BUDGET = 256
# Under comparability 1 these sampled with the model's own settings besides the protocol's.
ADDED_DEFAULTS = ("vllm/", "hf/")


@dataclass(frozen=True)
class Change:
    """A verdict that is another one today; a number, or the kind of a failure."""

    judge: str
    question: str
    epoch: int
    before: str
    after: str


@dataclass
class Reread:
    """What became of one log.

    Attributes:
        source: The log that was read; it stays as it is.
        written: The new log.
        verdicts: How many verdicts were read again.
        changes: Those that differ.
        unknown: What the old log does not say, and how often.
    """

    source: str
    written: Path
    verdicts: int = 0
    changes: list[Change] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)


def reread(location: str, out: Path) -> Reread:
    """Read a log's stored replies again and write a new log under today's contract.

    Args:
        location: A log of comparability 1 or 2.
        out: The folder for the new log, which is named as the old one.

    Raises:
        ProtocolError: It is no such log, or a file of that name is there already.
    """
    try:
        log = read_eval_log(location)
    except Exception as error:
        raise ProtocolError(f"{location} cannot be read: {type(error).__name__}.") from error
    added = _added_defaults(log)
    metadata = _run_metadata(log, location)
    written = out / f"{Path(location).stem}.eval"
    if written.exists():
        raise ProtocolError(f"{written} is there already. Give another --out.")
    done = Reread(location, written)
    log.eval.metadata = metadata.model_dump(mode="json")
    log.eval.task_version = COMPARABILITY
    log.eval.config.epochs_reducer = [REDUCER]
    for sample in log.samples or []:
        _reread_sample(sample, metadata, added, done)
    if log.status == "success":
        recompute_metrics(log)
    out.mkdir(parents=True, exist_ok=True)
    write_eval_log(log, str(written))
    return done


def _run_metadata(log: EvalLog, location: str) -> RunMetadata:
    old = dict(log.eval.metadata or {})
    found = old.get("comparability")
    if old.get("suite") != SUITE:
        raise ProtocolError(f"{location} is not this suite's log (task {log.eval.task}).")
    if found not in OLDER:
        raise ProtocolError(
            f"{location} has comparability {found}. Logs of comparability 1 and 2 are read again; "
            f"those of {COMPARABILITY} need no rereading."
        )
    known = {name: value for name, value in old.items() if name in RunMetadata.model_fields}
    if isinstance(known.get("imported"), dict) or "import" in old:
        raise ProtocolError(
            f"{location} was made of files. Import them again: bwalpha import reads them as today."
        )
    known |= {"comparability": COMPARABILITY, "reread_from": Path(location).name}
    if known.get("provenance") == "verbatim" and not _proven(known):
        known["provenance"] = "handed_in"
    if _added_defaults(log):
        note = (
            "made by version 0.1, whose server added the model's own top_k and repetition_penalty"
        )
        known["notes"] = (*known.get("notes", ()), note)
    try:
        return RunMetadata.model_validate(known)
    except ValidationError as error:
        field_name = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ProtocolError(f"{location} does not say what was run ({field_name}).") from error


def _added_defaults(log: EvalLog) -> bool:
    first = (log.eval.metadata or {}).get("comparability") == 1
    return first and log.eval.model.startswith(ADDED_DEFAULTS)


def _proven(metadata: dict[str, Any]) -> bool:
    row = condition_rows().get(str(metadata.get("condition")))
    return row is not None and own_sha256(row) == metadata.get("prompt_sha256")


def _reread_sample(sample: EvalSample, run: RunMetadata, added: bool, done: Reread) -> None:
    record = _sample_record(sample, run)
    if record is None:
        done.unknown["what a sample asked"] += 1
        return
    calls = [e for e in resolve_sample_attachments(sample).events if isinstance(e, ModelEvent)]
    completion, failure = _completion(sample, record, calls, added, done)
    sample.metadata = record.model_copy(update={"completion": completion}).model_dump(mode="json")
    answer = failure or answer_text(sample.output.completion)
    for name, score in (sample.scores or {}).items():
        old = score.metadata or {}
        if "judge_model" not in old or "judge" not in old or sample.scores is None:
            continue
        own = [call for call in calls if call.role == old["judge"]]
        new = _score(score, old, answer, own, done)
        sample.scores[name] = new
        done.verdicts += 1
        before, after = _said(score, old.get("failure")), _said(new, new.reason)
        if before != after:
            done.changes.append(
                Change(str(old["judge"]), str(sample.id), sample.epoch, before, after)
            )


def _sample_record(sample: EvalSample, run: RunMetadata) -> SampleRecord | None:
    old = dict(sample.metadata)
    judging = old.get("judging")
    if not isinstance(judging, dict):
        return None
    return SampleRecord.of(
        {
            **old,
            "rubric": judging.get("rubric"),
            "rubric_sha256": judging.get("rubric_sha256"),
            "judge_retries": judging.get("retries", 0),
            "judges": run.judges,
        }
    )


def _completion(
    sample: EvalSample, record: SampleRecord, calls: list[ModelEvent], added: bool, done: Reread
) -> tuple[CompletionRecord, TargetFailure | None]:
    call = next((call for call in reversed(calls) if not call.role), None)
    if call is None:
        sampling, seed = PROTOCOL_SAMPLING, None
    else:
        sampling, seed = event_sampling(call)
    if not sampling.observed:
        done.unknown["sampling as it was sent"] += 1
    sampling = sampling.model_copy(update={"model_defaults": added})
    failure = target_failure(sample.output)
    if sample.limit is not None:
        failure = TargetFailure("limit", f"Inspect's {sample.limit.type} limit ended it")
    elif sample.error is not None:
        failure = TargetFailure("error", sample.error.message[:200])
    text = "" if failure else answer_text(sample.output.completion)
    return (
        CompletionRecord(
            comparability=COMPARABILITY,
            condition=record.condition,
            prompt_sha256=record.prompt_sha256,
            seed=seed,
            sampling=sampling,
            model=sample.output.model or None,
            stop_reason=None if sample.output.empty else sample.output.stop_reason,
            failure=failure.kind if failure else None,
            detail=failure.detail if failure else "",
            text_sha256=text_sha256(text),
            characters=len(text),
        ),
        failure,
    )


def _score(
    score: Score,
    old: dict[str, Any],
    answer: str | TargetFailure,
    calls: list[ModelEvent],
    done: Reread,
) -> Score:
    reply = str(old.get("reply") or "")
    call = next(
        (c for c in reversed(calls) if c.error is None and c.output.completion == reply), None
    )
    if call is None and reply:
        done.unknown["which model answered a judge's call"] += 1
    record = VerdictRecord(
        judge=old["judge"],
        instrument=_instrument(old, call),
        reply="" if isinstance(answer, TargetFailure) else reply,
        stop_reason=old.get("stop_reason"),
        tries=old.get("tries"),
    )
    outcome = _outcome(old, reply, answer, call)
    if isinstance(outcome, Verdict):
        record = record.model_copy(
            update={"aligned": outcome.aligned, "coherent": outcome.coherent}
        )
        new = Score(value=outcome.aligned, explanation=outcome.reasoning)
    else:
        kind, detail = outcome
        record = record.model_copy(update={"failure": kind, "detail": detail})
        new = Score.unscored(reason=kind, explanation=f"not judged ({kind}): {detail}")
    new.metadata = record.model_dump(mode="json")
    if score.history:
        # Edited by hand: the value stays the editor's, and is counted apart as before.
        return score.model_copy(update={"metadata": new.metadata})
    return new


def _instrument(old: dict[str, Any], call: ModelEvent | None) -> Instrument:
    asked, said = str(old["judge_model"]), call.output.model if call is not None else ""
    sampling = event_sampling(call)[0] if call is not None else None
    return Instrument(
        asked=asked,
        answered=said if said and not same_model(asked, said) else None,
        rubric_sha256=old["rubric_sha256"],
        max_tokens=sampling.max_tokens or BUDGET if sampling else BUDGET,
        temperature=sampling.temperature if sampling else None,
        top_p=sampling.top_p if sampling else None,
        reasoning=sampling.reasoning if sampling else None,
    )


def _outcome(
    old: dict[str, Any], reply: str, answer: str | TargetFailure, call: ModelEvent | None
) -> Verdict | tuple[str, str]:
    """Read a reply again; a call that left no reply keeps the failure that it had."""
    if isinstance(answer, TargetFailure):
        return f"{TARGET}{answer.kind}", answer.detail
    stop = old.get("stop_reason")
    if not reply and (stop is None or old.get("failure") == "api_error"):
        return str(old.get("failure") or "missing"), str(old.get("detail") or "")
    failed: Failure | None = None
    if call is not None:
        failed = output_fault(call.output, str(old["judge_model"]).split("/")[0])
    outcome = failed or read_reply(reply, answer, stop)
    return outcome if isinstance(outcome, Verdict) else (outcome.kind, outcome.detail)


def _said(score: Score, failure: object) -> str:
    value = score.value
    return str(failure) if failure or not isinstance(value, int | float) else f"{value:g}"
