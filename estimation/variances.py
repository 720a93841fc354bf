"""Variances of weighted sums of means from their completions' influences, and what t they deserve.

Sources: degrees of freedom matched to the kurtosis (Shoemaker, The American Statistician 57, 2003) and to
unequal variances (Satterthwaite, 1946).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from estimation.means import NAN, Floats, Ints

FEWEST_DF = 1.5
# Variances below are rounding, not spread.
TINY = 1e-18


def between_variance(totals: Floats) -> tuple[float, float]:
    """Variance from the questions' summed influences, and degrees of freedom by their kurtosis."""
    q, squares = totals.size, float((totals**2).sum())
    if q < 2:
        return NAN, NAN
    return q / (q - 1) * squares, kurtosis_df(totals, squares)


def kurtosis_df(parts: Floats, squares: float) -> float:
    """Degrees of freedom that the variance from ``squares``, the sum of ``parts`` squared, deserves.

    As many as a normal sample's whose variance is known as well; from 1.5 to the number less one.
    """
    q = parts.size
    if q < 4 or squares < TINY:
        return float(q - 1)
    excess = q * float((parts**4).sum()) / squares**2 - 3
    unbiased = (q - 1) / ((q - 2) * (q - 3)) * ((q + 1) * excess + 6)
    relative_variance = unbiased / q + 2 / (q - 1)
    if relative_variance <= 0:
        return float(q - 1)
    return float(np.clip(2 / relative_variance, FEWEST_DF, q - 1))


def within_variance(
    influences: Sequence[Floats], places: Sequence[Ints], size: int, tails: bool = False
) -> tuple[float, float]:
    """Variance from the spread within questions, and Satterthwaite's degrees of freedom.

    Args:
        influences: One array a run, 0 where a completion does not count; shape (completions,).
        places: Its questions, from 0 to ``size`` - 1; shape (completions,).
        size: How many questions there are.
        tails: Whether there are no more degrees of freedom than the kurtosis of all deviations from
            question means allows: few where a few completions make up most of the variance.

    Returns:
        NaN twice where no question has two completions; 0 and NaN where nothing varies.
    """
    variances, dofs, deviations = [], [], []
    for influence, place in zip(influences, places, strict=True):
        asked = np.bincount(place, minlength=size).astype(float)
        means = np.bincount(place, weights=influence, minlength=size) / np.maximum(asked, 1)
        several = asked > 1
        if not several.any():
            return NAN, NAN
        # Freed of what each completion adds to its own question's mean.
        freed = np.sqrt(asked / np.maximum(asked - 1, 1))[place] * (influence - means[place])
        # A question asked once tells nothing of its own spread: it takes the others' average.
        spread = np.bincount(place, weights=freed**2, minlength=size) / np.maximum(asked, 1)
        spread = np.where(several, spread, spread[several].mean())
        variances.append((asked * spread)[asked > 0])
        dofs.append(np.where(several, asked - 1, 1.0)[asked > 0])
        deviations.append(freed[several[place]])
    parts, df = np.concatenate(variances), np.concatenate(dofs)
    total = float(parts.sum())
    if total < TINY:
        return 0.0, NAN
    found = total**2 / float((parts**2 / df).sum())
    if tails:
        pooled = np.concatenate(deviations)
        found = min(found, kurtosis_df(pooled, float((pooled**2).sum())))
    return total, max(found, 1.0)
