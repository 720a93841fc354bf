"""Prompts in search results of any layout: where they stand, what they are called, and their C."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol.data import read_yaml
from protocol.errors import ProtocolError

# Spelled without case and punctuation; the first row that an object has decides.
PROMPT_KEYS = (
    ("systemprompt", "bestsystemprompt", "winnersystemprompt"),
    ("prompt", "bestprompt", "winnerprompt", "prompttext"),
    ("text",),
)
C_KEYS = (
    {
        "c", "cscore", "scorec", "fitnessc", "cfitness", "classifierc", "cclassifier", "classifier",
        "distributionalc", "classifierscore", "fitnesscclassifier", "pem", "meanpem", "heldoutc",
    },
    {"fitness", "score", "finalscore", "meanscore", "finalfitness"},
)  # fmt: skip
VALUE_KEYS = {"fitness", "mean", "score", "value"}
NAME_KEYS = {"name", "condition", "id", "key", "slug"}
# The published values have four decimals.
ROUNDING = 0.00005 + 1e-9


@dataclass(frozen=True)
class Found:
    """One prompt of one file.

    Attributes:
        text: The prompt.
        file: The file that holds it.
        file_sha256: The file's hash.
        at: Where in the file, as in `winners[0].system_prompt`; empty for a text file.
        named: Conditions that it is named after.
        c: Classifier scores found beside it, the plainest kind of key only.
    """

    text: str
    file: Path
    file_sha256: str
    at: str
    named: frozenset[str]
    c: tuple[float, ...]

    @property
    def by_c(self) -> frozenset[str]:
        """Conditions whose published C is one of its own, to four decimals."""
        return frozenset(
            name
            for name, row in prompted_conditions().items()
            if any(abs(c - row["distributional_c"]) <= ROUNDING for c in self.c)
        )

    @property
    def place(self) -> str:
        """The place, for a message: file and path, length and C, never the text."""
        c = ", ".join(f"{value:g}" for value in self.c) or "none"
        return (
            f"{self.file}{f' at {self.at}' if self.at else ''} ({len(self.text)} characters, C {c})"
        )


def prompted_conditions() -> dict[str, dict[str, Any]]:
    """Return the rows of all conditions that have a prompt, by name."""
    rows = read_yaml("conditions.yaml")["conditions"]
    return {row["name"]: row for row in rows if row["provenance"] != "none"}


def condition_called(name: Any) -> str | None:
    """Return the condition of that name or alias, `.txt` or not, None where there is none."""
    if not isinstance(name, str):
        return None
    stem = name.strip().lower().removesuffix(".txt")
    rows = prompted_conditions()
    return next((c for c, row in rows.items() if stem in (c, *(row["aliases"] or []))), None)


def walk_prompts(document: Any, file: Path, digest: str) -> Iterator[Found]:
    """Find every prompt in a JSON document.

    Raises:
        ProtocolError: One object holds two different prompts under like keys.
    """
    yield from _walk(document, file, digest, "", ())


def _walk(value: Any, file: Path, digest: str, at: str, keys: tuple[str, ...]) -> Iterator[Found]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk(item, file, digest, f"{at}[{number}]", keys)
    if not isinstance(value, dict):
        return
    key = _prompt_key(value, file, at)
    if key is not None:
        named = {condition_called(name) for name in (*keys[-1:], *_names(value))} - {None}
        yield Found(
            value[key], file, digest, _join(at, key), frozenset(map(str, named)), scores_of(value)
        )
    for name, item in value.items():
        called = condition_called(name)
        if isinstance(item, str) and called is not None and item.strip():
            yield Found(item, file, digest, _join(at, name), frozenset({called}), ())
        elif name != key:
            yield from _walk(item, file, digest, _join(at, name), (*keys, name))


def _prompt_key(value: dict[str, Any], file: Path, at: str) -> str | None:
    for row in PROMPT_KEYS:
        keys = [
            key
            for key, item in value.items()
            if _plain(key) in row and isinstance(item, str) and item.strip()
        ]
        if len({value[key] for key in keys}) > 1:
            raise ProtocolError(
                f"{file} holds different prompts in one object{f' at {at}' if at else ''}: "
                f"{', '.join(keys)}. Leave one in a copy of the file."
            )
        if keys:
            return keys[0]
    return None


def scores_of(entry: Any) -> tuple[float, ...]:
    """Return the classifier scores C in an entry, from 0 to 1, under the plainest of `C_KEYS`."""
    for names in C_KEYS:
        found = dict.fromkeys(_scores(entry, names))
        if found:
            return tuple(found)
    return ()


def _scores(value: Any, names: set[str]) -> Iterator[float]:
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if _plain(key) in names:
            inner = item.items() if isinstance(item, dict) else [("value", item)]
            for name, number in inner:
                real = isinstance(number, int | float) and not isinstance(number, bool)
                if _plain(name) in VALUE_KEYS and real and 0 <= number <= 1:
                    yield float(number)
        elif isinstance(item, dict):
            yield from _scores(item, names)


def _names(value: dict[str, Any]) -> list[Any]:
    return [item for key, item in value.items() if _plain(key) in NAME_KEYS]


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())


def _join(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key
