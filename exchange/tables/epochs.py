"""Which number a completion has among those of its question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from exchange.strict_json import shortened
from exchange.tables.columns import Columns, TableChoices, plain
from protocol.errors import ProtocolError


def read_epochs(
    source: pd.DataFrame,
    questions: Sequence[str | None],
    columns: Columns,
    choices: TableChoices,
    where: str,
    found: list[str],
) -> list[int | None]:
    """Read the epochs from a column, from 1; None where completions are numbered as they come.

    Args:
        source: The file's columns.
        questions: The rows' questions.
        columns: Which column is what.
        choices: What the user says.
        where: The file, for messages.
        found: Where to say what became of the column.

    Raises:
        ProtocolError: The column that the user named holds something other than whole numbers from 0.
    """
    column = columns.roles.get("epoch")
    unnumbered: list[int | None] = [None] * len(source)
    if column is None:
        return unnumbered
    numbers = [_whole(value) for value in source[column]]
    whole = [number for number in numbers if number is not None]
    if len(whole) < len(numbers) or min(whole) < 0:
        if choices.epoch is None:
            found.append(f"{where}: {shortened(column)} holds no epochs; numbered as they come")
            return unnumbered
        raise ProtocolError(
            f"{where}: --epoch {column} should hold whole numbers from 0 or 1 in every row. Say --epoch "
            "none to number completions as they come."
        )
    # A running number of the file's rows says nothing of a question's completions.
    running = len(set(whole)) == len(whole) and len(set(questions)) > 1
    if running and choices.epoch is None and plain(column) != "epoch":
        found.append(
            f"{where}: {shortened(column)} numbers the rows; completions numbered as they come"
        )
        return unnumbered
    first = 1 if min(whole) == 0 else 0
    return [number + first for number in whole]


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else None
