"""What the original layout cannot carry: a file `bwalpha.json` beside an export, read on import."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspect_ai.model import StopReason
from inspect_ai.scorer import Score
from pydantic import TypeAdapter, ValidationError

from exchange.strict_json import read_object
from protocol.errors import ProtocolError
from protocol.records import CompletionRecord, RunMetadata

NAME = "bwalpha.json"
SCHEMA = 3


@dataclass(frozen=True)
class Record:
    """What the suite's log said beyond what the original files say.

    Attributes:
        metadata: The log's metadata.
        target: The target's model as Inspect knows it.
        files: sha256 by path below the record's folder.
        judges: Judge name by path of the detailed file.
        stop_reasons: Why each completion ended, by question id, in order of epochs.
        completions: What each sample ran, by question id, in order of epochs.
        scores: Each score with its metadata, by judge and question id.
        retries: How often the judges were asked again after an unreadable verdict.
    """

    metadata: RunMetadata
    target: str
    files: dict[str, str]
    judges: dict[str, str]
    stop_reasons: dict[str, list[StopReason]]
    completions: dict[str, list[CompletionRecord | None]]
    scores: dict[str, dict[str, list[dict[str, Any]]]]
    retries: int = 0


def write_record(path: Path, record: Record) -> None:
    """Write a record beside the files that it is about."""
    document = {
        "schema": SCHEMA,
        **vars(record),
        "metadata": record.metadata.model_dump(mode="json"),
        "completions": {
            identity: [None if one is None else one.model_dump(mode="json") for one in found]
            for identity, found in record.completions.items()
        },
    }
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
        if name not in record.judges:
            raise _damaged(path)
        return record, name
    return None


def kept_score(fields: Any) -> Score:
    """Return a score as it stood in the exported log.

    Raises:
        ProtocolError: The record holds something else.
    """
    try:
        return Score.model_validate(fields)
    except ValidationError as error:
        raise ProtocolError(f"A {NAME} beside the files holds a score that is none.") from error


def _read(path: Path) -> Record:
    document, _ = read_object(path)
    if document.pop("schema", None) != SCHEMA:
        raise _damaged(path)
    try:
        record = TypeAdapter(Record).validate_python(document)
    except ValidationError as error:
        raise _damaged(path) from error
    return record


def _damaged(path: Path) -> ProtocolError:
    return ProtocolError(
        f"{path} is not a whole record of this suite (schema {SCHEMA}). Restore it, or remove it to "
        "import the files as files of unknown origin."
    )
