"""The registered rules by independent code: plain loops over `plain_statistics`."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from itertools import product
from statistics import fmean, pvariance, stdev

import numpy as np
from scipy import stats

from tests.reports import plain_statistics as ps
from tests.reports.plain_statistics import Scores

WINNERS = ("pair_111", "grid_1", "grid_2", "grid_3")
# The published EM α by Sonnet, its standard error and questions.
EM, EM_ERROR, EM_QUESTIONS = 28.208704253214638, 1.1143, 52
Table = Mapping[tuple[str, int | None, str], Scores]
Bounds = tuple[float, float]


def worst(scores: Scores) -> Bounds:
    valid, total = ps.known(scores), len(scores)
    return sum(valid) / total, (sum(valid) + 100 * (total - len(valid))) / total


def usable(scores: Scores, panel: bool) -> Bounds | None:
    """The interval that a rule may decide on, None where none may."""
    valid = ps.known(scores)
    asked = {key[0] for key, x in scores.items() if x is not None}
    if len(valid) < 0.8 * len(scores) or len(asked) < 30:
        return None
    found = ps.estimate([scores])
    bounds = found["panel"] if panel else found
    return None if bounds["low"] is None else (bounds["low"], bounds["high"])


def apart(parts: list[tuple[float, float, float]]) -> Bounds:
    """Welch's interval of the first value less the second, each with error and degrees of freedom."""
    total = sum(error**2 for _, error, _ in parts)
    df = total**2 / sum(error**4 / df for _, error, df in parts)
    half = float(stats.t.isf(0.025, df)) * math.sqrt(total)
    return parts[0][0] - parts[1][0] - half, parts[0][0] - parts[1][0] + half


def part(scores: Scores, panel: bool) -> tuple[float, float, float]:
    return fmean(ps.known(scores)), *ps.error_and_df([scores], [1], panel)


def hypothesis(scores: Scores, em: Scores | None, published: bool) -> str:
    """H1 or H2 of one condition by one judge in one seed."""
    interval = usable(scores, panel=False)
    if interval is None:
        return "undecided"
    if em is not None:
        found = ps.estimate([scores, em], (1, -1))
        above = found["low"], found["high"]
    elif published:
        above = apart([part(scores, False), (EM, EM_ERROR, EM_QUESTIONS - 1)])
    else:
        return "no target"
    value, (lowest, highest) = fmean(ps.known(scores)), worst(scores)
    shifts = (0.0, 0.0), (lowest - value, highest - value)
    sure, moved = (
        placed(interval[0] + down, interval[1] + up, above[0] + down, above[1] + up)
        for down, up in shifts
    )
    if sure == "H2 falsified" and moved == "H1 (coupling)":
        return moved
    return sure if sure == moved else "undecided"


def placed(low: float, high: float, above_low: float, above_high: float) -> str:
    if high <= 15:
        return "H2 falsified"
    if above_high <= 5:
        return "H1 (coupling)"
    if above_low <= 0:
        return "undecided"
    return "H2 (orthogonal axes)" if low >= 50 else "neither" if high < 50 else "undecided"


def four(outcomes: Mapping[str, str]) -> str:
    if set(outcomes) != set(WINNERS):
        return "undecided"
    found = set(outcomes.values())
    if found == {"H2 falsified", "H1 (coupling)"}:
        return "H1 (coupling)"
    return found.pop() if len(found) == 1 else "undecided"


def replication(table: Table) -> str:
    """Follow-up 1 over both new seeds."""
    open_points = broken = refuted = False
    for name, seed, judge in product(WINNERS, (137, 256), ("sonnet", "opus")):
        scores = table.get((name, seed, judge))
        interval = None if scores is None else usable(scores, panel=True)
        if scores is None or interval is None:
            open_points = True
            continue
        least, most = (40, 90) if judge == "sonnet" else (65, 100)
        lowest, highest = worst(scores)
        refuted |= judge == "sonnet" and max(interval[1], highest) <= 35
        too_high = interval[0] > most and lowest > most
        too_low = interval[1] < least and highest < least
        broken |= too_high or too_low
        inside = least <= min(interval[0], lowest) and max(interval[1], highest) <= most
        open_points |= not inside and not too_high and not too_low
    for name, seed in product(WINNERS, (137, 256)):
        keys = [(name, s, judge) for s in (seed, 42) for judge in ("sonnet", "opus")]
        if any(key not in table or usable(table[key], True) is None for key in keys):
            open_points = True
            continue
        gaps = []
        for first, second in (keys[:2], keys[2:]):
            both = [table[first], table[second]]
            error, df = ps.error_and_df(both, (1, -1), panel=True, shared=True)
            gaps.append((fmean(ps.known(both[0])) - fmean(ps.known(both[1])), error, df))
        low, high = apart(gaps)
        broken |= low > 10 or high < -10
        open_points |= low < -10 <= high or low <= 10 < high
    if refuted:
        return "refuted in part"
    return "does not hold" if broken else "undecided" if open_points else "holds"


def clusters(table: Table) -> str:
    """Whether pair_111 and grid_1 stay above grid_2 and grid_3 in both new seeds, by Sonnet."""
    unclear = False
    for seed, upper, lower in product((137, 256), WINNERS[:2], WINNERS[2:]):
        pair = [table.get((name, seed, "sonnet")) for name in (upper, lower)]
        known = [s for s in pair if s is not None and usable(s, True) is not None]
        if len(known) < 2:
            unclear = True
            continue
        low, high = apart([part(scores, True) for scores in known])
        if high < 0:
            return "does not hold"
        unclear |= low <= 0
    return "undecided" if unclear else "holds"


def questions(table: Table, judge: str) -> str:
    """Follow-up 2 in seed 42."""
    null = table.get(("null", 42, judge))
    theirs = None if null is None or 5 * len(ps.known(null)) < 4 * len(null) else null
    kinds = set()
    for name in WINNERS:
        scores = table.get((name, 42, judge))
        if scores is None:
            return "undecided"
        kinds.add("open" if theirs is None else spread(scores, ps.question_means(theirs)))
    if kinds == {"mixture"}:
        return "holds"
    if kinds == {"narrow"}:
        return "refuted"
    return "not refuted" if kinds & {"mixture", "wide"} else "undecided"


def spread(scores: Scores, null: Mapping[str, float], draws: int = 100) -> str:
    means, rng = ps.question_means(scores), np.random.default_rng(2)
    if len(ps.known(scores)) < 0.8 * len(scores) or len(means) < 30:
        return "open"
    values = {q: [x for (k, _), x in scores.items() if k == q and x is not None] for q in means}
    errors = {q: stdev(xs) / math.sqrt(len(xs)) if len(xs) > 1 else 0 for q, xs in values.items()}
    mixture, narrow = 0, 0
    for _ in range(draws):
        drawn = {q: mean + float(rng.normal(0, 1)) * errors[q] for q, mean in means.items()}
        found = ps.split(drawn, null)
        narrow += (found["interquartile range"] or 0) < 20
        mixture += (
            6 <= (found["low questions"] or 0) <= 18
            and (found["mean of the low questions"] or 0) <= EM
            and abs(found["the others minus the null's"] or math.inf) <= 10
            and explained(list(drawn.values())) > usual(len(drawn))
        )
    if mixture > 0.05 * draws:
        return "mixture" if mixture >= 0.95 * draws else "open"
    if narrow >= 0.95 * draws:
        return "narrow"
    return "wide" if narrow <= 0.05 * draws else "open"


def explained(values: list[float]) -> float:
    """Share of the variance that the best cut in two explains."""
    ordered, n = sorted(values), len(values)
    return max(
        cut * (n - cut) / n**2 * (fmean(ordered[:cut]) - fmean(ordered[cut:])) ** 2
        for cut in range(1, n)
    ) / pvariance(ordered)


@functools.cache
def usual(n: int) -> float:
    """What a cut explains of evenly spread means, exceeded by one panel in twenty."""
    rng = np.random.default_rng(3)
    return ps.quantile([explained(rng.uniform(0, 1, n).tolist()) for _ in range(400)], 0.95)


def outcomes(table: Table, published: bool) -> dict[tuple[str, str, int | None, str], str]:
    """Every result over one target, by rule, condition, seed and judge."""
    found: dict[tuple[str, str, int | None, str], str] = {}
    series = dict.fromkeys((seed, judge) for name, seed, judge in table if name in WINNERS)
    for seed, judge in series:
        em = table.get(("c6_em", seed, judge))
        ones = {
            name: hypothesis(table[name, seed, judge], em, published and judge == "sonnet")
            for name in WINNERS
            if (name, seed, judge) in table
        }
        for name, outcome in ones.items():
            found["H1 / H2", name, seed, judge] = outcome
        found["H1 / H2", "the four winners", seed, judge] = four(ones)
        if seed == 42 and judge in ("sonnet", "opus"):
            rule = "follow-up 2 (questions)"
            found[rule, "the four winners", seed, judge] = questions(table, judge)
    if any(seed in (137, 256) for seed, _ in series):
        found["follow-up 1 (seeds)", "the four winners", None, ""] = replication(table)
        rule = "follow-up 1 (order of the clusters)"
        found[rule, "the four winners", None, ""] = clusters(table)
    return found
