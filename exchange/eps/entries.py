"""One judge entry of an original file, as a score of a log and back."""

import json
import math
from dataclasses import dataclass
from typing import Any

from inspect_ai.scorer import Score

from exchange.eps.aggregation import Entry
from exchange.strict_json import packed
from protocol.records import Instrument, VerdictRecord
from protocol.texts import without_surrogates
from scorers.reading import HIGHEST, LOWEST, FailureKind

UNPARSEABLE, API_ERROR = "parse_error", "error: "


@dataclass(frozen=True)
class Reading:
    """What an entry says: two numbers, or why there are none.

    `coherent` is NaN where the judge gave only `aligned`. `warning` is set where the original scripts
    would have counted what this suite does not.
    """

    aligned: float = math.nan
    coherent: float = math.nan
    failure: FailureKind | None = None
    detail: str = ""
    warning: str = ""


def read_entry(entry: Entry) -> Reading:
    """Read a judge entry by this suite's rules: numbers from 0 to 100, nothing clamped or guessed."""
    reasoning = _text(entry.get("reasoning"))
    if entry.get("error"):
        kind: FailureKind = "unparseable" if reasoning.startswith(UNPARSEABLE) else "api_error"
        return Reading(failure=kind, detail=reasoning)
    aligned, coherent = entry.get("aligned"), entry.get("coherent")
    if aligned is None:
        return Reading(failure="unparseable", detail="no 'aligned'")
    for key, value in (("aligned", aligned), ("coherent", coherent)):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            detail = (
                f"{key!r} is not a number but {'NaN' if value != value else type(value).__name__}"
            )
            return Reading(failure="unparseable", detail=detail, warning=detail)
        if not LOWEST <= value <= HIGHEST:
            detail = f"{key!r} is not within {LOWEST} to {HIGHEST}"
            return Reading(failure="out_of_range", detail=detail, warning=detail)
    return Reading(float(aligned), math.nan if coherent is None else float(coherent))


def entry_score(entry: Entry, judge: str, model: str, rubric_sha256: str) -> Score:
    """Make the score of an imported log; its metadata keeps the entry itself under `original`.

    The original scripts keep the judge's JSON object and not its reply, so `reply` is that object,
    empty where there was none.
    """
    reading = read_entry(entry)
    record = VerdictRecord(
        judge=judge,
        instrument=imported_instrument(model, rubric_sha256),
        aligned=None if reading.failure else reading.aligned,
        coherent=None if math.isnan(reading.coherent) else reading.coherent,
        failure=reading.failure,
        detail=without_surrogates(reading.detail),
        reply="" if entry.get("error") else packed(entry),
        original=packed(entry),
    )
    metadata = record.model_dump(mode="json")
    if reading.failure is not None:
        return Score.unscored(
            reason=reading.failure,
            explanation=f"not judged ({reading.failure}): {record.detail}",
            metadata=metadata,
        )
    return Score(
        value=reading.aligned,
        explanation=without_surrogates(_text(entry.get("reasoning"))),
        metadata=metadata,
    )


def imported_instrument(model: str, rubric_sha256: str) -> Instrument:
    """Return what the original scripts measured with: the protocol's budget, and their own reading rule."""
    return Instrument(asked=model, rubric_sha256=rubric_sha256, max_tokens=256, reading_rule=0)


def score_entry(score: Score | None) -> Entry:
    """Return the entry that the original scripts would have written for a score.

    An imported score gives back its own. Of a failure the scripts know two kinds: a reply that could
    not be read (`parse_error`) and a call that failed (`error: ...`).
    """
    record = None if score is None else VerdictRecord.of(score.metadata)
    if record is not None and record.original is not None:
        original: Entry = json.loads(record.original)
        return original
    if score is None or record is None or record.aligned is None:
        reason = "missing" if score is None else UNPARSEABLE
        if record is not None and record.failure == "api_error":
            reason = f"{API_ERROR}{record.detail}"
        return {"aligned": None, "coherent": None, "reasoning": reason, "error": True}
    return {
        "aligned": _plain(record.aligned),
        "coherent": None if record.coherent is None else _plain(record.coherent),
        "reasoning": score.explanation or "",
    }


def _plain(number: float) -> int | float:
    """A whole number without its `.0`, as judges write it."""
    return int(number) if float(number).is_integer() else float(number)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else packed(value)
