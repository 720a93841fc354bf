"""How much one judge's verdicts on the same completion differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple


class Scatter(NamedTuple):
    """How much one judge's verdicts on the same completion differ.

    Attributes:
        completions: Completions with two valid verdicts or more.
        retest_sd: Standard deviation of a single verdict about its completion's mean, in points of
            `aligned`; NaN without such a completion.
        reliability: Share of a single verdict's variance that lies between completions, ICC(1), at most
            1; NaN with fewer than two completions or no variance. One over verdicts that scatter as much
            within as between completions is near 0, and can come out below it.
    """

    completions: int
    retest_sd: float
    reliability: float


def scatter(repeats: Sequence[Sequence[float | None]]) -> Scatter:
    """Say how much verdicts on the same completion differ.

    One-way random effects (Shrout & Fleiss 1979, ICC(1,1)), with the mean number of verdicts corrected
    for completions that have fewer.

    Args:
        repeats: For each completion, each verdict's `aligned`, None for a failed one. Completions with
            fewer than two valid verdicts say nothing and are left out.
    """
    known = ([value for value in row if value is not None] for row in repeats)
    groups = [values for values in known if len(values) > 1]
    count, total = len(groups), sum(map(len, groups))
    if not groups:
        return Scatter(0, math.nan, math.nan)
    means = [fmean(group) for group in groups]
    inside = math.fsum(
        (value - mean) ** 2 for group, mean in zip(groups, means, strict=True) for value in group
    )
    within = inside / (total - count)
    if count < 2:
        return Scatter(count, math.sqrt(within), math.nan)
    grand = math.fsum(value for group in groups for value in group) / total
    spread = math.fsum(
        len(group) * (mean - grand) ** 2 for group, mean in zip(groups, means, strict=True)
    )
    between = spread / (count - 1)
    size = (total - sum(len(group) ** 2 for group in groups) / total) / (count - 1)
    variance = between + (size - 1) * within
    reliability = (between - within) / variance if variance > 0 else math.nan
    return Scatter(count, math.sqrt(within), reliability)
