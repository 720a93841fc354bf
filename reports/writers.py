"""The headline as files: JSON, Markdown and CSV, all from the one headline."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from reports.headline import Headline
from reports.markdown import markdown
from reports.records import headline_records, question_records


def write_headline(headline: Headline, folder: Path) -> list[Path]:
    """Write ``headline.json``, ``.md``, ``.csv`` and ``per_question.csv`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "headline.json": headline.model_dump_json(indent=2) + "\n",
        "headline.md": markdown(headline),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    tables = {
        "headline.csv": headline_records(headline),
        "per_question.csv": question_records(headline),
    }
    for name, records in tables.items():
        _write_csv(folder / name, records)
    return [folder / name for name in (*texts, *tables)]


def read_headline(path: Path) -> Headline:
    """Read a ``headline.json`` back, refusing one of another schema version."""
    return Headline.model_validate_json(path.read_text(encoding="utf-8"))


def _write_csv(path: Path, records: Sequence[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        if records:
            writer = csv.DictWriter(file, fieldnames=list(records[0]))
            writer.writeheader()
            writer.writerows(records)
