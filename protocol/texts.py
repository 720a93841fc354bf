"""Text files that the user hands in, taken to the letter."""

from pathlib import Path
from typing import NamedTuple

from protocol.errors import ProtocolError

BYTE_ORDER_MARK = "\ufeff"


class HandedIn(NamedTuple):
    """A text, and what had to be said of it."""

    text: str
    notes: tuple[str, ...]


def read_text(path: Path, what: str) -> HandedIn:
    """Read a UTF-8 file without touching its line ends; only a byte order mark is dropped, with a note.

    Args:
        path: The file.
        what: What it is to the user ("prompt", "rubric"), for the message.

    Raises:
        ProtocolError: The file cannot be read, is empty, is not UTF-8, or holds a NUL character.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ProtocolError(f"The {what} {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ProtocolError(
            f"The {what} {path} is not UTF-8 (byte {error.start}). Save it as UTF-8."
        ) from error
    marked = text.startswith(BYTE_ORDER_MARK)
    text = text.removeprefix(BYTE_ORDER_MARK)
    if not text.strip():
        raise ProtocolError(f"The {what} {path} is empty. Put the text in, or leave the file out.")
    check_sendable(text, f"The {what} {path}")
    return HandedIn(text, (f"a byte order mark was dropped from {path.name}",) if marked else ())


def check_sendable(text: str, what: str) -> None:
    """Refuse what no request can carry.

    Raises:
        ProtocolError: The text holds a NUL character or a lone surrogate.
    """
    if "\0" in text:
        raise ProtocolError(f"{what} holds a NUL character. It is no text, or was damaged.")
    if without_surrogates(text) != text:
        raise ProtocolError(f"{what} holds a lone surrogate, which no request can carry.")


def without_surrogates(text: str) -> str:
    """Replace lone surrogates, which UTF-8 and so no request or log can carry, by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
