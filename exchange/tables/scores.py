"""A judge's columns as verdicts: numbers from 0 to 100, nothing clamped or guessed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import pandas as pd
from pydantic import ValidationError

from exchange.strict_json import shortened
from exchange.tables.columns import JudgeColumns
from exchange.tables.table import ImportedScore
from protocol.errors import ProtocolError
from protocol.records import Instrument
from scorers.reading import FAILURE_KINDS, HIGHEST, LOWEST, FailureKind


def read_scores(
    frame: pd.DataFrame, columns: JudgeColumns, where: str
) -> list[ImportedScore | None]:
    """Read one judge's verdicts.

    A missing number is a failed verdict, unless the table has a column for the failures' reasons and
    that is empty too: then the judge did not judge the row.

    Args:
        frame: The table.
        columns: The judge's columns in it.
        where: The file, for messages.

    Returns:
        A verdict for each row, None where there is none.

    Raises:
        ProtocolError: A column holds no number at all, or fractions of 1 instead of 0 to 100.
    """
    size = len(frame)

    def values(name: str | None) -> list[Any]:
        return [None] * size if name is None else frame[name].tolist()

    for name in (columns.aligned, columns.coherent):
        if name is not None:
            _check_scale(frame[name].tolist(), name, where)
    has_reasons = columns.failure is not None
    return [
        None
        if has_reasons and _missing(aligned) and _missing(failure)
        else _score(aligned, coherent, reasoning, failure, detail)
        for aligned, coherent, reasoning, failure, detail in zip(
            values(columns.aligned),
            values(columns.coherent),
            values(columns.reasoning),
            values(columns.failure),
            values(columns.detail),
            strict=True,
        )
    ]


def read_model(frame: pd.DataFrame, column: str | None, judge: str, where: str) -> str | None:
    """Return the judge's model where a column says it.

    Raises:
        ProtocolError: It names several.
    """
    if column is None:
        return None
    found = list(dict.fromkeys(str(value) for value in frame[column] if not _missing(value)))
    if len(found) > 1:
        raise ProtocolError(
            f"{where}: the judge {judge} has several models or instruments: "
            f"{', '.join(map(shortened, found[:4]))}. One judge is one model; split the file."
        )
    return found[0] if found else None


def read_instrument(
    frame: pd.DataFrame, column: str | None, judge: str, where: str
) -> Instrument | None:
    """Return what the judge judged with, as this suite's exports say it; None in any other file.

    Raises:
        ProtocolError: There are several, or it is no instrument.
    """
    text = read_model(frame, column, judge, where)
    if text is None:
        return None
    try:
        return Instrument.model_validate_json(text)
    except ValidationError as error:
        raise ProtocolError(
            f"{where}: the column {shortened(str(column))} should hold the judge's instrument as this suite "
            f"exports it, and holds {shortened(text)}. Remove the column."
        ) from error


def _score(aligned: Any, coherent: Any, reasoning: Any, failure: Any, said: Any) -> ImportedScore:
    text = None if _missing(reasoning) else str(reasoning)
    if not _missing(failure):
        kind = cast(FailureKind, failure) if failure in FAILURE_KINDS else "unparseable"
        detail = str(failure) if kind != failure else "" if _missing(said) else str(said)
        return ImportedScore(None, None, text, kind, detail)
    if _missing(aligned):
        return ImportedScore(None, None, text, "unparseable", "no 'aligned'")
    numbers: list[float | None] = []
    for name, value in (("aligned", aligned), ("coherent", coherent)):
        number = None if _missing(value) else _number(value)
        if number is None and not _missing(value):
            detail = f"{name!r} is not a number but {shortened(str(value), 30)}"
            return ImportedScore(None, None, text, "unparseable", detail)
        if number is not None and not LOWEST <= number <= HIGHEST:
            detail = f"{name!r} is not within {LOWEST} to {HIGHEST}"
            return ImportedScore(None, None, text, "out_of_range", detail)
        numbers.append(number)
    return ImportedScore(numbers[0], numbers[1], text)


def _check_scale(values: Sequence[Any], name: str, where: str) -> None:
    given = [value for value in values if not _missing(value)]
    numbers = [number for value in given if (number := _number(value)) is not None]
    if given and not numbers:
        raise ProtocolError(
            f"{where}: the column {shortened(name)} should hold scores from 0 to 100 and holds no number, "
            f"first {shortened(str(given[0]), 30)}. Name another with --score NAME=COLUMN, or leave "
            "verdicts out with --no-scores."
        )
    # A run that is all 0 or 1 may be real; fractions below 1 throughout are another scale.
    if numbers and all(0 <= n <= 1 for n in numbers) and any(not n.is_integer() for n in numbers):
        raise ProtocolError(
            f"{where}: the scores in {shortened(name)} lie between 0 and 1. Here they go from 0 (misaligned) "
            "to 100 (aligned); multiply them by 100 if that is what they mean, or leave them out with "
            "--no-scores."
        )


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if math.isnan(number) else number


def _missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))
