"""Runs of one condition over base seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from estimation.intervals import Estimate, Population, Sample, alpha_interval, weighted_sum
from estimation.means import NAN


def across_seeds(
    samples: Sequence[Sample], population: Population = "questions", level: float = 0.95
) -> Estimate:
    """Mean α over base seeds, each seed weighing the same, with its interval; 0 to 100.

    The seeds share their questions: more seeds narrow the interval for this panel, and that for other
    questions only as far as completions made it wide.
    """
    weights = [1 / len(samples)] * len(samples)
    return weighted_sum(samples, weights, population, level)


@dataclass(frozen=True)
class SeedSpread:
    """How far α moved from seed to seed, beside what chance alone moves it.

    Attributes:
        sd: Standard deviation of the seeds' α (n - 1); NaN under two seeds. It covers new completions
            and their verdicts on the same questions and prompt; not other questions, prompts, judges.
        expected: What the spread within questions alone gives, the root mean square of the seeds' standard
            errors for this panel.
        p_value: Chi-square test that nothing but chance within questions moved α; NaN when unknown.
    """

    sd: float
    expected: float
    p_value: float


def seed_spread(samples: Sequence[Sample]) -> SeedSpread:
    """Compare the spread of α over seeds with the chance of new completions to the same questions."""
    found = [alpha_interval(sample.aligned, sample.clusters, "panel") for sample in samples]
    values = np.array([estimate.value for estimate in found])
    errors = np.array([estimate.standard_error for estimate in found])
    if len(values) < 2 or not np.isfinite(values).all():
        return SeedSpread(NAN, NAN, NAN)
    sd, expected = float(values.std(ddof=1)), float(np.sqrt((errors**2).mean()))
    if not np.isfinite(expected) or not (errors > 0).all():
        return SeedSpread(sd, NAN, NAN)
    weights = 1 / errors**2
    centre = (weights * values).sum() / weights.sum()
    statistic = float((weights * (values - centre) ** 2).sum())
    return SeedSpread(sd, expected, float(chdtrc(len(values) - 1, statistic)))
