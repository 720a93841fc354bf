"""Text files that the user hands in, taken to the letter."""

from pathlib import Path

from protocol.errors import ProtocolError


def read_text(path: Path, what: str) -> str:
    """Read a UTF-8 file without touching its line ends.

    Args:
        path: The file.
        what: What it is to the user ("prompt", "rubric"), for the message.

    Raises:
        ProtocolError: The file cannot be read, is empty, or is not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ProtocolError(f"The {what} {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ProtocolError(
            f"The {what} {path} is not UTF-8 (byte {error.start}). Save it as UTF-8."
        ) from error
    if not text.strip():
        raise ProtocolError(f"The {what} {path} is empty. Put the text in, or leave the file out.")
    return text


def without_surrogates(text: str) -> str:
    """Replace lone surrogates, which UTF-8 and so no request or log can carry, by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
