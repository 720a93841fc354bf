"""The JSON objects of a judge's reply, with every key as it was written."""

import json
import math
import re

KEYS = ("aligned", "coherent")
JSON_START = re.compile(r'\{[ \t\n\r]*["}]')
BRACED_PROSE = re.compile(r"\{[^{}]*\}")


class JsonObject(list[tuple[str, object]]):
    """A JSON object with every key that was written, also one that was written twice."""

    def values_of(self, key: str) -> list[object]:
        """Return the key's values in order."""
        return [value for name, value in self if name == key]

    def numbers_of(self, key: str) -> list[float]:
        """Return those of the key's values that are JSON numbers."""
        numbers = (json_number(value) for value in self.values_of(key))
        return [number for number in numbers if number is not None]

    @property
    def is_verdict(self) -> bool:
        """Whether both numbers are there, whosever they are."""
        return all(self.numbers_of(key) for key in KEYS)

    @property
    def repeats_a_key(self) -> bool:
        """Whether a key was written twice."""
        return len({name for name, _ in self}) < len(self)

    @property
    def reasoning(self) -> str:
        """The judge's explanation, empty where there is none."""
        return next((text for text in self.values_of("reasoning") if isinstance(text, str)), "")


DECODER = json.JSONDecoder(object_pairs_hook=JsonObject, strict=False)


def whole_object(reply: str) -> JsonObject | None:
    """Return the object that a reply is from end to end, if it is one."""
    try:
        found = DECODER.decode(reply)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, JsonObject) else None


def top_level(reply: str) -> tuple[list[JsonObject], str]:
    """Return a reply's objects, none of them inside another, and what stands in braces and is none.

    Nothing behind a JSON object that begins and cannot be read is taken: it may stand inside it.
    """
    found: list[JsonObject] = []
    unread: list[str] = []
    position = 0
    while (brace := reply.find("{", position)) != -1:
        if JSON_START.match(reply, brace):
            try:
                item, position = DECODER.raw_decode(reply, brace)
            except (ValueError, RecursionError):
                return found, " ".join([*unread, reply[brace:]])
            found.append(item)
        elif prose := BRACED_PROSE.match(reply, brace):
            unread.append(prose.group())
            position = prose.end()
        else:
            return found, " ".join([*unread, reply[brace:]])
    return found, " ".join(unread)


def json_number(value: object) -> float | None:
    """Return a decoded JSON number, infinite where it is too large; no boolean, no string, no NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return None if math.isnan(number) else number
