"""What the original layout cannot carry: a file `bwalpha.json` beside an export, read on import."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.strict_json import read_object
from protocol.errors import ProtocolError

NAME = "bwalpha.json"
SCHEMA = 1
KEYS = ("schema", "metadata", "target", "files", "judges", "stop_reasons", "scores")


@dataclass(frozen=True)
class Record:
    """What the suite's log said beyond what the original files say.

    Attributes:
        metadata: The log's metadata.
        target: The target's model as Inspect knows it.
        files: sha256 by path below the record's folder.
        judges: Judge name by path of the detailed file.
        stop_reasons: Why each completion ended, by question id, in order of epochs.
        scores: Reason, explanation and metadata of each score, by judge and question id.
    """

    metadata: dict[str, Any]
    target: str
    files: dict[str, str]
    judges: dict[str, str]
    stop_reasons: dict[str, list[str]]
    scores: dict[str, dict[str, list[dict[str, Any]]]]


def write_record(path: Path, record: Record) -> None:
    """Write a record beside the files that it is about."""
    document = {"schema": SCHEMA, **vars(record)}
    path.write_text(json.dumps(document, indent=1), encoding="ascii")


def find_record(file: Path, sha256: str) -> tuple[Record, str] | None:
    """Return the record that was exported with a file, and the file's name in it; None without one.

    Raises:
        ProtocolError: The record is damaged, or names the file with another content.
    """
    for folder in (file.absolute().parent, file.absolute().parent.parent):
        path = folder / NAME
        if not path.is_file():
            continue
        record = _read(path)
        name = file.absolute().relative_to(folder).as_posix()
        if name not in record.files:
            continue
        if record.files[name] != sha256:
            raise ProtocolError(
                f"{file} is not the file that was exported with {path}. Restore it, or remove {NAME} "
                "to import it as a file of unknown origin."
            )
        return record, name
    return None


def _read(path: Path) -> Record:
    document, _ = read_object(path)
    damaged = ProtocolError(f"{path} is not a record of this suite (schema {SCHEMA}).")
    if document.get("schema") != SCHEMA or set(document) != set(KEYS):
        raise damaged
    fields: Mapping[str, Any] = {key: document[key] for key in KEYS[1:]}
    if not isinstance(fields["target"], str) or not all(
        isinstance(value, dict) for key, value in fields.items() if key != "target"
    ):
        raise damaged
    return Record(**fields)
