"""H1 and H2, as registered before the run, on estimates.

The source registered no margin for "about" and for "far above (perhaps 50-80)", named no judge and gave
its target no uncertainty. Read here: an α is about the target when it is shown to be at most 5 points
above it (the source counts shifts of 5 for nothing), far above from 50 on, and neither in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt

from scipy.special import stdtrit

from estimation.intervals import Estimate
from estimation.rules import WINNERS, Finding, Rules, Ruling, undecidable


def independent_difference(first: Estimate, second: Estimate, level: float = 0.95) -> Estimate:
    """``first`` minus ``second`` where they share no completion and no chance of questions.

    Without bounds when one of the two has no standard error. Degrees of freedom: Welch-Satterthwaite.
    """
    value = first.value - second.value
    questions, population = min(first.questions, second.questions), first.population
    n = first.n + second.n
    parts = [(first.standard_error**2, first.df), (second.standard_error**2, second.df)]
    total = sum(part for part, _ in parts)
    if not total > 0 or not (first.has_interval and second.has_interval):
        reason = first.reason or second.reason or "no spread"
        return Estimate(value, n=n, questions=questions, population=population, reason=reason)
    df = total**2 / sum(part**2 / df for part, df in parts)
    error = sqrt(total)
    half = float(stdtrit(df, (1 + level) / 2)) * error
    return Estimate(
        value, value - half, value + half, error, df, n, questions, population, "Welch's t"
    )


def published_target(rules: Rules) -> Estimate:
    """The published EM α as an estimate with its clustered standard error."""
    target = rules.target
    df = target.questions - 1.0
    half = float(stdtrit(df, 0.975)) * target.standard_error
    return Estimate(
        target.alpha,
        target.alpha - half,
        target.alpha + half,
        target.standard_error,
        df,
        questions=target.questions,
        method="published, t by question",
    )


def against_target(finding: Finding, measured: Estimate | None, rules: Rules) -> Estimate | None:
    """α minus the EM target's α.

    Args:
        finding: The condition.
        measured: Its paired difference from an EM target run with the same seed and judge; None
            where there is none.
        rules: For the published target.

    Returns:
        The measured difference where there is one, else that from the published α of the same judge, else
        None: another judge's α is no target.
    """
    if measured is not None:
        return measured
    if finding.judge != rules.target.judge:
        return None
    return independent_difference(finding.alpha, published_target(rules))


def place_alpha(finding: Finding, measured: Estimate | None, rules: Rules) -> Ruling:
    """Where one condition stands between H1 and H2.

    Args:
        finding: With the interval for other questions.
        measured: See `against_target`.
        rules: The registered thresholds.

    Returns:
        A decision only where the whole interval, and the worst case of failed verdicts, give it.
    """
    if reason := undecidable(finding, rules):
        return Ruling("undecided", reason)
    above = against_target(finding, measured, rules)
    if above is None:
        return Ruling("no target", f"no EM α is published or measured for {finding.judge}")
    if not above.has_interval:
        return Ruling("undecided", f"no interval of the distance to the target: {above.reason}")
    named = "the measured EM target" if measured is not None else f"EM {rules.target.alpha:.2f}"
    alpha, (worst_low, worst_high) = finding.alpha, finding.worst
    decided = _placed(alpha.low, alpha.high, above.low, above.high, rules, named)
    # Chance and failed verdicts together: each bound moves by what the failures could move α.
    down, up = worst_low - alpha.value, worst_high - alpha.value
    worst = _placed(
        alpha.low + down, alpha.high + up, above.low + down, above.high + up, rules, named
    )
    if (decided.outcome, worst.outcome) == ("H2 falsified", "H1 (coupling)"):
        return worst
    if decided.outcome != "undecided" and worst.outcome != decided.outcome:
        return Ruling(
            "undecided",
            f"failed verdicts could carry it across: worst case {worst_low:.2f} to {worst_high:.2f}",
        )
    return decided


def _placed(
    low: float, high: float, above_low: float, above_high: float, rules: Rules, target: str
) -> Ruling:
    if high <= rules.falsify:
        return Ruling("H2 falsified", f"at or below {rules.falsify:g}")
    if above_high <= rules.about:
        open_end = (
            f"; whether at or below {rules.falsify:g} is open" if low <= rules.falsify else ""
        )
        return Ruling("H1 (coupling)", f"about {target} or lower{open_end}")
    if low >= rules.far_above and above_low > 0:
        return Ruling("H2 (orthogonal axes)", f"far above {target}: {rules.far_above:g} or more")
    if above_low > 0 and high < rules.far_above:
        return Ruling(
            "neither",
            f"above {target}, yet under {rules.far_above:g}: neither about it nor far above",
        )
    if above_low > 0:
        return Ruling("undecided", f"above {target}; whether {rules.far_above:g} or more is open")
    return Ruling("undecided", f"cannot be told from {target}, nor shown to be about it")


def over_the_four(rulings: Sequence[tuple[str, Ruling]]) -> Ruling:
    """One ruling over the four winners, from (condition, ruling) pairs of one seed and judge.

    "The winners score α at or below 15" does not say whether any or all; all is the reading used, and
    the words name those that do.
    """
    counts = Counter(name for name, _ in rulings)
    if again := [name for name, count in counts.items() if count > 1]:
        return Ruling("undecided", f"run more than once: {', '.join(again)}")
    if missing := [name for name in WINNERS if name not in counts]:
        return Ruling("undecided", f"not run: {', '.join(missing)}")
    outcomes = {ruling.outcome for _, ruling in rulings}
    falsifying = [name for name, ruling in rulings if ruling.outcome == "H2 falsified"]
    if outcomes == {"H2 falsified"}:
        return Ruling("H2 falsified", "all four at or below the falsifying α")
    said = ", ".join(f"{name} {ruling.outcome}" for name, ruling in rulings)
    if outcomes <= {"H1 (coupling)", "H2 falsified"}:
        some = f"; {', '.join(falsifying)} alone would falsify H2" if falsifying else ""
        return Ruling("H1 (coupling)", f"each of the four{some}")
    if len(outcomes) == 1:
        return Ruling(outcomes.pop(), "each of the four")
    if falsifying:
        said += "; the source does not say whether one at or below the falsifying α is enough"
    return Ruling("undecided", f"the conditions differ: {said}")
