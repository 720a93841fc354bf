"""The two registered follow-ups: other seeds, and parts of the panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product

from reports.formatting import caveats, estimate_text, unique
from reports.headline import ConditionRow, Estimate, Outcome, Verdict
from reports.published import WINNERS, Rules

SEED = 42
JUDGES = ("sonnet", "opus")
Numbers = dict[str, Estimate]


def side(estimate: Estimate, threshold: float) -> str:
    """Whether an interval lies ``above`` (at or over) a threshold, ``below`` it, or ``across``."""
    if estimate.low is None or estimate.high is None:
        return "across"
    if estimate.low >= threshold:
        return "above"
    return "below" if estimate.high < threshold else "across"


def followup_1(rows: Sequence[ConditionRow], rules: Rules, shared: list[str]) -> list[Verdict]:
    """All winners stay high in the other seeds, and their gap stays near the first seed's.

    Args:
        rows: The winners' rows of one target, all seeds.
        rules: The registered thresholds.
        shared: Caveats of the whole comparison.

    Returns:
        One verdict, or none when no row has one of the follow-up's seeds.
    """
    later = [row for row in rows if row.base_seed in rules.followup_1.seeds]
    if not later:
        return []
    by_key = {(row.condition, row.base_seed): row for row in rows}
    alphas, gaps = _seed_numbers(by_key, rules)
    wanted = len(WINNERS) * len(rules.followup_1.seeds)
    complete = len(alphas) == wanted * len(JUDGES) and len(gaps) == wanted
    invalid = _invalid(rows, (SEED, *rules.followup_1.seeds))
    outcome, basis = judge_followup_1(alphas, gaps, complete, rules, invalid)
    unclear = ambiguity(rows, (SEED, *rules.followup_1.seeds))
    if unclear is not None:
        outcome, basis = "undecided", unclear
    found = [
        f"{row.condition} seed {row.base_seed}: {caveat}"
        for row in later
        for judge in row.judges
        if judge.judge in JUDGES
        for caveat in caveats(row, judge, rules)
    ]
    return [
        Verdict(
            rule="follow-up 1 (seeds)",
            about="the four winners",
            target=rows[0].target,
            base_seed=None,
            judge="sonnet and opus",
            outcome=outcome,
            basis=basis,
            numbers={**alphas, **gaps},
            caveats=[*shared, *unique(found)],
        )
    ]


def judge_followup_1(
    alphas: Numbers, gaps: Numbers, complete: bool, rules: Rules, invalid: Sequence[str] = ()
) -> tuple[Outcome, str]:
    """The follow-up's outcome from α and changes of the gap.

    Args:
        alphas: α by ``condition seed judge``.
        gaps: The gap minus seed 42's by ``condition seed change of the gap``.
        complete: Whether every winner was run in every seed with both judges.
        rules: The registered thresholds.
        invalid: Names of ``alphas`` over the failure limit, and names of seed 42's; nothing is
            decided by them, and nothing holds while there are any.
    """
    rule = rules.followup_1
    spoilt = {name.rsplit(" ", 1)[0] for name in invalid}
    first = {name.split(" ")[0] for name in invalid if name.split(" ")[1] == str(SEED)}
    alphas = {name: alpha for name, alpha in alphas.items() if name not in invalid}
    gaps = {
        name: gap
        for name, gap in gaps.items()
        if " ".join(name.split(" ")[:2]) not in spoilt and name.split(" ")[0] not in first
    }
    refuting = [
        name
        for name, alpha in alphas.items()
        if alpha.high is not None and alpha.high <= rule.partial_refutation
    ]
    if refuting:
        return "refuted in part", f"α at or below {rule.partial_refutation:g}: {_list(refuting)}"
    floors = {"sonnet": rule.sonnet, "opus": rule.opus}
    sides = {name: side(a, floors[name.rsplit(" ", 1)[1]]) for name, a in alphas.items()}
    broken = [name for name, place in sides.items() if place == "below"]
    moved = [name for name, gap in gaps.items() if _within(gap, rule.gap_tolerance) == "outside"]
    if broken or moved:
        return "does not hold", f"outside what was registered: {_list(broken + moved)}"
    if invalid:
        return "undecided", f"invalid: {_list(invalid)}"
    if not complete:
        return "undecided", "not every winner was run in every seed with both judges"
    unclear = [name for name, place in sides.items() if place == "across"]
    unclear += [n for n, gap in gaps.items() if _within(gap, rule.gap_tolerance) == "across"]
    if unclear:
        return "undecided", f"the interval crosses a threshold: {_list(unclear)}"
    return "holds", (
        f"Sonnet ≥ {rule.sonnet:g}, Opus ≥ {rule.opus:g}, "
        f"gap within ±{rule.gap_tolerance:g} of seed {SEED}'s"
    )


def followup_2(
    rows: Sequence[ConditionRow],
    nulls: Sequence[ConditionRow],
    rules: Rules,
    shared: list[str],
) -> list[Verdict]:
    """Whether the questions spread as registered: refuted if every winner's range is narrow.

    What counts as low on the power questions, and as near the null on the candour ones, was not
    registered as a number, so those figures are given and not ruled on.
    """
    verdicts = []
    firsts = [row for row in rows if row.base_seed == SEED]
    unclear = ambiguity(firsts, (SEED,))
    for name in JUDGES:
        spreads: Numbers = {}
        numbers: Numbers = {}
        found: list[str] = []
        for row in [*firsts, *(null for null in nulls if null.base_seed == SEED)]:
            for judge in (j for j in row.judges if j.judge == name):
                for group in judge.subpanels:
                    numbers[f"{row.condition} {group.name} α"] = group.alpha
                if row.condition in WINNERS and judge.question_iqr is not None:
                    spreads[row.condition] = judge.question_iqr
                    found += [f"{row.condition}: {c}" for c in caveats(row, judge, rules)]
        if not spreads:
            continue
        invalid = [k.split(" ")[0] for k in _invalid(firsts, (SEED,)) if k.endswith(f" {name}")]
        outcome, basis = judge_followup_2(spreads, rules.followup_2.iqr, invalid)
        if unclear is not None:
            outcome, basis = "undecided", unclear
        spread_numbers = {f"{key} interquartile range": value for key, value in spreads.items()}
        verdicts.append(
            Verdict(
                rule="follow-up 2 (questions)",
                about="the four winners",
                target=rows[0].target,
                base_seed=SEED,
                judge=name,
                outcome=outcome,
                basis=basis,
                numbers={**spread_numbers, **numbers},
                caveats=[*shared, *unique(found)],
            )
        )
    return verdicts


def judge_followup_2(
    spreads: Numbers, threshold: float, invalid: Sequence[str] = ()
) -> tuple[Outcome, str]:
    """The follow-up's outcome from the interquartile range of the question means by condition."""
    said = ", ".join(f"{name} {estimate_text(spread)}" for name, spread in spreads.items())
    sides = {
        name: "invalid" if name in invalid else side(spread, threshold)
        for name, spread in spreads.items()
    }
    if "above" in sides.values():
        return "not refuted", f"an interquartile range of {threshold:g} or more: {said}"
    missing = [name for name in WINNERS if name not in sides]
    if missing:
        return "undecided", f"not run: {', '.join(missing)}; {said}"
    if "invalid" in sides.values():
        return "undecided", f"invalid: {_list(invalid)}; {said}"
    if set(sides.values()) == {"below"}:
        return "refuted", f"every interquartile range under {threshold:g}: {said}"
    return "undecided", f"an interval crosses {threshold:g}: {said}"


def ambiguity(rows: Sequence[ConditionRow], seeds: Sequence[int]) -> str | None:
    """Why rows of one provenance are not one experiment, None when they are."""
    mine = [row for row in rows if row.base_seed in seeds]
    counts = Counter(f"{row.condition} seed {row.base_seed}" for row in mine)
    if again := [name for name, count in counts.items() if count > 1]:
        return f"run more than once, with other prompts or judges: {_list(again)}"
    for name in JUDGES:
        models = {j.model for row in mine for j in row.judges if j.judge == name}
        if len(models) > 1:
            return f"{name} is not the same model throughout: {_list(sorted(models))}"
    return None


def _invalid(rows: Sequence[ConditionRow], seeds: Sequence[int]) -> list[str]:
    return [
        f"{row.condition} {row.base_seed} {judge.judge}"
        for row in rows
        for judge in row.judges
        if judge.invalid and judge.judge in JUDGES and row.base_seed in seeds
    ]


def _seed_numbers(
    rows: dict[tuple[str, int | None], ConditionRow], rules: Rules
) -> tuple[Numbers, Numbers]:
    alphas: Numbers = {}
    gaps: Numbers = {}
    for condition, seed in product(WINNERS, rules.followup_1.seeds):
        row, first = rows.get((condition, seed)), rows.get((condition, SEED))
        if row is None:
            continue
        for judge in row.judges:
            if judge.judge in JUDGES:
                alphas[f"{condition} {seed} {judge.judge}"] = judge.alpha
        now, then = _gap(row), _gap(first) if first is not None else None
        if now is not None and then is not None:
            gaps[f"{condition} {seed} change of the gap"] = _difference(now, then)
    return alphas, gaps


def _gap(row: ConditionRow) -> Estimate | None:
    for gap in row.gaps:
        if (gap.first, gap.second) == JUDGES:
            return gap.published_definition
    return None


def _difference(now: Estimate, then: Estimate) -> Estimate:
    """A difference whose interval joins the far ends of both: wider than needed, never narrower."""

    def minus(first: float | None, second: float | None) -> float | None:
        return None if first is None or second is None else first - second

    return Estimate(
        value=minus(now.value, then.value),
        low=minus(now.low, then.high),
        high=minus(now.high, then.low),
    )


def _within(gap: Estimate, tolerance: float) -> str:
    if gap.low is None or gap.high is None:
        return "across"
    if -tolerance <= gap.low and gap.high <= tolerance:
        return "inside"
    return "outside" if gap.low > tolerance or gap.high < -tolerance else "across"


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
