"""Which figures a sentence, or a column of a table, can mean by its words."""

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS = {"alpha": r"α|\balpha", "gap": r"\bgap", "coherence": "coheren"}
# What a sentence says when it means a bound, a worst case, a published figure, a part of the panel.
NARROW = {
    "bound": r"interval|between|\bfrom\b|\bto\b|bound|error|±|\d ?[–-] ?\d|95 ?%",
    "worst": r"worst|fail|lies between|\b0\b.*\b100\b",
    "published": r"published|source|original",
    "part": r"panel|famil|part|betley|wang|power|candour|other",
}
PARTS = {"subpanels", "families"}
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
# What a column's heading means, the first that fits: fields or parts that a figure's path has one of.
COLUMNS: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (heading, frozenset(words.split()))
    for heading, words in (
        (r"krippendorff", "krippendorff"),
        (r"spearman", "spearman"),
        (r"pearson", "pearson"),
        (r"iqr|interquartile", "question_iqr"),
        (r"bimodal", "bimodality"),
        (r"aligned <|misaligned", "misaligned_share"),
        (r"failures were|worst", "worst_case"),
        (r"among coherent", "alpha_coherent"),
        (r"sub-?panel", "subpanels"),
        (r"famil", "families"),
        (r"^ranks$", "probabilities"),
        (r"scored|failed", "scored failed failed_share"),
        (r"^c$", "distributional_c"),
        (r"^coherence$", "coherence"),
        (r"^seeds?$", "base_seed seed seeds"),
        (r"paired gap", "paired"),
        (r"\bgap", "gaps"),
        (r"α|\balpha", "alpha difference mean alphas"),
    )
)


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


def called(figures: list[Figure], sentence: str) -> list[Figure]:
    """Figures of what a sentence speaks of, where that is α alone, gaps alone or coherence alone.

    Sentences of the report itself are about what they are about.
    """
    kinds = [name for name, words in KINDS.items() if re.search(words, sentence.casefold())]
    asked = {name: bool(re.search(words, sentence.casefold())) for name, words in NARROW.items()}
    return [
        f
        for f in figures
        if f.text
        or kind(f) == "count"
        or (
            (len(kinds) != 1 or kind(f) == kinds[0])
            and (asked["bound"] or f.field not in BOUND_FIELDS)
            and (asked["part"] or not PARTS & set(f.path))
            and (asked["worst"] or f.field != "worst_case")
            and (asked["published"] or "published" not in f.path)
        )
    ]


def of_column(figures: list[Figure], heading: str) -> list[Figure]:
    """Figures that a column's heading means, bounds among them; all where it means none of them."""
    said = heading.casefold()
    words = next((words for what, words in COLUMNS if re.search(what, said)), frozenset[str]())
    counts = words & set(COUNTS)
    chosen = [
        f
        for f in figures
        if words & {f.field, *f.path}
        and (counts or f.field not in COUNTS)
        and (words & PARTS or not PARTS & set(f.path))
    ]
    return chosen or figures


def without_bounds(figures: list[Figure], heading: str) -> list[Figure]:
    """Figures that a lone number of a column can be: a bound only where the heading says so."""
    if re.search(NARROW["bound"], heading.casefold()):
        return figures
    return [f for f in figures if f.field not in BOUND_FIELDS] or figures


def kind(figure: Figure) -> str:
    """What a figure is: a count, a gap, a coherence, or else an α."""
    if figure.field in COUNTS:
        return "count"
    if "gaps" in figure.path or "gap" in figure.path:
        return "gap"
    return "coherence" if figure.field in ("coherence", "mean_coherent") else "alpha"
