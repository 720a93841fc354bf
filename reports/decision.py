"""The decision rules registered before the run, applied to α and its intervals.

A rule that compares a number with a threshold is decided only when the number's whole 95 %
interval lies on one side; otherwise it is undecided. No margin was registered for "far above",
so both hypotheses meet at the EM target's own α.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from reports.followups import followup_1, followup_2
from reports.formatting import caveats, common_caveats, estimate_text
from reports.headline import ConditionRow, Estimate, JudgeFigures, Outcome, Verdict
from reports.published import WINNERS, Rules

RULE = "H1 / H2"


def decide(rows: Sequence[ConditionRow], panel: str, rubric: str, rules: Rules) -> list[Verdict]:
    """Every verdict that the rows of one comparison allow; only the four winners are ruled on.

    Rows of different targets, prompt provenances or judge models are never ruled on together.
    """
    shared = common_caveats(panel, rubric)
    series: dict[tuple[str, str], list[ConditionRow]] = {}
    for row in rows:
        if row.condition in WINNERS:
            series.setdefault((row.target, row.provenance), []).append(row)
    verdicts: list[Verdict] = []
    for mine in series.values():
        for seed in dict.fromkeys(row.base_seed for row in mine):
            group = [row for row in mine if row.base_seed == seed]
            for judge in dict.fromkeys((j.judge, j.model) for row in group for j in row.judges):
                verdicts += _hypotheses(group, judge, rules, shared)
    for (target, _), mine in series.items():
        nulls = [row for row in rows if (row.condition, row.target) == ("null", target)]
        verdicts += followup_1(mine, rules, shared)
        verdicts += followup_2(mine, nulls, rules, shared)
    return verdicts


def place_alpha(alpha: Estimate, rules: Rules) -> tuple[Outcome, str]:
    """Where one α with its interval stands among the registered thresholds.

    Args:
        alpha: The pooled α with its 95 % interval.
        rules: The registered thresholds.

    Returns:
        The outcome, and the comparison it rests on.
    """
    low, high = alpha.low, alpha.high
    if alpha.value is None or low is None or high is None:
        return "undecided", "no α with an interval"
    falsify, em = rules.falsify, rules.coupling
    if high <= falsify:
        return "H2 falsified", f"interval at or below {falsify:g}"
    if low <= falsify:
        below = f", at or below {em:.2f} throughout" if high <= em else ""
        return "undecided", f"interval crosses {falsify:g}{below}"
    if high <= em:
        return "H1 (coupling)", f"interval at or below {em:.2f}"
    if low > rules.orthogonal:
        return "H2 (orthogonal axes)", f"interval above {rules.orthogonal:.2f}"
    return "undecided", f"interval crosses {em:.2f}"


def over_the_four(outcomes: Iterable[tuple[str, Outcome]]) -> tuple[Outcome, str]:
    """One outcome over the four winners, from (condition, outcome) pairs.

    One winner at or below the falsifying threshold is enough to falsify H2; anything else takes
    all four winners, each run once, and one answer.
    """
    pairs = list(outcomes)
    counts = Counter(name for name, _ in pairs)
    if again := [name for name, count in counts.items() if count > 1]:
        return "undecided", f"run more than once, with other prompts or judges: {', '.join(again)}"
    falsified = [name for name, outcome in pairs if outcome == "H2 falsified"]
    if falsified:
        return "H2 falsified", f"by {', '.join(falsified)}"
    missing = [name for name in WINNERS if name not in counts]
    if missing:
        return "undecided", f"not run: {', '.join(missing)}"
    found = {outcome for _, outcome in pairs}
    if found == {"undecided"}:
        return "undecided", "for each of the four"
    if len(found) == 1:
        return found.pop(), "each of the four"
    said = ", ".join(f"{name} {outcome}" for name, outcome in pairs)
    return "undecided", f"the conditions differ: {said}"


def _hypotheses(
    group: Sequence[ConditionRow], judge: tuple[str, str], rules: Rules, shared: list[str]
) -> list[Verdict]:
    verdicts = [
        _one(row, figures, rules, shared)
        for row in group
        for figures in row.judges
        if (figures.judge, figures.model) == judge
    ]
    outcome, basis = over_the_four((v.about, v.outcome) for v in verdicts)
    # What stands in the way of one condition stands in the way of the four.
    inherited = dict.fromkeys(
        caveat if caveat in shared else f"{v.about}: {caveat}"
        for v in verdicts
        for caveat in v.caveats
    )
    verdicts.append(
        Verdict(
            rule=RULE,
            about="the four winners",
            target=group[0].target,
            base_seed=group[0].base_seed,
            judge=judge[0],
            outcome=outcome,
            basis=basis,
            numbers={v.about: v.numbers["alpha"] for v in verdicts},
            caveats=list(inherited),
        )
    )
    return verdicts


def _one(row: ConditionRow, figures: JudgeFigures, rules: Rules, shared: list[str]) -> Verdict:
    outcome, where = place_alpha(figures.alpha, rules)
    if figures.invalid:
        outcome, where = "undecided", "the condition is invalid"
    return Verdict(
        rule=RULE,
        about=row.condition,
        target=row.target,
        base_seed=row.base_seed,
        judge=figures.judge,
        outcome=outcome,
        basis=f"α {estimate_text(figures.alpha)}: {where}",
        numbers={"alpha": figures.alpha},
        caveats=[*shared, *caveats(row, figures, rules)],
    )
