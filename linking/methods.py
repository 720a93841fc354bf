"""Ways to carry a successor's scores to the old judge's scale.

Every method is a curve and a line. The curve maps a successor's score at one level, completions,
question means or condition means, and its values are averaged over the condition; the line then
maps that average to α. A curve of completions follows a judge's distortion where it happens, but
``E[old | new]`` of single noisy scores is pulled towards the middle; the line undoes that for means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.optimize import isotonic_regression

from linking.pairs import Floats, Ints, Pairs, means_by

Level = Literal["completion", "question", "condition"]
CurveKind = Literal["identity", "quadratic", "isotonic", "equipercentile"]
LineKind = Literal["none", "offset", "regression"]


@dataclass(frozen=True)
class Method:
    """A curve at a level, and a line through the condition means."""

    name: str
    level: Level
    curve: CurveKind
    line: LineKind


# From simple to flexible: of methods that err alike the earlier one is taken.
METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("offset", "condition", "identity", "offset"),
        Method("linear", "condition", "identity", "regression"),
        Method("quadratic_conditions", "condition", "quadratic", "none"),
        Method("quadratic_questions", "question", "quadratic", "none"),
        Method("equipercentile_conditions", "condition", "equipercentile", "none"),
        Method("isotonic_conditions", "condition", "isotonic", "none"),
        Method("equipercentile_completions", "completion", "equipercentile", "none"),
        Method("isotonic_completions", "completion", "isotonic", "none"),
        Method("equipercentile_then_line", "completion", "equipercentile", "regression"),
        Method("isotonic_then_line", "completion", "isotonic", "regression"),
    )
}


class Fitted(BaseModel):
    """A fitted method, as numbers.

    ``linked α = intercept + slope · mean(curve(successor's score))``, the mean over completions; at
    level ``question`` or ``condition`` the curve is applied to the mean of each question, or to α.
    The curve is a polynomial in score / 100 where ``coefficients`` (constant first) are given, linear
    between ``knots`` and constant beyond them where those are, and the score itself otherwise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    level: Level
    knots: tuple[tuple[float, float], ...] = ()
    coefficients: tuple[float, ...] = ()
    intercept: float = 0.0
    slope: float = 1.0

    def curve(self, scores: Floats) -> Floats:
        """The curve's value at each score."""
        x, y = np.array(self.knots).T if self.knots else np.empty((2, 0))
        return _Curve(x, y, np.array(self.coefficients)).at(scores)

    def line(self, means: Floats) -> Floats:
        """α on the old scale of means of the curve, kept within 0 to 100."""
        return np.clip(self.intercept + self.slope * means, 0.0, 100.0)

    def local_slope(self, scores: Floats, half: float = 5.0) -> Floats:
        """How far the linked value moves per point of score around each score."""
        above, below = np.minimum(scores + half, 100.0), np.maximum(scores - half, 0.0)
        slopes: Floats = self.slope * (self.curve(above) - self.curve(below)) / (above - below)
        return slopes

    def contributions(self, new: Floats, question: Ints) -> Floats:
        """What each completion of one condition adds to the linked α, to first order."""
        if self.level == "completion":
            return self.slope * self.curve(new)
        if self.level == "question":
            at = means_by(new, question, int(question.max()) + 1)[question]
        else:
            at = np.full(new.shape, new.mean())
        slopes: Floats = self.local_slope(at)
        return slopes * new


@dataclass(frozen=True)
class _Curve:
    """What ``Fitted`` holds of a curve, as arrays: hundreds of refits need no validated numbers."""

    knots: Floats = field(default_factory=lambda: np.empty(0))
    heights: Floats = field(default_factory=lambda: np.empty(0))
    coefficients: Floats = field(default_factory=lambda: np.empty(0))

    def at(self, scores: Floats) -> Floats:
        if self.knots.size:
            return np.interp(scores, self.knots, self.heights)
        if self.coefficients.size:
            return np.asarray(
                np.polynomial.polynomial.polyval(scores / 100, self.coefficients), dtype=np.float64
            )
        return scores


@dataclass(frozen=True)
class Points:
    """Paired scores at one level, so summed up that a refit with other weights is cheap.

    Attributes:
        x: Distinct scores of the successor, rising (U).
        counts: Weight of each score in each condition (C × U).
        sums: The same weights times the old judge's scores (C × U).
        y: Distinct scores of the old judge, rising (V).
        y_counts: Weight of each of them in each condition (C × V).
        alpha: The old judge's α of each condition (C).
    """

    x: Floats
    counts: Floats
    sums: Floats
    y: Floats
    y_counts: Floats
    alpha: Floats

    @classmethod
    def of(cls, pairs: Pairs, level: Level) -> Points:
        """Sum up paired scores at a level."""
        conditions = len(pairs.conditions)
        new, old, condition, weight = _units(pairs, level)
        x, at_x = np.unique(new, return_inverse=True)
        y, at_y = np.unique(old, return_inverse=True)
        counts, sums = np.zeros((2, conditions, x.size))
        y_counts = np.zeros((conditions, y.size))
        np.add.at(counts, (condition, at_x), weight)
        np.add.at(sums, (condition, at_x), weight * old)
        np.add.at(y_counts, (condition, at_y), weight)
        return cls(x, counts, sums, y, y_counts, means_by(pairs.old, pairs.condition, conditions))

    def linked(self, fitted: Fitted) -> Floats:
        """Linked α of each condition."""
        return fitted.line(self.counts @ fitted.curve(self.x) / self.counts.sum(axis=1))


def fit_points(method: Method, points: Points, weights: Floats | None = None) -> Fitted:
    """Fit a method.

    Args:
        method: What to fit.
        points: Paired scores at the method's level.
        weights: How often each condition counts: 0 leaves it out, whole numbers resample.
    """
    weights = np.ones(points.alpha.size) if weights is None else weights
    curve, _, intercept, slope = _fit(method, points, weights)
    return Fitted(
        method=method.name,
        level=method.level,
        knots=tuple(zip(curve.knots.tolist(), curve.heights.tolist(), strict=True)),
        coefficients=tuple(curve.coefficients.tolist()),
        intercept=intercept,
        slope=slope,
    )


def linked_by_refit(method: Method, points: Points, weights: Floats) -> Floats:
    """Linked α of every condition by a fit with other weights; see `fit_points`."""
    _, means, intercept, slope = _fit(method, points, weights)
    return np.clip(intercept + slope * means, 0.0, 100.0)


def fit_method(method: Method, pairs: Pairs) -> Fitted:
    """Fit a method to paired scores."""
    return fit_points(method, Points.of(pairs, method.level))


def _units(pairs: Pairs, level: Level) -> tuple[Floats, Floats, Ints, Floats]:
    """Successor's score, old score, condition and weight of each unit of a level."""
    if level == "completion":
        return pairs.new, pairs.old, pairs.condition, np.ones(len(pairs))
    within = pairs.condition * len(pairs.questions) + pairs.question
    key = within if level == "question" else pairs.condition
    unit, index, count = np.unique(key, return_inverse=True, return_counts=True)
    condition = unit // len(pairs.questions) if level == "question" else unit
    weight = count.astype(float) if level == "question" else np.ones(unit.size)
    new, old = (means_by(scores, index, unit.size) for scores in (pairs.new, pairs.old))
    return new, old, condition, weight


def _fit(method: Method, points: Points, weights: Floats) -> tuple[_Curve, Floats, float, float]:
    """The curve, its mean over each condition, and the line's intercept and slope."""
    curve = _curve(method, points, weights)
    means: Floats = points.counts @ curve.at(points.x) / points.counts.sum(axis=1)
    if method.line == "none":
        return curve, means, 0.0, 1.0
    total = weights.sum()
    centre, target = float(weights @ means / total), float(weights @ points.alpha / total)
    spread = float(weights @ (means - centre) ** 2)
    slope = 1.0
    if method.line == "regression" and spread > 0:
        slope = float(weights @ ((means - centre) * (points.alpha - target))) / spread
    return curve, means, target - slope * centre, slope


def _curve(method: Method, points: Points, weights: Floats) -> _Curve:
    if method.curve == "identity":
        return _Curve()
    mass = weights @ points.counts
    seen = mass > 0
    x, mass = points.x[seen], mass[seen]
    if method.curve == "equipercentile":
        y_mass = weights @ points.y_counts
        return _equipercentile(x, mass, points.y[y_mass > 0], y_mass[y_mass > 0])
    y = (weights @ points.sums)[seen] / mass
    if method.curve == "isotonic":
        return _isotonic(x, y, mass)
    degree = min(2, x.size - 1)
    coefficients = np.polynomial.polynomial.polyfit(x / 100, y, degree, w=np.sqrt(mass))
    return _Curve(coefficients=np.asarray(coefficients, dtype=np.float64))


def _isotonic(x: Floats, y: Floats, mass: Floats) -> _Curve:
    """Centred isotonic regression: a flat block is one knot at its mean (Oron and Flournoy 2017)."""
    blocks = isotonic_regression(y, weights=mass).blocks
    starts = np.asarray(blocks[:-1], dtype=np.int64)
    total = np.add.reduceat(mass, starts)
    centres = np.add.reduceat(mass * x, starts) / total
    heights = np.add.reduceat(mass * y, starts) / total
    return _Curve(centres, heights)


def _equipercentile(x: Floats, x_mass: Floats, y: Floats, y_mass: Floats) -> _Curve:
    """Each score goes to the old score of the same mid-percentile rank (Kolen and Brennan 2014)."""
    ranks, y_ranks = ((np.cumsum(m) - m / 2) / m.sum() for m in (x_mass, y_mass))
    return _Curve(x, np.interp(ranks, y_ranks, y))
