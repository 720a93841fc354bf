"""Arithmetic that shares nothing with the suite: plain Python, methods as docs/statistics.md says.

Only the t distribution comes from a library.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, variance
from typing import Any

import numpy as np
from scipy import stats

Key = tuple[str, int]
Scores = dict[Key, float | None]
Numbers = dict[str, Any]


def known(scores: Scores) -> list[float]:
    return [value for value in scores.values() if value is not None]


def mean(scores: Scores) -> float | None:
    return fmean(found) if (found := known(scores)) else None


def degrees(totals: Sequence[float]) -> float:
    """As many as a normal sample's whose variance is known as well as this one's."""
    q, squares = len(totals), math.fsum(u**2 for u in totals)
    if q < 4 or squares == 0:
        return q - 1
    excess = q * math.fsum(u**4 for u in totals) / squares**2 - 3
    unbiased = (q - 1) / ((q - 2) * (q - 3)) * ((q + 1) * excess + 6)
    relative = unbiased / q + 2 / (q - 1)
    return q - 1 if relative <= 0 else min(max(2 / relative, 1.5), q - 1)


def logit_t(
    value: float, error: float, df: float, units: int, by_question: bool
) -> tuple[float, float]:
    """Student's t on the logit scale, with a small pseudo-observation in the middle."""
    weight = math.sqrt(units) / 72
    centre = (units * value + weight * 50) / (units + weight)
    moved = (weight if by_question else 0.6 * math.sqrt(weight)) * (50 - centre)
    spread = math.sqrt((units * error) ** 2 + moved**2) / (units + weight) / 100
    share = centre / 100
    half = stats.t.isf(0.025, df) * spread / (share * (1 - share))
    middle = math.log(share / (1 - share))
    low, high = (100 / (1 + math.exp(-(middle + sign * half))) for sign in (-1, 1))
    return min(low, value), max(high, value)


def moves(parts: Sequence[Scores], weights: Sequence[float]) -> list[dict[Key, float]]:
    """How far each completion moves the weighted sum of means; a failed one moves nothing."""
    found = []
    for scores, weight in zip(parts, weights, strict=True):
        middle, count = mean(scores), len(known(scores))
        found.append(
            {
                key: 0.0 if x is None or middle is None else weight * (x - middle) / count
                for key, x in scores.items()
            }
        )
    return found


def by_question(moved: Iterable[Mapping[Key, float]]) -> dict[str, float]:
    totals: dict[str, float] = defaultdict(float)
    for part in moved:
        for (question, _), value in part.items():
            totals[question] += value
    return totals


def error_and_df(
    parts: Sequence[Scores], weights: Sequence[float], panel: bool, shared: bool = False
) -> tuple[float, float]:
    """Standard error and degrees of freedom, of either population."""
    moved = moves(parts, weights)
    if not panel:
        asked = {key[0] for scores in parts for key, x in scores.items() if x is not None}
        totals = [total for name, total in by_question(moved).items() if name in asked]
        q = len(totals)
        if q < 2:
            return math.nan, math.nan
        squares = math.fsum(u**2 for u in totals)
        return math.sqrt(q / (q - 1) * squares), degrees(totals)
    if shared:
        moved = [{key: sum(part.get(key, 0.0) for part in moved) for key in moved[0]}]
    pieces, deviations = [], []
    for part in moved:
        groups: dict[str, list[float]] = defaultdict(list)
        for (question, _), value in part.items():
            groups[question].append(value)
        for us in groups.values():
            pieces.append((len(us) * variance(us), len(us) - 1))
            deviations += [(u - fmean(us)) * math.sqrt(len(us) / (len(us) - 1)) for u in us]
    total = math.fsum(piece for piece, _ in pieces)
    if total == 0:
        return 0.0, math.nan
    df = total**2 / math.fsum(piece**2 / df for piece, df in pieces)
    if abs(sum(weights)) < 1e-9:
        df = min(df, degrees(deviations))
    return math.sqrt(total), max(df, 1.0)


def estimate(
    parts: Sequence[Scores], weights: Sequence[float] = (1.0,), shared: bool = False
) -> Numbers:
    """A weighted sum of means with both intervals."""
    means = [mean(scores) for scores in parts]
    n = sum(len(known(scores)) for scores in parts)
    if None in means:
        nothing = dict.fromkeys(("standard_error", "low", "high"))
        return {"value": None, "completions": n, "questions": 0, **nothing, "panel": nothing}
    value = sum(w * m for w, m in zip(weights, means, strict=True) if m is not None)
    asked = {key[0] for scores in parts for key, x in scores.items() if x is not None}
    found: Numbers = {"value": value, "completions": n, "questions": len(asked)}
    for population in ("questions", "panel"):
        panel = population == "panel"
        error, df = error_and_df(parts, weights, panel, shared)
        bounds: tuple[float | None, float | None] = None, None
        fewest = min(len(scores) for scores in parts)
        if error > 1e-9 and (fewest >= 50 if panel else len(asked) >= 30):
            half = stats.t.isf(0.025, df) * error
            units = n if panel else len(asked)
            bounds = (
                logit_t(value, error, df, units, not panel)
                if abs(sum(weights) - 1) < 1e-9
                else (max(value - half, -100.0), min(value + half, 100.0))
            )
        shown = None if math.isnan(error) else error
        numbers = {"standard_error": shown, "low": bounds[0], "high": bounds[1]}
        found |= {"panel": numbers} if panel else numbers
    return found


def p_value(parts: Sequence[Scores], panel: bool) -> float | None:
    asked = {key[0] for scores in parts for key, x in scores.items() if x is not None}
    fewest = min(len(scores) for scores in parts)
    if fewest < 50 if panel else len(asked) < 30:
        return None
    error, df = error_and_df(parts, (1, -1), panel)
    first, second = (fmean(known(scores)) for scores in parts)
    if error < 1e-9:
        return None
    return float(2 * stats.t.sf(abs(first - second) / error, df))


def holm(found: Sequence[float | None]) -> list[float | None]:
    order = sorted((p, place) for place, p in enumerate(found) if p is not None)
    adjusted: list[float | None] = [None] * len(found)
    for rank, (_, place) in enumerate(order):
        adjusted[place] = min(
            1.0, max((len(order) - earlier) * order[earlier][0] for earlier in range(rank + 1))
        )
    return adjusted


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


def sarle(values: Sequence[float]) -> float:
    n, middle = len(values), fmean(values)
    m2, m3, m4 = (sum((v - middle) ** k for v in values) / n for k in (2, 3, 4))
    skew: float = math.sqrt(n * (n - 1)) / (n - 2) * m3 / m2**1.5
    excess = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)
    return (skew * skew + 1) / (excess + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))


def krippendorff(units: Sequence[Sequence[float]]) -> float:
    """By the definition: squared differences within units against those among all ratings."""
    units = [unit for unit in units if len(unit) > 1]
    everything = [value for unit in units for value in unit]
    n = len(everything)
    within = sum(sum((a - b) ** 2 for a in u for b in u) / (len(u) - 1) for u in units) / n
    among = sum((a - b) ** 2 for a in everything for b in everything) / (n * (n - 1))
    return 1 - within / among


def ranks(values: Sequence[float]) -> list[float]:
    places: dict[float, list[int]] = defaultdict(list)
    for place, value in enumerate(sorted(values), start=1):
        places[value].append(place)
    return [fmean(places[value]) for value in values]


def pearson(first: Sequence[float], second: Sequence[float]) -> float:
    a, b = fmean(first), fmean(second)
    top = sum((x - a) * (y - b) for x, y in zip(first, second, strict=True))
    return top / math.sqrt(sum((x - a) ** 2 for x in first) * sum((y - b) ** 2 for y in second))


def both(first: Scores, second: Scores) -> tuple[list[float], list[float]]:
    keys = [k for k, x in first.items() if x is not None and second[k] is not None]
    return [first[k] or 0.0 for k in keys], [second[k] or 0.0 for k in keys]


def question_means(scores: Scores) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for (question, _), x in scores.items():
        values[question] += [] if x is None else [x]
    return {question: fmean(xs) for question, xs in values.items() if xs}


def split(means: Mapping[str, float], null: Mapping[str, float]) -> dict[str, float | None]:
    """Question means cut in two where that explains most."""
    order = sorted(means, key=lambda name: means[name])

    def apart(cut: int) -> float:
        low, high = ([means[n] for n in part] for part in (order[:cut], order[cut:]))
        return len(low) * len(high) * (fmean(low) - fmean(high)) ** 2

    cut = max(range(1, len(order)), key=apart)
    rest = [name for name in order[cut:] if name in null]
    return {
        "low questions": float(cut),
        "mean of the low questions": fmean(means[name] for name in order[:cut]),
        "mean of the others": fmean(means[name] for name in order[cut:]),
        "the others minus the null's": fmean(means[n] - null[n] for n in rest) if rest else None,
        "interquartile range": quantile(list(means.values()), 0.75)
        - quantile(list(means.values()), 0.25),
    }


def rank_shares(parts: Sequence[Scores], panel: bool, draws: int = 20_000) -> list[list[float]]:
    """How often each condition takes each rank, the lowest mean first, by draws of its own."""
    rng = np.random.default_rng(1)
    means = np.array([fmean(known(part)) for part in parts])
    errors, dfs = zip(*(error_and_df([part], [1], panel) for part in parts), strict=True)
    if panel:
        drawn, df = rng.normal(0, errors, (draws, len(parts))), min(dfs)
    else:
        totals = [by_question(moves([part], [1])) for part in parts]
        names = sorted(set().union(*totals))
        table = np.array([[total.get(name, 0.0) for name in names] for total in totals])
        q = len(names)
        # Sums of the questions' influences with random signs have their joint variance.
        signs = rng.normal(0, math.sqrt(q / (q - 1)), (draws, q))
        drawn, df = signs @ table.T, q - 1
    drawn = means + drawn / np.sqrt(rng.chisquare(df, (draws, 1)) / df)
    order = drawn.argsort(axis=1)
    return [
        [float((order[:, r] == c).mean()) for r in range(len(parts))] for c in range(len(parts))
    ]


def differing(found: Any, expected: Any, path: str = "") -> list[str]:
    """Numbers that are not as expected, and numbers for which nothing was expected."""
    if isinstance(found, dict):
        wanted = expected if isinstance(expected, dict) else {}
        return [d for k in found for d in differing(found[k], wanted.get(k), f"{path}.{k}")]
    if isinstance(found, list):
        listed = expected if isinstance(expected, list) else [None] * len(found)
        if len(listed) != len(found):
            return [f"{path}: {len(found)} and not {len(listed)}"]
        pairs = zip(found, listed, strict=True)
        return [d for i, (a, b) in enumerate(pairs) for d in differing(a, b, f"{path}[{i}]")]
    if isinstance(found, bool | str) or (found is None and expected is None):
        return []
    if found is None or not isinstance(expected, int | float):
        return [f"{path}: {found} and not {expected}"]
    close = math.isclose(found, expected, rel_tol=1e-7, abs_tol=1e-7)
    return [] if close else [f"{path}: {found} and not {expected}"]
