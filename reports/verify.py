"""Is every number of a write-up in the headline, to the digits that are written?

A number is looked for where its line points: among the figures of the conditions, judges and seeds that the
line names, else among all figures of the report. A table's row is read with its heading, prose sentence by
sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from reports.headline import Headline

NUMBER = re.compile(r"(?<![\w.#/])[-+−]?\d[\d,]*(?:\.\d+)?(?:\s?%)?(?![\w/])")
BOUNDS = re.compile(r"\[([-+−]?\d+(?:\.\d+)?), ([-+−]?\d+(?:\.\d+)?)\]")
# Identifiers, links, code, dates, versions and hashes hold digits that are no figures.
NO_FIGURE = re.compile(
    r"`[^`]*`|https?://\S+|\]\([^)]*\)|\b\d{4}-\d\d-\d\d(?:T[\d:+.]+)?\b|\b\d+\.\d+\.\d+\b|\S*/\S*\.\w+"
)
SENTENCE = re.compile(r"(?<=[.;!?])\s+")
# What the protocol and the methods fix; a write-up says these without a run.
FIXED = {"0", "1", "2", "3", "4", "5", "8", "10", "20", "30", "40", "44", "50", "52", "95", "100"}
# Fields whose values say what a record is about.
OWN = (
    "condition",
    "baseline",
    "name",
    "about",
    "first",
    "second",
    "judge",
    "base_seed",
    "question_id",
)
FIXED |= {"0.95", "256", "512", "1,040", "1040", "2048"}


@dataclass(frozen=True)
class Figure:
    """One number of the headline, and where it stands.

    Attributes:
        path: Names of conditions, judges and fields that lead to it, and their words.
        value: The number.
        field: Its own name.
    """

    path: tuple[str, ...]
    value: float
    field: str = ""


@dataclass(frozen=True)
class Unfound:
    """A number of a write-up that the headline does not have where it is said.

    Attributes:
        line: Its line, from 1.
        text: As it is written.
        nearest: The nearest figure that the line may mean, None where none is near.
        where: Where that stands.
    """

    line: int
    text: str
    nearest: float | None
    where: str


def verify(text: str, headline: Headline) -> tuple[int, list[Unfound]]:
    """Look up every number of a Markdown text.

    Returns:
        How many numbers were found, and those that were not.
    """
    figures = list(_figures(headline))
    names = {name for figure in figures for name in figure.path if name in _names(headline)}
    rows = [row for comparison in headline.comparisons for row in comparison.rows]
    questions = {q.question_id for row in rows for q in row.per_question}
    found, missing = 0, []
    for line, passage, context in _passages(text):
        mine = _meant(figures, names, questions, context)
        blank = _blank(passage, names)
        for match in BOUNDS.finditer(blank):
            low, high = match.groups()
            if any(agrees(low, a) and agrees(high, b) for a, b in _intervals(mine)):
                found += 2
            else:
                missing.append(_unfound(line, high, mine, match.group()))
        for match in NUMBER.finditer(BOUNDS.sub(" ", blank)):
            written = match.group().strip()
            fixed = written.lstrip("+-−").removesuffix("%").strip() in FIXED
            below = BOUNDS.sub(" ", blank)[: match.start()].endswith("<")
            if fixed or any(agrees(written, figure.value, below) for figure in mine):
                found += 1
            else:
                missing.append(_unfound(line, written, mine))
    return found, missing


def agrees(written: str, value: float, below: bool = False) -> bool:
    """Whether a figure, rounded to the digits that are written, is what is written.

    A percentage agrees with a share; a sign that is not written is not asked for. ``below``: a `<` stands
    before it.
    """
    plain = written.replace(",", "").replace("−", "-").replace(" ", "")
    percent = plain.endswith("%")
    number = Decimal(plain.removesuffix("%").lstrip("+"))
    digits = max(-int(number.as_tuple().exponent), 0)
    if below:
        return 0 <= value < float(number)
    candidates = [value, value * 100] if percent else [value]
    signed = plain[0] in "+-"
    return any(
        _rounded(shown, digits, float(number))
        for candidate in candidates
        for shown in ([candidate] if signed else [candidate, -candidate])
    )


def _rounded(value: float, digits: int, written: float) -> bool:
    return f"{value:.{digits}f}" in (f"{written:.{digits}f}", f"-{abs(written):.{digits}f}") and (
        abs(value - written) <= 0.5000001 * 10**-digits
    )


def _figures(headline: Headline) -> Iterator[Figure]:
    document = headline.model_dump(mode="json", exclude={"schema_version"})
    for figure in _walk(document, ()):
        # A path's words are names too, such as those of a rule's numbers.
        words = tuple(word.strip(",:;") for part in figure.path for word in part.split(" "))
        yield Figure(tuple(dict.fromkeys((*figure.path, *words))), figure.value, figure.path[-1])


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[Figure]:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield Figure(path, float(value))
    elif isinstance(value, dict):
        own = tuple(str(value[key]) for key in OWN if value.get(key) is not None)
        if isinstance(conditions := value.get("conditions"), list):
            own += tuple(conditions)
        for key, inner in value.items():
            yield from _walk(inner, (*path, *own, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, path)
    elif isinstance(value, str):
        # Notes and grounds are sentences of the report with figures of their own.
        for match in NUMBER.finditer(NO_FIGURE.sub(" ", value)):
            plain = match.group().replace(",", "").replace("−", "-").replace(" ", "")
            yield Figure(path, float(plain.removesuffix("%")))


def _names(headline: Headline) -> set[str]:
    rows = [row for comparison in headline.comparisons for row in comparison.rows]
    published = [row.condition for row in headline.published]
    questions = {q.question_id for row in rows for q in row.per_question}
    judges = {judge.judge for row in rows for judge in row.judges} | {"sonnet", "opus"}
    return {*(row.condition for row in rows), *published, *questions, *judges}


def _passages(text: str) -> Iterator[tuple[int, str, str]]:
    """Lines of tables and sentences of prose, each with what tells which figures it speaks of."""
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
            continue
        if fenced or line.startswith("    "):
            continue
        plain = NO_FIGURE.sub(" ", line.replace("\\", ""))
        if plain.lstrip().startswith("|"):
            yield number, plain, plain
        else:
            for sentence in SENTENCE.split(plain):
                yield number, sentence, sentence


def _intervals(figures: Sequence[Figure]) -> Iterator[tuple[float, float]]:
    """Bounds that belong together: they follow one another in the headline."""
    for low, high in pairwise(figures):
        if (low.field, high.field) == ("low", "high"):
            yield low.value, high.value


def _meant(
    figures: Sequence[Figure], names: Iterable[str], questions: set[str], context: str
) -> list[Figure]:
    """Figures of what a passage names; those of single questions only where it names one."""
    words = {word.strip(".-") for word in re.findall(r"[\w.-]+", context.casefold())}
    said = {name for name in names if name.casefold() in words}
    return [
        figure
        for figure in figures
        if "histogram" not in figure.path
        and ("per_question" not in figure.path or said & questions & set(figure.path))
        and _about(figure, said - questions)
        and not _only_other(figure, said)
    ]


def _about(figure: Figure, said: set[str]) -> bool:
    """Whether a figure is of a condition that a passage names, or the passage names none."""
    conditions = said - {"sonnet", "opus"}
    return not conditions or bool(conditions & set(figure.path))


def _only_other(figure: Figure, said: set[str]) -> bool:
    """Whether a figure is one judge's where the passage names another judge alone."""
    judges = {"sonnet", "opus"}
    named, mine = said & judges, set(figure.path) & judges
    return bool(named and mine and not named & mine)


def _blank(passage: str, names: Iterable[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        passage = passage.replace(name, " " * len(name))
    return passage


def _unfound(line: int, written: str, figures: Sequence[Figure], shown: str = "") -> Unfound:
    plain = written.replace(",", "").replace("−", "-").replace(" ", "").lstrip("+")
    value = float(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    near = min(figures, key=lambda figure: abs(abs(figure.value) - abs(value)), default=None)
    # Further than a tenth off it is no slip of a digit.
    if near is None or abs(abs(near.value) - abs(value)) > 0.1 * max(abs(value), 1):
        return Unfound(line, shown or written, None, "")
    return Unfound(line, shown or written, near.value, " ".join(dict.fromkeys(near.path)))
