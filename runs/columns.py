"""Verdicts of a run as columns: one array per instrument along the run's completions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from inspect_ai.scorer import Score

from protocol.records import TARGET, Instrument, VerdictRecord
from runs.run import JudgeColumn

MISSING = "missing"
SAMPLE_ERROR = "sample_error"
EDITED = "edited"
INVALIDATED = "invalidated"
OTHER_MODEL = "other_model"

Key = tuple[str, Instrument]


@dataclass
class JudgedCompletion:
    """One completion's verdicts.

    Attributes:
        verdicts: By judge and instrument; of two judgings with one instrument the later one.
        replaced: How many earlier judgings each of them replaced.
        absent: The kind of failure of a judge who gave no verdict at all.
    """

    verdicts: dict[Key, VerdictRecord] = field(default_factory=dict)
    replaced: Counter[Key] = field(default_factory=Counter)
    absent: str = MISSING


def judged_completion(
    scores: Mapping[str, Score], declared: Mapping[str, str], absent: str = MISSING
) -> JudgedCompletion:
    """Read the verdicts on one completion.

    Scores stand in the order in which they were added, so the last one of an instrument counts. A score
    whose value is not the one that its judge gave was edited, and is no verdict of that judge's. Scores
    of other scorers are passed over.

    Args:
        scores: The completion's scores by their key.
        declared: The run's judges, as its header names them.
        absent: The kind of failure where a judge gave no verdict.
    """
    found = JudgedCompletion(absent=absent)
    for name, score in scores.items():
        record = VerdictRecord.of(score.metadata)
        if record is None:
            if name in declared and math.isfinite(_number(score)):
                found.absent = EDITED
            continue
        if _edited(record, score):
            record = record.model_copy(
                update={"aligned": None, "coherent": None, "failure": EDITED}
            )
        key = (record.judge, record.instrument)
        if key in found.verdicts:
            found.replaced[key] += 1
        found.verdicts[key] = record
    return found


def judge_columns(
    completions: Sequence[JudgedCompletion], declared: Mapping[str, str], rubric: str
) -> dict[str, JudgeColumn]:
    """Turn the verdicts under one rubric into one column per instrument.

    A completion that a judge was not asked about, or whose call failed, has no reply that names an
    instrument; it counts as failed in each column of that judge that was asked in the same way.

    Args:
        completions: The run's completions.
        declared: The run's judges and their models, as its header names them.
        rubric: The rubric's hash.

    Returns:
        Columns by name, declared judges first. Where one name judged with several instruments, the
        one that the header names keeps the name, and the others say what differs.
    """
    keys: dict[Key, bool] = {}
    for completion in completions:
        for key, record in completion.verdicts.items():
            if key[1].rubric_sha256 == rubric:
                keys[key] = keys.get(key, False) or record.asked
    replied = {_as_asked(key) for key, asked in keys.items() if asked}
    kept = [key for key, asked in keys.items() if asked or _as_asked(key) not in replied]
    place = {name: number for number, name in enumerate(declared)}
    kept.sort(key=lambda key: place.get(key[0], len(place)))
    columns: dict[str, JudgeColumn] = {}
    for key in kept:
        rivals = [k for k in kept if k[0] == key[0] and not k[1].audit]
        audit = f"{key[0]} audit {key[1].sha256[:6]}"
        name = audit if key[1].audit else _column_name(key, rivals, declared)
        columns[name] = _column(name, key, completions)
    return columns


def _column(name: str, key: Key, completions: Sequence[JudgedCompletion]) -> JudgeColumn:
    records: list[VerdictRecord | None] = []
    failures: Counter[str] = Counter()
    for completion in completions:
        record = completion.verdicts.get(key) or _unasked(key, completion)
        records.append(record)
        if record is None:
            other = any(_as_asked(k) == _as_asked(key) for k in completion.verdicts)
            failures[OTHER_MODEL if other else completion.absent] += 1
        elif record.aligned is None:
            failures[record.failure or MISSING] += 1
    known = [record for record in records if record is not None]
    return JudgeColumn(
        name=name,
        judge=key[0],
        instrument=key[1],
        aligned=_array([r.aligned if r else None for r in records]),
        coherent=_array([r.coherent if r else None for r in records]),
        failures=dict(sorted(failures.items())),
        replaced=sum(completion.replaced[key] for completion in completions),
        input_tokens=_total([r.input_tokens for r in known if r.asked]),
        output_tokens=_total([r.output_tokens for r in known if r.asked]),
        batch_input_tokens=sum(r.input_tokens or 0 for r in known if r.batch),
        batch_output_tokens=sum(r.output_tokens or 0 for r in known if r.batch),
        repeats=tuple(r.repeats for r in known if r.repeats),
    )


def _unasked(key: Key, completion: JudgedCompletion) -> VerdictRecord | None:
    return next(
        (
            record
            for other, record in completion.verdicts.items()
            if not record.asked and _as_asked(other) == _as_asked(key)
        ),
        None,
    )


def _as_asked(key: Key) -> tuple[object, ...]:
    """What is known of an instrument before it replies."""
    judge, used = key
    asked = used.asked, used.rubric_sha256, used.max_tokens, used.reply, used.repeats
    return judge, *asked, used.audit


def _column_name(key: Key, rivals: Sequence[Key], declared: Mapping[str, str]) -> str:
    judge, used = key
    if len(rivals) == 1:
        return judge
    named = [other for other in rivals if other[1].model == declared.get(judge)]
    if named and named[0] == key:
        return judge
    if [other[1].model for other in rivals].count(used.model) == 1:
        return f"{judge} ({used.model})"
    return f"{judge} ({used.model}, {used.sha256[:6]})"


def _edited(record: VerdictRecord, score: Score) -> bool:
    value = _number(score)
    if record.aligned is None:
        return math.isfinite(value)
    return value != record.aligned


def _number(score: Score) -> float:
    value = score.value
    return float(value) if isinstance(value, int | float) else math.nan


def _array(values: Sequence[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([math.nan if v is None else v for v in values], dtype=np.float64)


def _total(counts: Sequence[int | None]) -> int | None:
    if not counts or any(count is None for count in counts):
        return None
    return sum(count for count in counts if count is not None)


def is_target_failure(kind: str) -> bool:
    """Whether a missing verdict's kind is the target's failure, not the judge's."""
    return kind.startswith(TARGET)
