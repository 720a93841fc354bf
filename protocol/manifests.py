"""What a `manifest.json` beside handed-in prompts claims of them."""

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from protocol.errors import ProtocolError
from protocol.sources import sha256
from protocol.texts import BYTE_ORDER_MARK

NAME = "manifest.json"


def check_manifest(path: Path, stems: Collection[str], text: str) -> tuple[str, ...]:
    """Hold a text against its folder's manifest.

    Args:
        path: The text's file.
        stems: The names it may have in the manifest.
        text: What it holds.

    Returns:
        A note where the manifest gives the text its hash: a claim, since anyone can write one. Empty
        without a manifest or without a word on the text.

    Raises:
        ProtocolError: The manifest cannot be read, or gives the text another sha256.
    """
    manifest = path.parent / NAME
    if not manifest.is_file():
        return ()
    try:
        stated = set(_hashes(json.loads(manifest.read_bytes().decode("utf-8")), stems))
    except (OSError, ValueError, RecursionError) as error:
        raise ProtocolError(
            f"The manifest {manifest} cannot be read as JSON. Repair it, or leave it out."
        ) from error
    found = sha256(text)
    # Its file's hash where the file begins with a byte order mark, which the text no longer has.
    if stated and stated.isdisjoint({found, sha256(BYTE_ORDER_MARK + text)}):
        raise ProtocolError(
            f"{path} has sha256 {found}, and {manifest} gives it {', '.join(sorted(stated))}. The text was "
            "changed, or the manifest belongs to another; restore it, or leave the manifest out."
        )
    return (f"{NAME} claims this text for {min(stems, key=len)}",) if stated else ()


def _hashes(value: Any, stems: Collection[str], named: bool = False) -> Iterator[str]:
    """Yield the hashes beside a text's name: under it as a key, or in an object that holds it."""
    if isinstance(value, str) and named and re.fullmatch(r"[0-9A-Fa-f]{64}", value):
        yield value.lower()
    elif isinstance(value, list):
        for item in value:
            yield from _hashes(item, stems)
    elif isinstance(value, dict):
        named = named or any(_stem(item) in stems for item in value.values())
        for key, item in value.items():
            beside = named and isinstance(item, str)
            yield from _hashes(item, stems, beside or _stem(key) in stems)


def _stem(name: object) -> str | None:
    return re.split(r"[/\\]", name)[-1].removesuffix(".txt") if isinstance(name, str) else None
