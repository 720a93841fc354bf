"""One definition of an interval for every α, gap, difference and mean over seeds.

Every such number is a weighted sum of pooled means. Its variance comes from the completions'
influences, summed within questions (population ``questions``: other questions of the same kind) or
spread within questions (population ``panel``: new completions to the same questions). Student's t
has as many degrees of freedom as the variance deserves, and an α's interval is made on the logit
scale. docs/statistics.md has the measured coverage.

Sources: the linearised ratio estimator with clusters (Cochran, Sampling Techniques, ch. 6 and 9);
pseudo-observations in the middle of the scale (Agresti and Coull, The American Statistician 52, 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.special import stdtr, stdtrit

from estimation.means import NAN, Booleans, Floats, Ints
from estimation.variances import TINY, between_variance, within_variance

Population = Literal["panel", "questions"]

# Under these no method held in every structure tried: a mixture, two humps, the floor (docs/statistics.md).
MIN_QUESTIONS = 30
# Asked, not valid: to choose by what failed would bias what is printed.
MIN_COMPLETIONS = 50
# The weight of the pseudo-observation is the square root of the number of units over this; 72 makes it
# a tenth of a question on the whole panel. Chosen by coverage near the floor.
PSEUDO = 72.0
# How much of the pseudo-observation's chance counts, where the units are completions; by coverage likewise.
PSEUDO_CHANCE = 0.6
MIDDLE = 50.0


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Attributes:
        value: On the scale of aligned, 0 to 100; a difference runs from -100 to 100. NaN when empty.
        low: Lower bound; NaN when no interval holds.
        high: Upper bound; NaN when no interval holds.
        standard_error: Of ``value``; NaN when unknown.
        df: Degrees of freedom of Student's t; NaN when unknown.
        n: Valid verdicts it rests on; of a paired number, completions.
        questions: Questions with at least one of them.
        population: What the interval speaks of.
        method: Its name, printed beside the number; empty without an interval.
        reason: Why there is no interval; empty with one.
    """

    value: float
    low: float = NAN
    high: float = NAN
    standard_error: float = NAN
    df: float = NAN
    n: int = 0
    questions: int = 0
    population: Population = "questions"
    method: str = ""
    reason: str = ""

    @property
    def has_interval(self) -> bool:
        """Whether both bounds are known."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))

    def p_value(self, null: float = 0.0) -> float:
        """Two-sided p-value of ``value`` = ``null`` by the same standard error and Student's t.

        NaN without an interval. For differences, it is under 0.05 exactly when the 95 % interval
        leaves ``null`` out.
        """
        if not self.has_interval:
            return NAN
        return float(2 * stdtr(self.df, -abs(self.value - null) / self.standard_error))


@dataclass(frozen=True, eq=False)
class Sample:
    """The scores of one judge on one run.

    Attributes:
        aligned: Scores 0 to 100, NaN where there is no valid verdict; shape (completions,).
        clusters: Index of each completion's question; shape (completions,).
    """

    aligned: Floats
    clusters: Ints
    valid: Booleans = field(init=False, repr=False)
    n: int = field(init=False)
    mean: float = field(init=False)

    def __post_init__(self) -> None:
        aligned = np.asarray(self.aligned, dtype=np.float64)
        clusters = np.asarray(self.clusters, dtype=np.int64)
        if aligned.ndim != 1 or aligned.shape != clusters.shape:
            raise ValueError("aligned and clusters are one-dimensional and of one length")
        valid = np.isfinite(aligned)
        n = int(valid.sum())
        object.__setattr__(self, "aligned", aligned)
        object.__setattr__(self, "clusters", clusters)
        object.__setattr__(self, "valid", valid)
        object.__setattr__(self, "n", n)
        object.__setattr__(self, "mean", float(aligned[valid].mean()) if n else NAN)

    def influence(self) -> Floats:
        """What each completion adds to the mean's error, 0 where it has no valid verdict."""
        zero_filled = np.where(self.valid, self.aligned - self.mean, 0.0)
        influence: Floats = zero_filled / self.n
        return influence


def alpha_interval(
    aligned: Floats, clusters: Ints, population: Population = "questions", level: float = 0.95
) -> Estimate:
    """α with its interval; 0 to 100, lower is more misaligned.

    Args:
        aligned: Scores 0 to 100 of completions, NaN without a valid verdict; shape (completions,).
            Population ``questions`` does not change when failed completions are left out instead;
            ``panel`` counts their number's own chance in only when they are there as NaN.
        clusters: Index of each completion's question; any integers; shape (completions,).
        population: ``panel`` for new completions to the same questions, ``questions`` for other
            questions of the same kind.
        level: Coverage asked for.

    Returns:
        The pooled mean, its bounds within 0 and 100, and the method's name; without bounds, the reason.
    """
    return weighted_sum([Sample(aligned, clusters)], [1.0], population, level)


def weighted_sum(
    samples: Sequence[Sample],
    weights: Sequence[float],
    population: Population = "questions",
    level: float = 0.95,
    same_completions: bool = False,
) -> Estimate:
    """A weighted sum of pooled means over the same questions, with its interval.

    Args:
        samples: One judge's scores on one run each; question indices mean the same in all.
        weights: One a sample. Where they sum to 1 the result is an α, 0 to 100, with bounds on the
            logit scale; where they sum to 0 it is a difference, -100 to 100.
        population: See `alpha_interval`.
        level: Coverage asked for.
        same_completions: Whether position i is the same completion in all samples (two judges of one
            run), so that chance within a question is shared.

    Returns:
        The estimate; without bounds when a sample has no valid verdict, when there are too few
        questions or completions, or when nothing varies.
    """
    value = float(sum(w * s.mean for w, s in zip(weights, samples, strict=True)))
    bounded = abs(sum(weights) - 1) < 1e-12
    n = sum(s.n for s in samples)
    if not np.isfinite(value):
        return Estimate(NAN, n=n, population=population, reason="no valid verdict")
    totals = np.asarray(weights) @ question_totals(samples)
    questions = totals.size
    if population == "questions":
        reason = f"fewer than {MIN_QUESTIONS} questions" if questions < MIN_QUESTIONS else ""
        variance, df = between_variance(totals)
        units = questions
    else:
        influences = [w * s.influence() for w, s in zip(weights, samples, strict=True)]
        places, size = _places(samples)
        if same_completions:
            influences, places = [np.sum(influences, axis=0)], places[:1]
        # Near an end of the scale an α's bounds have the pseudo-observation instead.
        variance, df = within_variance(influences, places, size, tails=not bounded)
        reason = "" if np.isfinite(variance) else "one completion per question"
        units = n
    error = float(np.sqrt(variance))
    if not reason and not variance > TINY:
        reason = "no spread" if units > 1 else "one completion"
    if (
        not reason
        and population == "panel"
        and min(s.valid.size for s in samples) < MIN_COMPLETIONS
    ):
        reason = f"fewer than {MIN_COMPLETIONS} completions"
    if reason:
        return Estimate(
            value, NAN, NAN, error, NAN, n, questions, population, method="", reason=reason
        )
    half = float(stdtrit(df, (1 + level) / 2))
    if bounded:
        low, high = _logit_bounds(value, error, half, units, population)
    else:
        low, high = max(value - half * error, -100.0), min(value + half * error, 100.0)
    return Estimate(
        value, low, high, error, df, n, questions, population, _method(population, bounded)
    )


def _method(population: Population, bounded: bool) -> str:
    scale = "logit-t" if bounded else "t"
    return f"{scale}, {'by question' if population == 'questions' else 'within questions'}"


def question_totals(samples: Sequence[Sample]) -> Floats:
    """Influences summed by question; shape (samples, questions with a valid verdict in any)."""
    places, size = _places(samples)
    totals, used = np.empty((len(samples), size)), np.zeros(size)
    for row, (sample, place) in enumerate(zip(samples, places, strict=True)):
        totals[row] = np.bincount(place, weights=sample.influence(), minlength=size)
        used += np.bincount(place[sample.valid], minlength=size)
    chosen: Floats = totals[:, used > 0]
    return chosen


def _places(samples: Sequence[Sample]) -> tuple[list[Ints], int]:
    """The samples' questions numbered from 0 together, and how many there are."""
    indices, places = np.unique(np.concatenate([s.clusters for s in samples]), return_inverse=True)
    ends = np.cumsum([s.clusters.size for s in samples])[:-1]
    return np.split(places.astype(np.int64), ends), len(indices)


def _logit_bounds(
    value: float, error: float, quantile: float, units: int, population: Population
) -> tuple[float, float]:
    weight = np.sqrt(units) / PSEUDO
    centre = (units * value + weight * MIDDLE) / (units + weight)
    # A question of weight w moves the mean by w times its distance; w completions do by its root.
    chance = weight if population == "questions" else PSEUDO_CHANCE * np.sqrt(weight)
    moved = chance * (MIDDLE - centre)
    spread = np.hypot(units * error, moved) / (units + weight)
    fraction = centre / 100
    middle = np.log(fraction / (1 - fraction))
    half = quantile * spread / 100 / (fraction * (1 - fraction))
    low, high = 100 / (1 + np.exp(-(middle - half))), 100 / (1 + np.exp(-(middle + half)))
    return float(min(low, value)), float(max(high, value))
