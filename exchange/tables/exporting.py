"""Runs as one table: CSV, JSON Lines or Parquet of the frame, read back by `bwalpha import`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from exchange.tables.writing import ENDINGS, write_table
from protocol.errors import ProtocolError
from runs.columns import MISSING
from runs.frame import frame_of
from runs.run import Run


def export_table(runs: Sequence[Run], out: Path, columns: str | None = None) -> Path:
    """Write runs as one table, one row a completion.

    Args:
        runs: The runs.
        out: A new `.csv`, `.jsonl` or `.parquet` file.
        columns: Which columns, separated by commas, in their order; all when None.

    Raises:
        ProtocolError: There is such a file, no such kind of table, or no such column.
    """
    if out.exists():
        raise ProtocolError(f"--out {out} is there already. Name a new file.")
    if out.suffix.lower() not in ENDINGS:
        raise ProtocolError(
            f"--out {out} is no kind of table that is written: {', '.join(ENDINGS)}."
        )
    frame = readable(frame_of(runs, originals=True))
    if columns is not None:
        wanted = [name.strip() for name in columns.split(",") if name.strip()]
        unknown = [name for name in wanted if name not in frame.columns]
        if unknown or not wanted:
            raise ProtocolError(
                f"--columns {columns!r} names {unknown[0] if unknown else 'no column'}. There are: "
                f"{', '.join(frame.columns)}."
            )
        frame = frame[wanted]
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial{out.suffix}")
    try:
        write_table(frame, partial)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return out


def readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame as an import reads it: questions by the ids that their file gave them.

    A judge who gave no verdict at all on a completion has no reason there.
    """
    frame = frame.copy()
    own = (frame["family"] == "custom") & (frame["topic"] != "")
    frame["question_id"] = frame["question_id"].where(~own, frame["topic"])
    for name in frame.columns:
        if name.endswith("_reason"):
            frame[name] = frame[name].where(frame[name] != MISSING, None)
    return frame
