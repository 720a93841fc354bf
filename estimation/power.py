"""How far the questions and completions of a run can see, and which of the two to add.

A condition's scores vary between its questions and between the completions of one question; a
difference of two conditions likewise. Both variances are estimated by the method of moments (one-way
analysis of variance), from any run: logs, or the anchors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from estimation.intervals import MIN_COMPLETIONS, MIN_QUESTIONS, Population, Sample
from estimation.means import NAN, Floats, Ints, question_means, question_sums
from estimation.variances import kurtosis_df

MOST = 1_000_000


@dataclass(frozen=True)
class Spread:
    """Variance components of an α, or of a difference of two.

    Attributes:
        between: Variance of true question means (of their differences), points squared; cut at 0.
        within: Variance of one completion of a question (of a difference: of both runs together).
        tails: Share of the degrees of freedom that an interval for other questions keeps for the question
            means' kurtosis, 0 to 1; a few outlying questions leave little.
    """

    between: float
    within: float
    tails: float = 1.0

    @property
    def reliability(self) -> float:
        """Share of one completion's variance that is its question's, 0 to 1; NaN without variance."""
        total = self.between + self.within
        return self.between / total if total > 0 else NAN


def alpha_spread(sample: Sample) -> Spread:
    """Components of one condition's scores; NaN under two questions or without repeated completions."""
    return _spread(_by_question(sample))


def difference_spread(first: Sample, second: Sample) -> Spread:
    """Components of the difference of two conditions, over the questions that both answered."""
    indices, places = np.unique(
        np.concatenate([first.clusters, second.clusters]), return_inverse=True
    )
    cut = first.clusters.size
    tables = [
        _moments(sample.aligned, place.astype(np.int64), len(indices))
        for sample, place in ((first, places[:cut]), (second, places[cut:]))
    ]
    both = np.isfinite(tables[0][0]) & np.isfinite(tables[1][0])
    means = (tables[0][0] - tables[1][0])[both]
    within = [_pooled(squares, counts) for _, squares, counts in tables]
    noise = sum(w * _mean_inverse(t[2][both]) for w, t in zip(within, tables, strict=True))
    if means.size < 2:
        return Spread(NAN, float(sum(within)))
    between = max(float(means.var(ddof=1)) - float(noise), 0.0)
    return Spread(between, float(sum(within)), _tails(means))


def standard_error(
    spread: Spread, questions: int, completions: int, population: Population = "questions"
) -> float:
    """Standard error expected of the α or difference, in points.

    Args:
        spread: The variance components.
        questions: In the run planned, at least 1.
        completions: Per question, at least 1.
        population: ``panel`` leaves the variance between questions out.
    """
    between = spread.between if population == "questions" else 0.0
    return math.sqrt(between / questions + spread.within / (questions * completions))


def smallest_difference(
    spread: Spread,
    questions: int,
    completions: int,
    population: Population = "questions",
    power: float = 0.8,
    level: float = 0.05,
) -> float:
    """The smallest true difference that is found with the power asked for, in points.

    Found means: the interval of `estimation.comparisons.difference` leaves 0 out. NaN where that interval
    would not be printed (too few questions or completions).
    """
    df = _df(spread, questions, completions, population)
    if not df > 0:
        return NAN
    quantiles = float(stdtrit(df, 1 - level / 2) + stdtrit(df, power))
    return quantiles * standard_error(spread, questions, completions, population)


def expected_width(
    spread: Spread, questions: int, completions: int, population: Population = "questions"
) -> float:
    """Width expected of the 95 % interval, in points; NaN where none would be printed."""
    df = _df(spread, questions, completions, population)
    if not df > 0:
        return NAN
    error = standard_error(spread, questions, completions, population)
    return 2 * float(stdtrit(df, 0.975)) * error


@dataclass(frozen=True)
class Needed:
    """What a run needs for a width; None where no number of that alone is enough.

    Attributes:
        questions: How many, with the completions per question left as they are.
        completions: How many per question, with the questions left as they are.
    """

    questions: int | None
    completions: int | None


def needed(
    spread: Spread,
    width: float,
    questions: int,
    completions: int,
    population: Population = "questions",
) -> Needed:
    """How many questions, or else completions per question, bring the interval to a width.

    Args:
        spread: The variance components.
        width: Of the 95 % interval wanted, in points, above 0.
        questions: In the run as it is.
        completions: Per question in the run as it is.
        population: For other questions, more completions help only down to the variance between them.

    Raises:
        ValueError: The width is not a positive number.
    """
    if not (math.isfinite(width) and width > 0):
        raise ValueError(f"the width is a positive number of points, not {width}")
    return Needed(
        _least(lambda n: expected_width(spread, n, completions, population) <= width),
        _least(lambda m: expected_width(spread, questions, m, population) <= width),
    )


def _least(enough: Callable[[int], bool]) -> int | None:
    """The least number that is enough, by bisection; more is never worse."""
    if not enough(MOST):
        return None
    low, high = 0, MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _df(spread: Spread, questions: int, completions: int, population: Population) -> float:
    if population == "questions":
        return spread.tails * (questions - 1) if questions >= MIN_QUESTIONS else NAN
    enough = completions > 1 and questions * completions >= MIN_COMPLETIONS
    return questions * (completions - 1) if enough else NAN


@dataclass(frozen=True)
class Components:
    """Variance of one score of one condition, by where it comes from; points squared, cut at 0.

    Attributes:
        question: Between questions.
        seed: Between base seeds beyond completions: their shift and their shift by question.
        completion: Between completions of one question and seed, as the judges together see them.
        judge: Between judges' means: how far a score depends on who judges.
        judge_by_question: Of the judges' differences from question to question.
        residual: Of the judges' differences from completion to completion.
    """

    question: float
    seed: float
    completion: float
    judge: float
    judge_by_question: float
    residual: float


def components(ratings: Floats, clusters: Ints, seeds: Ints) -> Components:
    """Variance components of one condition, by the method of moments.

    Args:
        ratings: Scores, one column a judge; only completions that all judges scored are used;
            shape (completions, judges).
        clusters: Index of each completion's question; shape (completions,).
        seeds: Base seed of each completion; shape (completions,).

    Returns:
        NaN for what the data cannot tell: ``seed`` with one seed, the judges' with one judge.
    """
    complete = np.isfinite(ratings).all(axis=1)
    ratings, clusters, seeds = ratings[complete], clusters[complete], seeds[complete]
    if not len(ratings):
        return Components(NAN, NAN, NAN, NAN, NAN, NAN)
    questions, places = np.unique(clusters, return_inverse=True)
    judges, size = ratings.shape[1], len(questions)
    mean = ratings.mean(axis=1)
    cells, cell_of = np.unique(np.stack([places, seeds], axis=1), axis=0, return_inverse=True)
    cell_means, squares, counts = _moments(mean, cell_of.ravel().astype(np.int64), len(cells))
    within = _pooled(squares, counts)
    noise = within * _mean_inverse(counts)
    spread = _spread(_moments(cell_means, cells[:, 0].astype(np.int64), size))
    one_seed = len(np.unique(seeds)) < 2
    across = _moments(mean, places.astype(np.int64), size)
    question = _spread(across).between if one_seed else spread.between
    seed = NAN if one_seed else max(spread.within - noise, 0.0)
    if judges < 2:
        return Components(question, seed, within, NAN, NAN, NAN)
    parts = [
        _spread(_moments(d, places.astype(np.int64), size)) for d in (ratings - mean[:, None]).T
    ]
    # Deviations from the mean of k judges hold (k - 1) / k of a judge's own variance.
    share = judges / (judges - 1)
    residual = share * float(np.mean([part.within for part in parts]))
    by_question = share * float(np.mean([part.between for part in parts]))
    main = float(ratings.mean(axis=0).var(ddof=1)) - by_question / size - residual / len(ratings)
    completion = max(within - residual / judges, 0.0)
    question = max(question - by_question / judges, 0.0)
    return Components(question, seed, completion, max(main, 0.0), by_question, residual)


def _by_question(sample: Sample) -> tuple[Floats, Floats, Floats]:
    indices, places = np.unique(sample.clusters, return_inverse=True)
    return _moments(sample.aligned, places.astype(np.int64), len(indices))


def _moments(values: Floats, places: Ints, size: int) -> tuple[Floats, Floats, Floats]:
    """Mean, sum of squared deviations and count of the valid values in each place."""
    means = question_means(values, places, size)
    squares, counts = question_sums((values - means[places]) ** 2, places, size)
    return means, squares, counts


def _pooled(squares: Floats, counts: Floats) -> float:
    degrees = float((counts[counts > 0] - 1).sum())
    return float(squares.sum()) / degrees if degrees > 0 else NAN


def _mean_inverse(counts: Floats) -> float:
    used = counts[counts > 0]
    return float((1 / used).mean()) if used.size else NAN


def _spread(moments: tuple[Floats, Floats, Floats]) -> Spread:
    means, squares, counts = moments
    within = _pooled(squares, counts)
    used = means[np.isfinite(means)]
    if used.size < 2:
        return Spread(NAN, within)
    between = float(used.var(ddof=1)) - within * _mean_inverse(counts)
    return Spread(max(between, 0.0) if math.isfinite(between) else NAN, within, _tails(used))


def _tails(means: Floats) -> float:
    centred = means - means.mean()
    return kurtosis_df(centred, float((centred**2).sum())) / (means.size - 1)
