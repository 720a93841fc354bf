"""How a Markdown text is read: sentences, cells under their headings, and the numbers in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

NUMBER = re.compile(r"(?<![\w.#/])[-+−]?\d[\d,]*(?:\.\d+)?(?:\s?%)?(?![\w/])")
# Identifiers, links, code, dates, versions and hashes hold digits that are no figures.
NO_FIGURE = re.compile(
    r"`[^`]*`|\bfollow-up \d|https?://\S+|\]\([^)]*\)|\b\d{4}-\d\d-\d\d(?:T[\d:+.]+)?\b|\b\d+\.\d+\.\d+\b|\S*/\S*\.\w+"
)
OPEN, CLOSE = "<!-- bwalpha verify -->", "<!-- /bwalpha verify -->"
SENTENCE = re.compile(r"(?<=[.;!?])\s+")
# A bar that ends a cell; a write-up's own bars have a backslash.
BAR = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Passage:
    """A sentence, or a cell of a table.

    Attributes:
        line: Its line, from 1.
        text: What numbers are looked for in.
        fresh: Whether it begins anew, apart from the sentences before.
        about: Where names are looked for: the sentence, or the cell's row.
        heading: Of the cell's column; None for a sentence.
    """

    line: int
    text: str
    fresh: bool
    about: str
    heading: str | None = None


def passages(text: str) -> Iterator[Passage]:
    """Cells of tables and sentences of prose; of the marked blocks alone where there are any."""
    fenced, marked, reading = False, OPEN in text, OPEN not in text
    headings: list[str] | None = None
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
        if line.lstrip().startswith("|"):
            cells = [_plain(cell).strip() for cell in BAR.split(line.strip().strip("|"))]
            about = _plain(line)
            for cell, heading in zip(cells, headings or [""] * len(cells), strict=False):
                # Two counts in a cell, such as scored/failed, are two numbers.
                yield Passage(number, re.sub(r"(?<=\d)/(?=\d)", " / ", cell), True, about, heading)
            headings = headings or cells
            continue
        plain, headings = _plain(line), None
        fresh = not plain.strip() or plain.lstrip().startswith(("-", "*", "#"))
        for place, sentence in enumerate(SENTENCE.split(plain)):
            yield Passage(number, sentence, fresh and not place, sentence)


def _plain(text: str) -> str:
    return NO_FIGURE.sub(" ", text.replace("\\", ""))


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
