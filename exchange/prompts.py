"""A folder for `-T prompts=`, made from texts that are named or proved to be a condition's."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.folders import new_folder
from exchange.strict_json import read_json
from protocol.conditions import condition_rows, condition_stems, own_sha256, text_provenance
from protocol.errors import ProtocolError
from protocol.manifests import NAME, check_manifest
from protocol.sources import sha256
from protocol.texts import read_text

SCHEMA = 2


@dataclass(frozen=True)
class Found:
    """A condition's text and where it stands: in a `<condition>.txt`, or at a place in a JSON file."""

    condition: str
    text: str
    file: Path
    at: str = ""
    notes: tuple[str, ...] = ()

    @property
    def provenance(self) -> str:
        """What the text's hash says of it."""
        return text_provenance(condition_rows()[self.condition], self.text)

    @property
    def place(self) -> str:
        """The place and what is known of the text, never the text."""
        at = f" at {self.at}" if self.at else ""
        return f"{self.file}{at} ({len(self.text)} characters, {self.provenance})"


def write_prompts(paths: Sequence[Path], out: Path) -> tuple[dict[str, Found], list[str]]:
    """Find the conditions' prompts and write them as a folder for `-T prompts=`.

    A text is a condition's if its file is called `<condition>.txt`, or if it stands anywhere in a JSON
    file, with or without blanks around it, and has the condition's pinned hash.

    Args:
        paths: Such files, or folders of them.
        out: A new folder: `<condition>.txt` to the letter, and `manifest.json`.

    Returns:
        What was found by condition, and warnings.

    Raises:
        ProtocolError: Nothing was found, a file cannot be read or contradicts its folder's manifest, or
            a condition has several texts.
    """
    chosen: dict[str, Found] = {}
    for found in (found for path in paths for found in _find(path)):
        other = chosen.setdefault(found.condition, found)
        if other.text != found.text:
            raise ProtocolError(
                f"{found.condition} has different prompts: {other.place}; {found.place}. Leave one out."
            )
    if not chosen:
        raise ProtocolError(
            f"No prompt found in {', '.join(map(str, paths))}. A text is taken from <condition>.txt "
            f"({', '.join(_prompted())}), or out of JSON by its pinned hash."
        )
    with new_folder(out) as folder:
        for name, found in chosen.items():
            (folder / f"{name}.txt").write_bytes(found.text.encode("utf-8"))
        text = json.dumps({"schema": SCHEMA, "prompts": _manifest(chosen)}, indent=2)
        (folder / NAME).write_text(text + "\n", encoding="utf-8")
    return chosen, [warning for found in chosen.values() for warning in _warnings(found)]


def _find(path: Path) -> Iterator[Found]:
    if path.is_dir():
        for file in sorted(path.iterdir()):
            named = file.suffix == ".txt" and _called(file) is not None
            if named or (file.suffix == ".json" and file.name != NAME):
                yield from _find(file)
    elif path.suffix == ".json":
        pins = {own_sha256(row): name for name, row in _prompted().items() if row["source"]}
        for at, text in _strings(read_json(path)[0]):
            for form in dict.fromkeys((text, text.strip())):
                if sha256(form) in pins:
                    yield Found(pins[sha256(form)], form, path, at)
    else:
        name = _called(path)
        if name is None:
            raise ProtocolError(
                f"{path} is neither JSON nor named after a condition: {', '.join(_prompted())}."
            )
        text, notes = read_text(path, "prompt")
        notes += check_manifest(path, condition_stems(_prompted()[name]), text)
        yield Found(name, text, path, notes=notes)


def _prompted() -> dict[str, dict[str, Any]]:
    return {n: row for n, row in condition_rows().items() if row["provenance"] != "none"}


def _called(path: Path) -> str | None:
    return next((n for n, row in _prompted().items() if path.stem in condition_stems(row)), None)


def _strings(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string of a JSON document with its place, as in `winners[0].system_prompt`."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(item, f"{at}[{number}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, f"{at}.{key}" if at else key)


def _warnings(found: Found) -> Iterator[str]:
    for note in found.notes:
        yield f"{found.condition}: {note}"
    if found.text != found.text.strip():
        yield (
            f"{found.condition}: blanks at its ends are kept; the original script strips them before "
            "sending"
        )


def _manifest(chosen: dict[str, Found]) -> dict[str, Any]:
    return {
        name: {
            "file": f"{name}.txt",
            "sha256": sha256(found.text),
            "provenance": found.provenance,
            "origin": {"file": found.file.name, "at": found.at},
        }
        for name, found in chosen.items()
    }
