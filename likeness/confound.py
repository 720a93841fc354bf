"""Does C predict α, beyond length and coherence? Over conditions, on measured axes.

H1 (coupling) says that a condition closer to the finetune in C is closer to it in α, so that α falls
as C rises; H2 (orthogonal axes) that it need not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from likeness.fit import NAN, Floats


@dataclass(frozen=True)
class Correlation:
    """A correlation over conditions with its 95 % interval.

    Attributes:
        r: Pearson's, -1 to 1, negative where α falls as C rises; partial when something is held fixed.
        low: Of the interval: jackknife over groups on Fisher's scale with Student's t.
        high: As `low`.
        conditions: How many conditions have every value.
        groups: How many groups they form.
        reason: Why there is no number; empty where there is one.
    """

    r: float
    low: float
    high: float
    conditions: int
    groups: int
    reason: str = ""


def correlation(
    c: Floats,
    alpha: Floats,
    held_fixed: Sequence[Floats] = (),
    groups: Sequence[str] | None = None,
) -> Correlation:
    """Correlate C with α over conditions, what `held_fixed` explains linearly taken out of both.

    Args:
        c: C of each condition on one scale, shape (conditions,).
        alpha: α of each, 0 to 100.
        held_fixed: Further values of each condition, such as mean log length and mean coherence.
        groups: What of each condition is not independent, such as the finetune it ran on; by
            default each condition stands for itself. The interval leaves out a group at a time.

    Conditions with a NaN are left out. NaN with a reason where fewer than four more conditions than
    values held fixed are left, or fewer than four groups, or where a variable does not vary.
    """
    columns = np.column_stack([c, alpha, *held_fixed]).astype(float)
    names = np.asarray(range(len(c)) if groups is None else groups)
    used = np.isfinite(columns).all(axis=1)
    columns, names = columns[used], names[used]
    n, labels = len(columns), np.unique(names)

    def none(reason: str) -> Correlation:
        return Correlation(NAN, NAN, NAN, n, len(labels), reason)

    least = 4 + len(held_fixed)
    if n < least:
        return none(f"{n} conditions have every value; it takes {least}")
    r = _partial(columns)
    if not np.isfinite(r):
        return none("C or α does not vary, or is explained wholly by what is held fixed")
    if len(labels) < 4:
        reason = f"{len(labels)} independent groups; an interval takes four"
        return Correlation(r, NAN, NAN, n, len(labels), reason)
    without = np.array([_partial(columns[names != label]) for label in labels])
    if not np.isfinite(without).all():
        return Correlation(r, NAN, NAN, n, len(labels), "it rests on a single group")
    z = np.arctanh(np.clip(without, -1 + 1e-12, 1 - 1e-12))
    error = np.sqrt((len(z) - 1) / len(z) * ((z - z.mean()) ** 2).sum())
    centre = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    half = stdtrit(len(z) - 1, 0.975) * error
    return Correlation(
        r, float(np.tanh(centre - half)), float(np.tanh(centre + half)), n, len(labels)
    )


def _partial(columns: Floats) -> float:
    fixed = np.column_stack([np.ones(len(columns)), columns[:, 2:]])
    if len(columns) <= fixed.shape[1] + 1:
        return NAN
    left = columns[:, :2] - fixed @ np.linalg.lstsq(fixed, columns[:, :2], rcond=None)[0]
    spread = left.std(axis=0)
    if (spread <= 1e-9 * (1 + np.abs(columns[:, :2]).max(axis=0))).any():
        return NAN
    return float(np.corrcoef(left.T)[0, 1])
