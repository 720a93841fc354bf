"""What a `manifest.json` beside verbatim prompts says of them, in any layout that names a text and a hash."""

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from protocol.errors import ProtocolError
from protocol.sources import sha256

NAME = "manifest.json"
NAMED_BY = ("name", "condition", "id", "file", "path", "prompt_file")
HASHES = ("sha256", "prompt_sha256", "sha256_file")


def manifest_entries(folder: Path, stems: Collection[str]) -> list[Any]:
    """Return what the folder's manifest says of a text, `<stem>.txt` under any of its stems.

    An entry is whatever stands under the text's name as a key, or an object that names it in one of
    `NAMED_BY`. Empty without a manifest or without a word on the text.

    Raises:
        ProtocolError: The manifest cannot be read.
    """
    path = folder / NAME
    if not path.is_file():
        return []
    try:
        manifest = json.loads(path.read_bytes().decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ProtocolError(
            f"The manifest {path} cannot be read as JSON. Repair it, or leave it out."
        ) from error
    return list(_entries(manifest, stems))


def check_manifest(path: Path, stems: Collection[str], text: str) -> None:
    """Refuse a text whose hash is not the one in its folder's manifest.

    Args:
        path: The text's file.
        stems: The names it may have in the manifest.
        text: What it holds.

    Raises:
        ProtocolError: The manifest gives the text another sha256.
    """
    stated = [digest for entry in manifest_entries(path.parent, stems) for digest in _hashes(entry)]
    found = sha256(text)
    for digest in stated:
        if digest != found:
            raise ProtocolError(
                f"{path} has sha256 {found}, and {path.parent / NAME} gives it {digest}. The text was "
                "changed, or the manifest belongs to another; restore it, or leave the manifest out."
            )


def _entries(value: Any, stems: Collection[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _entries(item, stems)
    if not isinstance(value, dict):
        return
    if any(_stem(value.get(key)) in stems for key in NAMED_BY):
        yield value
        return
    for key, item in value.items():
        if _stem(key) in stems:
            yield item
        else:
            yield from _entries(item, stems)


def _hashes(entry: Any) -> list[str]:
    given = [entry] if isinstance(entry, str) else []
    if isinstance(entry, dict):
        given = [entry[key] for key in HASHES if isinstance(entry.get(key), str)]
    return [text.lower() for text in given if re.fullmatch(r"[0-9A-Fa-f]{64}", text)]


def _stem(name: Any) -> str | None:
    return re.split(r"[/\\]", name)[-1].removesuffix(".txt") if isinstance(name, str) else None
