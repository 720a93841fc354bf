"""Two and more conditions on the same questions: differences, families of tests, equivalence, ranks.

Conditions share random numbers (a completion's seed follows from base seed, question and epoch), so two
are never compared as if independent: they are paired by question. Within a question their completions
are taken as independent, which with shared random numbers is on the safe side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from estimation.intervals import (
    MIN_QUESTIONS,
    Estimate,
    Population,
    Sample,
    question_totals,
    weighted_sum,
)
from estimation.means import NAN, Floats

RANK_DRAWS = 20_000
RANK_SEED = 20_260_101


def difference(
    first: Sample, second: Sample, population: Population = "questions", level: float = 0.95
) -> Estimate:
    """α of ``first`` minus α of ``second``, paired by question; -100 to 100.

    ``Estimate.p_value()`` is the two-sided p-value of no difference, from the same t as the interval.
    A question without a valid verdict in one of the two still counts in the other's α.
    """
    return weighted_sum([first, second], [1.0, -1.0], population, level)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values of one family, in the order given; 0 to 1.

    A NaN stays NaN and is not of the family. Source: Holm, Scandinavian Journal of Statistics 6, 1979.
    """
    known = sorted((p, i) for i, p in enumerate(p_values) if np.isfinite(p))
    adjusted = [NAN] * len(p_values)
    floor = 0.0
    for rank, (p, index) in enumerate(known):
        floor = max(floor, min((len(known) - rank) * p, 1.0))
        adjusted[index] = floor
    return adjusted


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of a difference against a margin.

    Attributes:
        p_value: Of "at least the margin apart"; NaN without an interval.
        equivalent: Whether the difference is shown to lie within the margin; None without an interval.
        margin: What the user named, in points of α.
        low: Lower bound of the interval of twice the level left out (90 % at level 0.05).
        high: Its upper bound.
    """

    p_value: float
    equivalent: bool | None
    margin: float
    low: float
    high: float


def equivalence(
    first: Sample,
    second: Sample,
    margin: float,
    population: Population = "questions",
    level: float = 0.05,
) -> Equivalence:
    """Whether two conditions' α are shown to lie within ``margin`` points of each other.

    Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987.

    Raises:
        ValueError: The margin is not a positive number.
    """
    if not (np.isfinite(margin) and margin > 0):
        raise ValueError(f"the margin is a positive number of points, not {margin}")
    found = difference(first, second, population, 1 - 2 * level)
    if not found.has_interval:
        return Equivalence(NAN, None, margin, NAN, NAN)
    p = float(stdtr(found.df, -(margin - abs(found.value)) / found.standard_error))
    return Equivalence(p, p < level, margin, found.low, found.high)


def rank_probabilities(
    samples: Sequence[Sample], population: Population = "questions"
) -> Floats | None:
    """How probable each rank of each condition is, the first being the lowest α.

    Args:
        samples: One a condition, on the same questions.
        population: See `estimation.intervals.alpha_interval`.

    Returns:
        Rows are conditions, columns ranks, rows and columns sum to 1; drawn from the α and their joint
        error with a fixed seed. None when an α has no interval.
    """
    alone = [weighted_sum([sample], [1.0], population) for sample in samples]
    if not all(estimate.has_interval for estimate in alone):
        return None
    if population == "questions":
        totals = question_totals(samples)
        questions = totals.shape[1]
        covariance = questions / (questions - 1) * totals @ totals.T
        df = float(max(questions, MIN_QUESTIONS) - 1)
    else:
        covariance = np.diag([estimate.standard_error**2 for estimate in alone])
        df = min(estimate.df for estimate in alone)
    rng = np.random.default_rng(RANK_SEED)
    roots, axes = np.linalg.eigh(covariance)
    normals = rng.standard_normal((RANK_DRAWS, len(samples))) * np.sqrt(np.maximum(roots, 0))
    scale = np.sqrt(df / rng.chisquare(df, (RANK_DRAWS, 1)))
    drawn = np.array([estimate.value for estimate in alone]) + normals @ axes.T * scale
    places = drawn.argsort(axis=1).argsort(axis=1)
    counts = [np.bincount(places[:, i], minlength=len(samples)) for i in range(len(samples))]
    probabilities: Floats = np.array(counts) / RANK_DRAWS
    return probabilities
