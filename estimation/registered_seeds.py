"""Follow-up 1, as registered: other seeds over the same panel.

A replication asks whether the same questions give the same α again, so every interval here is the one
for this panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from estimation.intervals import Estimate
from estimation.registered import independent_difference
from estimation.rules import WINNERS, Finding, Rules, Ruling, side, undecidable

JUDGES = ("sonnet", "opus")


@dataclass(frozen=True)
class GapChange:
    """How far one condition's gap between the judges moved from seed 42 to a new seed.

    Attributes:
        condition: Its name.
        seed: The new base seed.
        change: `independent_difference` of the two gaps, for this panel.
        invalid: Whether one of the four α it rests on is invalid.
    """

    condition: str
    seed: int
    change: Estimate
    invalid: bool = False


def followup_1(findings: Sequence[Finding], changes: Sequence[GapChange], rules: Rules) -> Ruling:
    """Whether all four winners stay in their ranges, and their gaps where they were.

    Args:
        findings: α of the winners in the new seeds by both judges, with the interval for this panel.
        changes: Changes of their gaps.
        rules: The registered thresholds.

    Returns:
        The outcome over both seeds; words name what it rests on.
    """
    mine = {(f.condition, f.seed, f.judge): f for f in findings if f.judge in JUDGES}
    wanted = list(product(WINNERS, rules.seeds, JUDGES))
    if len(mine) < len([f for f in findings if f.judge in JUDGES]):
        return Ruling("undecided", "a condition was run more than once with one seed and judge")
    open_points: list[str] = []
    refuting: list[str] = []
    broken: list[str] = []
    for key in wanted:
        finding = mine.get(key)
        name = f"{key[0]} seed {key[1]} {key[2]}"
        if finding is None:
            open_points.append(f"{name} not run")
        elif reason := undecidable(finding, rules):
            open_points.append(f"{name} {reason}")
        else:
            place = _range(finding, rules)
            if key[2] == "sonnet" and _ceiling(finding) <= rules.partial_refutation:
                refuting.append(name)
            if place == "outside":
                broken.append(f"{name} {finding.alpha.value:.2f}")
            elif place != "inside":
                open_points.append(f"{name} {place}")
    moved = {(c.condition, c.seed): c for c in changes}
    for condition, seed in product(WINNERS, rules.seeds):
        name = f"{condition} seed {seed} gap"
        change = moved.get((condition, seed))
        if change is None or change.invalid or not change.change.has_interval:
            open_points.append(f"{name} not known")
            continue
        low, high, most = change.change.low, change.change.high, rules.gap_tolerance
        if low > most or high < -most:
            broken.append(f"{name} moved by {change.change.value:+.2f}")
        elif low < -most or high > most:
            open_points.append(f"{name} may have moved by more than {most:g}")
    if refuting:
        return Ruling(
            "refuted in part", f"α at or below {rules.partial_refutation:g}: {', '.join(refuting)}"
        )
    if broken:
        return Ruling("does not hold", f"outside what was registered: {', '.join(broken)}")
    if open_points:
        return Ruling("undecided", "; ".join(open_points))
    return Ruling(
        "holds",
        f"Sonnet within {rules.sonnet[0]:g}–{rules.sonnet[1]:g}, Opus {rules.opus:g} or more, "
        f"gaps within ±{rules.gap_tolerance:g} of seed 42's",
    )


def _ceiling(finding: Finding) -> float:
    """The highest α that chance and failed verdicts leave possible."""
    return max(finding.alpha.high, finding.worst[1])


def _range(finding: Finding, rules: Rules) -> str:
    low, high = (rules.opus, 100.0) if finding.judge == "opus" else rules.sonnet
    alpha, worst = finding.alpha, finding.worst
    if alpha.low > high or side(alpha.low, alpha.high, low) == "below":
        crossed = worst[0] <= high if alpha.low > high else worst[1] >= low
        return "failed verdicts could carry it back" if crossed else "outside"
    if alpha.low < low or alpha.high > high:
        return f"its interval crosses {low if alpha.low < low else high:g}"
    if worst[0] < low or worst[1] > high:
        return "failed verdicts could carry it out"
    return "inside"


def cluster_order(findings: Sequence[Finding], rules: Rules) -> Ruling:
    """Whether the two clusters keep their order in the new seeds, under Sonnet.

    Kept when each condition of the upper cluster is shown above each of the lower one in every new seed.
    """
    by_key = {(f.condition, f.seed): f for f in findings if f.judge == "sonnet"}
    reversed_pairs, unclear = [], []
    for seed in rules.seeds:
        for upper, lower in product(rules.upper_cluster, rules.lower_cluster):
            name = f"{upper} over {lower}, seed {seed}"
            pair = [by_key.get((condition, seed)) for condition in (upper, lower)]
            known = [f for f in pair if f is not None and not undecidable(f, rules)]
            if len(known) < 2:
                unclear.append(f"{name} not known")
                continue
            apart = independent_difference(known[0].alpha, known[1].alpha)
            if apart.high < 0:
                reversed_pairs.append(name)
            elif not apart.low > 0:
                unclear.append(f"{name} not shown")
    if reversed_pairs:
        return Ruling("does not hold", f"the order is reversed: {', '.join(reversed_pairs)}")
    if unclear:
        return Ruling("undecided", "; ".join(unclear))
    return Ruling(
        "holds",
        f"{' and '.join(rules.upper_cluster)} above {' and '.join(rules.lower_cluster)} in every new seed",
    )
