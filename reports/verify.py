"""Is every number of a write-up in the headline, to the digits that are written?

A number is looked for where its passage points: among the figures of the conditions and judges that a table's
row or a sentence of prose names, else of those that the paragraph named last. A sentence that says α, gap or
coherence alone speaks of those alone, and so does a cell under such a heading. What the protocol fixes (52
questions, 95 %) needs no run where no condition is named. Where a text marks blocks
(`<!-- bwalpha verify -->` to `<!-- /bwalpha verify -->`), only they are read: prices, dates and numbers of
other runs stand outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reports.headline import ConditionRow, Headline, PublishedFigures
from reports.verify_meaning import Figure, called, of_column, without_bounds
from reports.verify_reading import NO_FIGURE, NUMBER, agrees, passages

BOUNDS = re.compile(r"\[([-+−]?\d+(?:\.\d+)?), ([-+−]?\d+(?:\.\d+)?)\]")
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
    meant: dict[tuple[frozenset[str], bool], list[Figure]] = {}
    for passage in passages(text):
        about = f"{passage.about} {passage.heading or ''}"
        conditions = _said(names & known.conditions, about)
        carried = conditions or (set() if passage.fresh else carried)
        key = frozenset(_said(names, about) | carried), bool(conditions)
        if key not in meant:
            # A seed may stand beside a condition that was not run with it.
            nameless = [
                f
                for f in figures
                if not names & set(f.path) and (not conditions or f.path == ("seed",))
            ]
            meant[key] = [*_meant(figures, key[0], known), *nameless]
        mine = meant[key]
        if passage.heading is None:
            # Two numbers in brackets are an interval, whether or not the sentence says so.
            mine, lone = (called(mine, passage.text + said) for said in (" interval", ""))
        else:
            mine = of_column(mine, passage.heading)
            lone = without_bounds(mine, passage.heading)
        blank = _blank(passage.text, names)
        for match in BOUNDS.finditer(blank):
            low, high = match.groups()
            if any(agrees(low, a) and agrees(high, b) for a, b in _intervals(mine)):
                found += 2
            else:
                missing.append(_unfound(passage.line, high, mine, match.group()))
        single = BOUNDS.sub(" ", blank)
        for match in NUMBER.finditer(single):
            written = match.group().strip()
            fixed = not conditions and written.lstrip("+-−").removesuffix("%").strip() in FIXED
            below = single[: match.start()].endswith("<")
            if fixed or any(agrees(written, figure.value, below) for figure in lone):
                found += 1
            else:
                missing.append(_unfound(passage.line, written, lone))
    return found, missing


def _figures(headline: Headline) -> Iterator[Figure]:
    document = headline.model_dump(mode="json", exclude={"schema_version"})
    for figure in _walk(document, ()):
        # A path's words are names too, such as those of a rule's numbers.
        words = tuple(word.strip(",:;") for part in figure.path for word in part.split(" "))
        path = tuple(dict.fromkeys((*figure.path, *words)))
        yield Figure(path, figure.value, figure.path[-1], figure.text)
    for comparison in headline.comparisons:
        for seed in {row.base_seed for row in comparison.rows} - {None}:
            yield Figure(("seed",), float(seed or 0), "seed")
        for what in ("label", "target"):
            count = len({getattr(row, what) for row in comparison.rows})
            yield Figure((f"{what}s",), float(count), f"{what}s")


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
        # Notes and grounds are sentences of the report with figures of their own, about whom they name.
        for match in NUMBER.finditer(NO_FIGURE.sub(" ", value)):
            plain = match.group().replace(",", "").replace("−", "-").replace(" ", "")
            for about in (path, (value, *path)):
                yield Figure(about, float(plain.removesuffix("%")), text=True)


def _intervals(figures: Sequence[Figure]) -> Iterator[tuple[float, float]]:
    """Bounds that belong together: they follow one another in the headline."""
    for low, high in pairwise(figures):
        if (low.field, high.field) == ("low", "high"):
            yield low.value, high.value


def _meant(figures: Sequence[Figure], said: frozenset[str], known: Names) -> list[Figure]:
    """Figures of what a passage names; those of single questions only where it names one."""
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


def _about(figure: Figure, conditions: frozenset[str]) -> bool:
    """Whether a figure is of a condition that a passage names, or the passage names none."""
    return not conditions or bool(conditions & set(figure.path))


def _only_other(figure: Figure, named: frozenset[str], judges: frozenset[str]) -> bool:
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
