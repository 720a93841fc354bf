"""Do conditions still differ in α where coherence and length are equal?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from estimation.intervals import MIN_QUESTIONS, Estimate
from estimation.means import NAN, Floats, Ints
from estimation.variances import kurtosis_df


@dataclass(frozen=True)
class Adjusted:
    """A linear regression of aligned on the conditions and the covariates.

    Attributes:
        differences: Condition minus the first one at equal covariates, points; one a further condition.
        raw: The same without covariates, over the same completions.
        slopes: Change of aligned per unit of each covariate.
        n: Completions with all values valid.
    """

    differences: list[Estimate]
    raw: list[Estimate]
    slopes: list[Estimate]
    n: int


def adjusted_differences(
    aligned: Sequence[Floats],
    covariates: Sequence[Floats],
    clusters: Sequence[Ints],
    level: float = 0.95,
) -> Adjusted:
    """Differences of conditions from the first one, with covariates held equal.

    Ordinary least squares with one intercept a condition and one slope a covariate; standard errors
    clustered by question. Coherence and length are made by the same completion as aligned, so an adjusted
    difference describes and does not prove what would happen at another coherence.

    Args:
        aligned: Scores 0 to 100, one array a condition; NaN without a valid verdict.
        covariates: Such as coherence and log length; one array a condition, shape (completions, k).
        clusters: Question indices, meaning the same in all conditions.
        level: Coverage asked for.

    Raises:
        ValueError: Fewer than two conditions, or arrays that do not fit one another.
    """
    if len(aligned) < 2 or not len(aligned) == len(covariates) == len(clusters):
        raise ValueError("two or more conditions, each with scores, covariates and clusters")
    condition = np.repeat(np.arange(len(aligned)), [len(values) for values in aligned])
    y, x, q = (np.concatenate(list(parts)) for parts in (aligned, covariates, clusters))
    x = x.reshape(len(x), -1).astype(float)
    used = np.isfinite(y) & np.isfinite(x).all(axis=1)
    dummies = (condition[:, None] == np.arange(1, len(aligned))[None, :]).astype(float)
    base = np.column_stack([np.ones(len(y)), dummies])[used]
    raw = _least_squares(base, y[used], q[used], level)
    full = _least_squares(np.column_stack([base, x[used]]), y[used], q[used], level)
    last = len(aligned)
    return Adjusted(full[1:last], raw[1:], full[last:], int(used.sum()))


def _least_squares(design: Floats, y: Floats, clusters: Ints, level: float) -> list[Estimate]:
    n, k = design.shape
    questions, places = np.unique(clusters, return_inverse=True)
    size = len(questions)
    base = Estimate(NAN, n=n, questions=size)
    scale = np.abs(design).max(axis=0) if n else np.ones(k)
    scale = np.where(scale > 0, scale, 1.0)
    if n <= k or np.linalg.matrix_rank(design / scale) < k:
        return [replace(base, reason="the covariates do not vary apart from the conditions")] * k
    inverse = np.linalg.inv((design / scale).T @ (design / scale))
    beta = inverse @ ((design / scale).T @ y)
    residual = y - (design / scale) @ beta
    influence = (design / scale) @ inverse * residual[:, None]
    estimates = []
    for column in range(k):
        totals = np.bincount(places, weights=influence[:, column], minlength=size).astype(float)
        found = replace(base, value=float(beta[column] / scale[column]))
        if size < MIN_QUESTIONS:
            estimates.append(replace(found, reason=f"fewer than {MIN_QUESTIONS} questions"))
            continue
        squares = float((totals**2).sum())
        error = float(np.sqrt(size / (size - 1) * squares)) / scale[column]
        if not error > 0:
            estimates.append(replace(found, reason="no spread"))
            continue
        df = kurtosis_df(totals, squares)
        half = float(stdtrit(df, (1 + level) / 2)) * error
        estimates.append(
            replace(
                found,
                low=found.value - half,
                high=found.value + half,
                standard_error=float(error),
                df=df,
                method="regression, t, by question",
            )
        )
    return estimates
