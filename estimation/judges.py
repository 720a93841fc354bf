"""Several judges of the same completions: their gaps, their agreement, what a further one adds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from estimation.intervals import Estimate, Population, Sample, weighted_sum
from estimation.means import NAN, Floats, Ints

NO_INTERVAL = "no interval of an agreement held in every case that was tried"


def gap(
    first: Floats,
    second: Floats,
    clusters: Ints,
    population: Population = "questions",
    level: float = 0.95,
) -> Estimate:
    """α of one judge minus α of the other, each over its own valid verdicts; the published definition.

    -100 to 100, with its sign. NaN when a judge has no valid verdict. Position i is one completion.
    """
    samples = [Sample(first, clusters), Sample(second, clusters)]
    return weighted_sum(samples, [1.0, -1.0], population, level, same_completions=True)


def paired_gap(
    first: Floats,
    second: Floats,
    clusters: Ints,
    population: Population = "questions",
    level: float = 0.95,
) -> Estimate:
    """Mean difference over the completions that both judges scored, -100 to 100."""
    both = np.isfinite(first) & np.isfinite(second)
    found = gap(
        np.where(both, first, np.nan), np.where(both, second, np.nan), clusters, population, level
    )
    return replace(found, n=int(both.sum()))


def krippendorff_alpha(ratings: Floats) -> float:
    """Krippendorff's α of agreement, interval scale; 1 is perfect, 0 is chance.

    ``ratings`` has one row a completion and one column a judge; NaN is a missing rating, and
    rows with fewer than two ratings are left out. Source: Krippendorff, Content Analysis,
    4th ed., ch. 12. It shares nothing but its name with the suite's α.
    """
    observed, expected = _disagreements(_unit_sums(ratings)[1].sum(axis=0))
    return 1 - observed / expected if expected > 0 else NAN


def agreement(ratings: Floats, clusters: Ints) -> Estimate:
    """Krippendorff's α with what it rests on, and no interval: none held in every case that was tried.

    Args:
        ratings: As for `krippendorff_alpha`; shape (completions, judges).
        clusters: Index of each completion's question; shape (completions,).
    """
    value = krippendorff_alpha(ratings)
    usable = np.isfinite(ratings).sum(axis=1) >= 2
    return Estimate(
        value,
        n=int(usable.sum()),
        questions=np.unique(clusters[usable]).size,
        population="panel",
        reason=NO_INTERVAL if np.isfinite(value) else "no two ratings that differ",
    )


def _unit_sums(ratings: Floats) -> tuple[int, Floats]:
    """How many completions have two ratings, and each one's number, sum, squares and disagreement."""
    present = np.isfinite(ratings)
    raters = present.sum(axis=1)
    usable = raters >= 2
    there, counts = present[usable], raters[usable].astype(float)
    if not usable.any():
        return 0, np.zeros((0, 4))
    # Agreement is unchanged by a shift; centring keeps the squares small and exact.
    kept = np.where(there, ratings[usable] - ratings[usable][there].mean(), 0.0)
    means = kept.sum(axis=1) / counts
    centred = np.where(there, kept - means[:, None], 0.0)
    within = 2 * counts * (centred**2).sum(axis=1) / (counts - 1)
    columns = [counts, kept.sum(axis=1), (kept**2).sum(axis=1), within]
    return int(usable.sum()), np.stack(columns, axis=1)


def _disagreements(sums: Floats) -> tuple[float, float]:
    n, total, squares, within = sums
    if n < 2:
        return NAN, NAN
    spread = squares - total**2 / n
    # Rounding leaves a trace of spread in constant ratings; it is not disagreement.
    if spread <= 1e-12 * max(squares, 1.0):
        return NAN, 0.0
    return float(within / n), float(2 * spread / (n - 1))


def spearman(first: Floats, second: Floats) -> float:
    """Spearman's ρ over the pairs in which both values are valid, -1 to 1."""
    pair = _pair(first, second)
    return NAN if pair is None else pearson(_ranks(pair[0]), _ranks(pair[1]))


def _ranks(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing their mean rank."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[places]
    return ranks


def pearson(first: Floats, second: Floats) -> float:
    """Pearson's r over the pairs in which both values are valid, -1 to 1."""
    pair = _pair(first, second)
    return NAN if pair is None else float(np.corrcoef(*pair)[0, 1])


def _pair(first: Floats, second: Floats) -> tuple[Floats, Floats] | None:
    both = np.isfinite(first) & np.isfinite(second)
    a, b = first[both], second[both]
    return None if a.size < 3 or np.ptp(a) == 0 or np.ptp(b) == 0 else (a, b)


@dataclass(frozen=True)
class Pair:
    """Two judges of one run, by their column."""

    first: int
    second: int
    gap: Estimate
    paired_gap: Estimate
    krippendorff: Estimate
    spearman: float


def every_pair(ratings: Floats, clusters: Ints, population: Population = "questions") -> list[Pair]:
    """Each pair of judges once; ``ratings`` has one row a completion and one column a judge."""
    columns = range(ratings.shape[1])
    return [
        Pair(
            i,
            j,
            gap(ratings[:, i], ratings[:, j], clusters, population),
            paired_gap(ratings[:, i], ratings[:, j], clusters, population),
            agreement(ratings[:, [i, j]], clusters),
            spearman(ratings[:, i], ratings[:, j]),
        )
        for i in columns
        for j in columns
        if i < j
    ]


def effective_judges(ratings: Floats) -> float:
    """How many judges who share nothing the given ones are worth, 1 to their number k.

    k / (1 + (k - 1) r), r the mean of their pairwise Pearson correlations over completions, cut at
    0: Kish's design effect. What the completions themselves make judges agree on counts as shared, so it
    is a lower bound for their errors. NaN when a correlation is undefined, 1 for one judge.
    """
    k = ratings.shape[1]
    if k < 2:
        return float(k) if np.isfinite(ratings).any() else NAN
    pairs = [pearson(ratings[:, i], ratings[:, j]) for i in range(k) for j in range(i)]
    return float(k / (1 + (k - 1) * max(float(np.mean(pairs)), 0.0)))
