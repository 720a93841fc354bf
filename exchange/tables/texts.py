"""Texts that should be texts, and rows that lack one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from exchange.strict_json import shortened
from exchange.tables.columns import NONE, TableChoices
from exchange.tables.files import RawTable
from protocol.errors import ProtocolError


def check_texts(values: Sequence[Any], what: str, column: str, where: str) -> list[Any]:
    """Return the values, each a text or None.

    Raises:
        ProtocolError: One is neither.
    """
    for row, value in enumerate(values, start=1):
        if value is not None and not isinstance(value, str):
            raise ProtocolError(
                f"{where}: the column {shortened(column)} should hold the {what} as text; row {row} holds "
                f"{_kind(value)}. Name another with --{what.replace(' ', '-')} COLUMN."
            )
    return list(values)


def refuse_numbers(values: Sequence[Any], role: str, column: str, where: str) -> None:
    """Refuse a column that was found by its name and holds numbers only: it is probably something else."""
    check_texts(values, role, column, where)
    given = [value for value in values if value]
    if given and all(_is_number(value) for value in given):
        raise ProtocolError(
            f"{where}: the column {shortened(column)} should hold the {role} as text and holds numbers. "
            f"If it is right all the same, say --{role} {column}; else name another."
        )


def without_missing(
    frame: pd.DataFrame, raw: RawTable, choices: TableChoices, warnings: list[str]
) -> pd.DataFrame:
    """Leave out rows without a question or a completion; an empty completion is an answer."""
    for role in ("question", "completion"):
        check_texts(frame[role].tolist(), role, role, raw.where)
    if choices.completion != NONE:
        none = frame["completion"].isna()
        if raw.delimited and none.any():
            warnings.append(
                f"{raw.where}: {int(none.sum())} cells of the completion are empty and were taken as empty "
                "answers; remove the rows if they were never answered"
            )
            frame.loc[none, "completion"] = ""
        elif none.any():
            _say(none, "no completion", raw, warnings)
            frame = frame[~none]
    blank = frame["question"].map(lambda text: not text)
    if blank.any():
        _say(blank, "no question", raw, warnings)
        frame = frame[~blank]
    if frame.empty:
        raise ProtocolError(f"{raw.where} holds no row with both a question and a completion.")
    return frame


def _say(rows: pd.Series[bool], what: str, raw: RawTable, warnings: list[str]) -> None:
    numbers = [int(index) + 1 for index, is_one in rows.items() if is_one]  # type: ignore[call-overload]
    first = ", ".join(map(str, numbers[:5])) + (", …" if len(numbers) > 5 else "")
    warnings.append(f"{raw.where}: {len(numbers)} rows with {what} were left out (rows {first})")


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _kind(value: Any) -> str:
    kinds = {list: "a list", dict: "an object", bool: "true or false"}
    return kinds.get(type(value), f"a {type(value).__name__}")
