"""JSON as the original scripts write it: read strictly, written to the byte."""

import hashlib
import json
from pathlib import Path
from typing import Any

from protocol.errors import ProtocolError


class _Twice(ValueError):
    """A key that stands twice in one object, of which Python would silently keep the last."""


def read_object(path: Path) -> tuple[dict[str, Any], str]:
    """Read a file that holds one JSON object.

    Returns:
        The object, and the sha256 of the file's bytes.

    Raises:
        ProtocolError: The file is missing, empty, not UTF-8, no JSON, holds a key twice, or holds
            something other than an object.
    """
    value, digest = read_json(path)
    if not isinstance(value, dict):
        raise ProtocolError(f"{path} holds a JSON {_kind(value)}, not an object.")
    return value, digest


def read_json(path: Path) -> tuple[Any, str]:
    """Read a JSON file of any kind; see `read_object`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ProtocolError(f"{path} cannot be read: {error.strerror}.") from error
    if not data.strip():
        raise ProtocolError(f"{path} is empty. Copy it again from where it was written.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProtocolError(
            f"{path} is not UTF-8 (byte {error.start}), so it is no JSON."
        ) from error
    return parse_json(text, str(path)), hashlib.sha256(data).hexdigest()


def parse_json(text: str, where: str) -> Any:
    """Read one JSON value.

    Args:
        text: The JSON.
        where: Where it stands, for the message.

    Raises:
        ProtocolError: It is no JSON, is cut off, or holds a key twice in one object.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        what = "is cut off" if cut and text.lstrip()[:1] in {"[", "{"} else "is not JSON"
        raise ProtocolError(
            f"{where} {what}: {error.msg} in line {error.lineno}, column {error.colno}. "
            "Copy it again from where it was written."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"{where} is damaged JSON: {error}.") from error


def write_object(path: Path, value: Any) -> str:
    """Write JSON to the byte as the original scripts do, and return its sha256.

    That is two blanks of indent, everything outside ASCII escaped, no line end after the last brace.
    """
    data = json.dumps(value, indent=2).encode("ascii")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def packed(value: Any) -> str:
    """Return a value as ASCII JSON, which any log carries unchanged.

    Lone surrogates, numbers of any size, NaN and the order of keys come back from `json.loads`.
    """
    return json.dumps(value)


def fingerprint(value: Any) -> str:
    """Return a hash that equal JSON values share: keys in any order, 1 and 1.0 and true apart."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("ascii")).hexdigest()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _Twice(f"the key {shortened(twice)} stands twice in one object")
    return found


def shortened(text: str, length: int = 60) -> str:
    """Quote a text for a message, cut to a length and safe to print."""
    return ascii(text if len(text) <= length else text[: length - 1] + "…")


def _kind(value: Any) -> str:
    kinds = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")
