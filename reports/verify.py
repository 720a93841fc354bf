"""Is every number of a write-up in the headline, to the digits that are written?

A number is looked for where its passage points: among the figures of the conditions and judges that a table's
row or a sentence of prose names, else of those that the paragraph named last. A sentence that says α, gap or
coherence alone speaks of those alone. What the protocol fixes (52 questions, 95 %) needs no run where no
condition is named. Where a text marks blocks (`<!-- bwalpha verify -->` to
`<!-- /bwalpha verify -->`), only they are read: prices, dates and numbers of other runs stand outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from reports.headline import ConditionRow, Headline, PublishedFigures

NUMBER = re.compile(r"(?<![\w.#/])[-+−]?\d[\d,]*(?:\.\d+)?(?:\s?%)?(?![\w/])")
BOUNDS = re.compile(r"\[([-+−]?\d+(?:\.\d+)?), ([-+−]?\d+(?:\.\d+)?)\]")
# Identifiers, links, code, dates, versions and hashes hold digits that are no figures.
NO_FIGURE = re.compile(
    r"`[^`]*`|\bfollow-up \d|https?://\S+|\]\([^)]*\)|\b\d{4}-\d\d-\d\d(?:T[\d:+.]+)?\b|\b\d+\.\d+\.\d+\b|\S*/\S*\.\w+"
)
OPEN, CLOSE = "<!-- bwalpha verify -->", "<!-- /bwalpha verify -->"
KINDS = {"alpha": r"α|\balpha", "gap": r"\bgap", "coherence": "coheren"}
# What a sentence says when it means a bound, a worst case, a published figure, a part of the panel.
NARROW = {
    "bound": r"interval|between|\bfrom\b|\bto\b|bound|error|±|\d ?[–-] ?\d|95 ?%",
    "worst": r"worst|fail|\b0\b.*\b100\b",
    "published": r"published|source|original",
    "part": r"panel|famil|part|betley|wang|power|candour|other",
}
BOUND_FIELDS = ("low", "high", "standard_error")
COUNTS = (
    "scored",
    "failed",
    "failed_share",
    "completions",
    "questions",
    "base_seed",
    "seed",
    "seeds",
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
        text: Whether it stands in a sentence of the headline.
    """

    path: tuple[str, ...]
    value: float
    field: str = ""
    text: bool = False


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


@dataclass(frozen=True)
class Names:
    """What a write-up may call by name: conditions, judges and questions of a headline."""

    conditions: frozenset[str]
    judges: frozenset[str]
    questions: frozenset[str]

    @classmethod
    def of(cls, headline: Headline) -> Names:
        """Collect them, those of the published figures included."""
        rows = [row for comparison in headline.comparisons for row in comparison.rows]
        everyone: list[ConditionRow | PublishedFigures] = [*rows, *headline.published]
        return cls(
            frozenset(row.condition for row in everyone),
            frozenset(judge.judge for row in everyone for judge in row.judges),
            frozenset(q.question_id for row in rows for q in row.per_question),
        )

    @property
    def all(self) -> frozenset[str]:
        """Every name."""
        return self.conditions | self.judges | self.questions


def verify(text: str, headline: Headline) -> tuple[int, list[Unfound]]:
    """Look up every number of a Markdown text.

    Returns:
        How many numbers were found, and those that were not.
    """
    figures = list(_figures(headline))
    known = Names.of(headline)
    names = {n for figure in figures for n in figure.path} & known.all
    found, missing = 0, []
    carried: set[str] = set()
    for line, passage, fresh in _passages(text):
        conditions = _said(names & known.conditions, passage)
        carried = conditions or (set() if fresh else carried)
        mine = _meant(figures, names, known, " ".join((passage, *carried)))
        if not conditions:
            mine += [figure for figure in figures if not names & set(figure.path)]
        if not passage.lstrip().startswith("|"):
            mine = _called(mine, passage)
        blank = _blank(passage, names)
        for match in BOUNDS.finditer(blank):
            low, high = match.groups()
            if any(agrees(low, a) and agrees(high, b) for a, b in _intervals(mine)):
                found += 2
            else:
                missing.append(_unfound(line, high, mine, match.group()))
        for match in NUMBER.finditer(BOUNDS.sub(" ", blank)):
            written = match.group().strip()
            fixed = not conditions and written.lstrip("+-−").removesuffix("%").strip() in FIXED
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
    # Percentages stand in the headline as shares, and as they are in its sentences.
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
        path = tuple(dict.fromkeys((*figure.path, *words)))
        yield Figure(path, figure.value, figure.path[-1], figure.text)


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
            if key not in ("reason", "method"):
                yield from _walk(inner, (*path, *own, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, path)
    elif isinstance(value, str):
        # Notes and grounds are sentences of the report with figures of their own.
        for match in NUMBER.finditer(NO_FIGURE.sub(" ", value)):
            plain = match.group().replace(",", "").replace("−", "-").replace(" ", "")
            yield Figure(path, float(plain.removesuffix("%")), text=True)


def _passages(text: str) -> Iterator[tuple[int, str, bool]]:
    """Lines of tables and sentences of prose, and whether one begins anew, apart from those before."""
    fenced, marked, reading = False, OPEN in text, OPEN not in text
    for number, line in enumerate(text.splitlines(), start=1):
        if marked and line.strip() in (OPEN, CLOSE):
            reading = line.strip() == OPEN
            continue
        if not reading:
            continue
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
            continue
        if fenced or line.startswith("    "):
            continue
        plain = NO_FIGURE.sub(" ", line.replace("\\", ""))
        if plain.lstrip().startswith("|"):
            yield number, plain, True
            continue
        fresh = not plain.strip() or plain.lstrip().startswith(("-", "*", "#"))
        for place, sentence in enumerate(SENTENCE.split(plain)):
            yield number, sentence, fresh and not place


def _intervals(figures: Sequence[Figure]) -> Iterator[tuple[float, float]]:
    """Bounds that belong together: they follow one another in the headline."""
    for low, high in pairwise(figures):
        if (low.field, high.field) == ("low", "high"):
            yield low.value, high.value


def _meant(
    figures: Sequence[Figure], names: Iterable[str], known: Names, context: str
) -> list[Figure]:
    """Figures of what a passage names; those of single questions only where it names one."""
    said = _said(names, context)
    return [
        figure
        for figure in figures
        if "histogram" not in figure.path
        and ("per_question" not in figure.path or said & known.questions & set(figure.path))
        and _about(figure, said & known.conditions)
        and not _only_other(figure, said & known.judges, known.judges)
    ]


def _said(names: Iterable[str], passage: str) -> set[str]:
    words = {word.strip(".-") for word in re.findall(r"[\w.-]+", passage.casefold())}
    return {name for name in names if name.casefold() in words}


def _called(figures: list[Figure], sentence: str) -> list[Figure]:
    """Figures of what a sentence speaks of, where that is α alone, gaps alone or coherence alone.

    Sentences of the report itself are about what they are about.
    """
    kinds = [kind for kind, words in KINDS.items() if re.search(words, sentence.casefold())]
    asked = {name: bool(re.search(words, sentence.casefold())) for name, words in NARROW.items()}
    return [
        f
        for f in figures
        if f.text
        or _kind(f) == "count"
        or (
            (len(kinds) != 1 or _kind(f) == kinds[0])
            and (asked["bound"] or f.field not in BOUND_FIELDS)
            and (asked["part"] or not {"subpanels", "families"} & set(f.path))
            and (asked["worst"] or f.field != "worst_case")
            and (asked["published"] or "published" not in f.path)
        )
    ]


def _kind(figure: Figure) -> str:
    if figure.field in COUNTS:
        return "count"
    if "gaps" in figure.path or "gap" in figure.path:
        return "gap"
    return "coherence" if figure.field in ("coherence", "mean_coherent") else "alpha"


def _about(figure: Figure, conditions: set[str]) -> bool:
    """Whether a figure is of a condition that a passage names, or the passage names none."""
    return not conditions or bool(conditions & set(figure.path))


def _only_other(figure: Figure, named: set[str], judges: frozenset[str]) -> bool:
    """Whether a figure is one judge's where the passage names another judge alone."""
    mine = set(figure.path) & judges
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
