"""What a server's answer says went wrong, in one line, whatever it is written in."""

import ast
import html
import json
import re
from collections.abc import Mapping

from protocol.records import LONGEST_DETAIL

STATUS_LINE = re.compile(r"error code: \d+ - (?=[{\[])", re.IGNORECASE)
HTML = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
# Where a body says what went wrong, the most telling first.
TELLING = ("message", "error", "detail", "msg", "errors", "description", "title")


def provider_words(body: object) -> str:
    """Return what a server's answer says, text or JSON or HTML, in one line of at most 300 characters."""
    line = " ".join(_words(body).split())
    return line if len(line) <= LONGEST_DETAIL else f"{line[: LONGEST_DETAIL - 1]}…"


def _words(body: object) -> str:
    if isinstance(body, Mapping):
        told = next((body[name] for name in TELLING if body.get(name)), None)
        return _words(told) if told is not None else json.dumps(body, default=str)
    if isinstance(body, list):
        return "; ".join(_words(item) for item in body)
    text = str(body if body is not None else "")
    if HTML.match(text):
        return html.unescape(MARKUP.sub(" ", text))
    start = STATUS_LINE.match(text)
    inner = text[start.end() :] if start else text
    return _words(parsed) if (parsed := _parsed(inner)) else text


def _parsed(text: str) -> object:
    if not text.lstrip().startswith(("{", "[")) or len(text) > 100_000:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return found if isinstance(found, dict | list) else None
    return None
