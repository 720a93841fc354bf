"""What stands between a figure and what it seems to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.records import is_simulated
from protocol.targets import is_model
from reports.differences import Entry
from reports.formatting import number
from reports.published import Rules


@dataclass(frozen=True)
class Caveat:
    """One caveat of one condition.

    Attributes:
        about: The condition's name; empty where it holds for all.
        text: What it says.
        figure: The condition's own figure in it; empty without one.
    """

    about: str
    text: str
    figure: str = ""


def common(panel: str, rubric: str) -> list[Caveat]:
    """Where a comparison leaves the registered protocol."""
    found = []
    if panel != "bw52":
        found.append(Caveat("", f"panel {panel}, not the registered bw52"))
    if rubric != "eps":
        found.append(Caveat("", f"rubric {rubric}, not the registered eps"))
    return found


def of_entry(entry: Entry, rules: Rules, name: str = "") -> list[Caveat]:
    """What stands in the way of one judge's α on one run."""
    about, row, figures = name or entry.row.condition, entry.row, entry.figures
    texts: list[tuple[str, str]] = []
    if row.simulated:
        texts.append(("SIMULATED", ""))
    if row.provenance == "reconstruction":
        texts.append(("reconstructed prompt", ""))
    if not is_simulated(row.target) and not any(is_model(row.target, t) for t in rules.targets):
        texts.append((f"target {row.target}, not the registered {rules.targets[0]}", ""))
    if row.sampling_differs:
        texts.append((f"sampled with {row.sampling}, not as the protocol", ""))
    texts += [(text, "") for text in figures.differs]
    if row.completions != rules.completions:
        texts.append(
            (f"{row.completions:,} completions, not the registered {rules.completions:,}", "")
        )
    if figures.zero_to_one:
        texts.append(("the judge answers from 0 to 1", ""))
    if figures.invalid:
        low, high = figures.worst_case
        texts.append(
            (
                "INVALID",
                f"{figures.failed_share or 0:.1%} failed, α between {number(low, 1)} and "
                f"{number(high, 1)}",
            )
        )
    mine = [gap for gap in row.gaps if figures.judge in (gap.first, gap.second)]
    if not mine:
        texts.append(("one judge only, so the gate cannot be checked", ""))
    for gap in mine:
        pair, value = f"{gap.first} − {gap.second}", gap.published_definition.value
        if gap.gate is False:
            texts.append((f"gate |gap| < {rules.gate:g} failed, {pair}", number(value)))
        elif gap.gate is None:
            texts.append((f"gate not checked, {pair}", ""))
    return [Caveat(about, text, figure) for text, figure in texts]


def said_once(caveats: Sequence[Caveat]) -> list[str]:
    """Caveats in words, each text once, with the conditions that have it where not all do."""
    named: dict[str, list[Caveat]] = {}
    for caveat in dict.fromkeys(caveats):
        named.setdefault(caveat.text, []).append(caveat)
    everyone = {caveat.about for caveat in caveats if caveat.about}
    said = []
    for text, mine in named.items():
        figures: dict[str, list[str]] = {}
        for caveat in mine:
            figures.setdefault(caveat.figure, []).append(caveat.about)
        if set(figures) != {""}:
            parts = [f"{' and '.join(names)} {figure}".strip() for figure, names in figures.items()]
            said.append(f"{text}: {', '.join(parts)}")
        elif {caveat.about for caveat in mine} in ({""}, everyone):
            said.append(text)
        else:
            said.append(f"{', '.join(caveat.about for caveat in mine)}: {text}")
    return said
