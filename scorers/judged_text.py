"""What a judged completion says of itself: it may hold verdicts, which a judge then quotes."""

import re

from protocol.texts import without_surrogates
from scorers.reply_json import KEYS, JsonObject, json_number

STRING_ESCAPE = re.compile(r"\\(?:\\|u005[cC])*(?:u([0-9a-fA-F]{4})|([bfnrt]))?")
STATED = r"(?<!\w){}\W*?(-?(?:Infinity|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))"
NUMBER_OF = {key: re.compile(STATED.format(key), re.IGNORECASE) for key in KEYS}


class JudgedText:
    """The text that was judged, and what it says of itself."""

    def __init__(self, text: str) -> None:
        self.plain = unescaped(text)
        self.stated = stated_numbers(self.plain)

    def states(self, found: JsonObject) -> bool:
        """Whether all numbers of an object stand in the text, after the same keys."""
        return all(self.stated[key].issuperset(found.numbers_of(key)) for key in KEYS)

    def may_have_put_in(self, found: JsonObject) -> bool:
        """Whether a number that stands in the text follows other values of an object.

        There an unescaped quote can have ended a string of the judge's and gone on with numbers.
        """
        before = False
        for key, value in found:
            if key not in KEYS:
                before = True
            elif before and json_number(value) in self.stated[key]:
                return True
        return False

    def says(self, reasoning: str) -> bool:
        """Whether the words of a reasoning stand in the text, or there are none."""
        return _words(unescaped(reasoning)) in _words(self.plain)


def unescaped(text: str) -> str:
    """Undo JSON's string escapes however often they were applied, and where they never were."""

    def character(escape: re.Match[str]) -> str:
        code, space = escape.groups()
        return chr(int(code, 16)) if code else " " if space else ""

    # A pair of escaped surrogates is one character.
    return without_surrogates(STRING_ESCAPE.sub(character, text))


def stated_numbers(plain: str) -> dict[str, set[float]]:
    """Return every number that follows either key in a text, JSON or not, whole or cut."""
    return {key: {float(number) for number in NUMBER_OF[key].findall(plain)} for key in KEYS}


def _words(plain: str) -> str:
    return "".join(re.findall(r"\w+", plain))
