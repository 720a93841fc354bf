"""Frames as tables: CSV, JSON Lines or Parquet by the file's ending, nothing lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from exchange.strict_json import packed, shortened
from protocol.errors import ProtocolError

ENDINGS = (".csv", ".jsonl", ".parquet")


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as the kind of table that the path's ending says.

    In a CSV a missing value is an empty cell and an empty text is `""`, which `read_tables` tells
    apart. Only JSON Lines can carry lone surrogates.

    Args:
        frame: Columns of texts, numbers and booleans.
        path: A `.csv`, `.jsonl` or `.parquet` file.

    Raises:
        ProtocolError: The ending is another, or a text cannot stand in such a file.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ProtocolError(f"{path} is no kind of table that is written: {', '.join(ENDINGS)}.")
    if ending == ".jsonl":
        with path.open("w", encoding="ascii", newline="\n") as file:
            for row in frame.to_dict(orient="records"):
                file.write(packed({str(name): _plain(value) for name, value in row.items()}) + "\n")
        return
    import pyarrow as pa
    from pyarrow import csv, parquet

    arrays = {str(name): _array(frame[name], str(name), path) for name in frame.columns}
    table = pa.table(arrays)
    if ending == ".parquet":
        parquet.write_table(table, path)
    else:
        csv.write_csv(table, path)


def _array(column: pd.Series[Any], name: str, path: Path) -> Any:
    import pyarrow as pa

    try:
        return pa.array(column, from_pandas=True)
    except UnicodeEncodeError as error:
        raise ProtocolError(
            f"{path}: the column {shortened(name)} holds a lone surrogate, which only JSON's escapes "
            "carry. Write a .jsonl."
        ) from error


def _plain(value: Any) -> Any:
    """A value as JSON has it: missing ones are null, NumPy's numbers are Python's."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    return value.item() if hasattr(value, "item") else value
