"""The headline as files, all from the one headline, and each whole or not at all."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from protocol.errors import ProtocolError
from reports.headline import Headline
from reports.markdown import markdown
from reports.records import (
    Record,
    comparison_records,
    gap_records,
    headline_records,
    question_records,
)

# What a spreadsheet takes for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_report(headline: Headline, folder: Path) -> list[Path]:
    """Write every file and figure of a report, drawn from the written ``headline.json``.

    Made in a folder beside and moved when all of it is there; of what the folder holds already, only
    files of the same names are replaced.

    Raises:
        ProtocolError: The folder cannot be made or written.
    """
    from reports.figures import draw_report

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise ProtocolError(f"--out {folder} cannot be made: {error.strerror}.") from error
    try:
        written = write_headline(headline, partial)
        written += draw_report(read_headline(partial / "headline.json"), partial)
        folder.mkdir(parents=True, exist_ok=True)
        return [path.replace(folder / path.name) for path in written]
    except OSError as error:
        raise ProtocolError(f"--out {folder} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_headline(headline: Headline, folder: Path) -> list[Path]:
    """Write JSON, Markdown and CSV, without figures, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "headline.json": headline.model_dump_json(indent=2) + "\n",
        "headline.md": markdown(headline),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    tables = {
        "headline.csv": headline_records(headline),
        "gaps.csv": gap_records(headline),
        "comparisons.csv": comparison_records(headline),
        "per_question.csv": question_records(headline),
    }
    tables = {name: records for name, records in tables.items() if records}
    for name, records in tables.items():
        _write_csv(folder / name, records)
    return [folder / name for name in (*texts, *tables)]


def read_headline(path: Path) -> Headline:
    """Read a ``headline.json`` back, refusing one of another schema version."""
    return Headline.model_validate_json(path.read_text(encoding="utf-8"))


def _write_csv(path: Path, records: Sequence[Record]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(records[0]))
        writer.writeheader()
        writer.writerows({key: _inert(cell) for key, cell in row.items()} for row in records)


def _inert(cell: object) -> object:
    """A text that a spreadsheet would compute, with an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
