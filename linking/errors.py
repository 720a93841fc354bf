"""How well a method carries α over, measured on conditions and questions that it was not fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict

from linking.methods import METHODS, Fitted, Method, Points, fit_method, linked_by_refit
from linking.pairs import Floats, Ints, Pairs, means_by

BOOTSTRAP_SEED = 20_261_125


class LinkErrors(BaseModel):
    """Errors of one method in points of α, root mean squares of old minus linked.

    Attributes:
        left_out_condition: Over conditions, each linked by a fit to the others.
        left_out_group: The same with all conditions of one group left out together, by kind of group.
        left_out_question: Over questions: the mean error on one question, averaged over conditions,
            of a fit to the other questions. None with one question.
        largest: The largest single left-out-condition error, without its sign.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=True)

    left_out_condition: float
    left_out_group: dict[str, float]
    left_out_question: float | None
    largest: float

    @property
    def governing(self) -> float:
        """The largest of the errors on left-out conditions: what a new condition is promised."""
        return max([self.left_out_condition, *self.left_out_group.values()])


def left_out_residuals(method: Method, points: Points, groups: Ints) -> Floats:
    """Old α minus linked α of each condition, linked by a fit without the condition's group."""
    residuals = np.full(points.alpha.size, np.nan)
    for group in np.unique(groups):
        inside = groups == group
        if inside.all():
            return residuals
        linked = linked_by_refit(method, points, (~inside).astype(float))
        residuals[inside] = (points.alpha - linked)[inside]
    return residuals


def question_biases(method: Method, pairs: Pairs) -> tuple[Floats, Floats]:
    """Each question's mean error over conditions, when the fit has not seen it, and its variance.

    NaN with one question or where a question has fewer than two conditions.
    """
    biases, variances = np.full((2, len(pairs.questions)), np.nan)
    for question in range(biases.size if biases.size > 1 else 0):
        out = pairs.question == question
        fitted = fit_method(method, pairs.take(~out))
        points = Points.of(pairs.take(out), method.level)
        residuals = points.alpha - points.linked(fitted)
        if residuals.size > 1:
            biases[question] = residuals.mean()
            variances[question] = residuals.var(ddof=1) / residuals.size
    return biases, variances


def question_sd(biases: Floats, variances: Floats) -> float:
    """Standard deviation of the judges' difference between questions, sampling taken out.

    Each bias compares one question with the mean of the others, hence the factor (Q - 1) / Q.
    NaN with fewer than two questions.
    """
    known = np.isfinite(biases)
    count = int(known.sum())
    if count < 2:
        return float("nan")
    raw = float(np.mean(biases[known] ** 2 - variances[known])) * (count - 1) / count
    return float(np.sqrt(max(raw, 0.0)))


def schemes(pairs: Pairs) -> dict[str, Ints]:
    """Ways to leave conditions out: one by one, and by each kind of group with two groups or more."""
    single = np.arange(len(pairs.conditions))
    shared = {kind: of for kind, of in pairs.groups.items() if np.unique(of).size > 1}
    return {"condition": single, **shared}


@dataclass(frozen=True)
class LeftOut:
    """What a method gets wrong when it has not seen a condition, a group or a question.

    Attributes:
        residuals: Old α minus linked α of each condition, by what was left out with it.
        biases: Mean error on each question.
        bias_variances: Their sampling variances.
    """

    residuals: Mapping[str, Floats]
    biases: Floats
    bias_variances: Floats

    @property
    def governing(self) -> str:
        """The way of leaving out that errs most."""
        return max(self.residuals, key=lambda name: _rms(self.residuals[name]))

    def errors(self) -> LinkErrors:
        """The root mean squares."""
        groups = {name: _rms(r) for name, r in self.residuals.items() if name != "condition"}
        known = self.biases[np.isfinite(self.biases)]
        return LinkErrors(
            left_out_condition=_rms(self.residuals["condition"]),
            left_out_group=groups,
            left_out_question=_rms(known) if known.size else None,
            largest=float(np.abs(self.residuals["condition"]).max()),
        )


def leave_out(method: Method, pairs: Pairs) -> LeftOut:
    """Leave out conditions, groups of conditions and questions in turn."""
    points = Points.of(pairs, method.level)
    residuals = {
        name: left_out_residuals(method, points, groups) for name, groups in schemes(pairs).items()
    }
    return LeftOut(residuals, *question_biases(method, pairs))


def choose_method(errors: Mapping[str, LinkErrors]) -> str:
    """The method with the smallest governing error; of equals the simpler one."""
    return min(errors, key=lambda name: (errors[name].governing, list(METHODS).index(name)))


def effective_conditions(residuals: Floats, groups: Ints) -> float:
    """How many independent conditions the residuals are worth to an estimate of their variance.

    C / (1 + (m - 1) ρ²), with C conditions in groups of m on average and ρ their intraclass
    correlation (one-way analysis of variance, not below 0): C where groups do not matter, about the
    number of groups where they are everything.
    """
    count = np.bincount(groups).astype(float)
    total, kinds = residuals.size, count.size
    if kinds < 2 or kinds == total:
        return float(total)
    sizes = (total - (count**2).sum() / total) / (kinds - 1)
    means = means_by(residuals, groups, kinds)
    between = float((count * (means - residuals.mean()) ** 2).sum()) / (kinds - 1)
    within = float(((residuals - means[groups]) ** 2).sum()) / (total - kinds)
    spread = between + (sizes - 1) * within
    correlation = max((between - within) / spread, 0.0) if spread > 0 else 0.0
    return float(total / (1 + (sizes - 1) * correlation**2))


def judging_noise(fitted: Fitted, pairs: Pairs) -> Floats:
    """Variance that the judges' scatter over single completions adds to each condition's residual.

    Old score minus the completion's contribution to the linked α, question means taken out, over
    the completions of a condition; NaN for a condition with fewer than two.
    """
    rest = np.empty(len(pairs))
    for condition in range(len(pairs.conditions)):
        at = pairs.condition == condition
        rest[at] = pairs.old[at] - fitted.contributions(pairs.new[at], pairs.question[at])
    rest -= means_by(rest, pairs.question, len(pairs.questions))[pairs.question]
    count = np.bincount(pairs.condition, minlength=len(pairs.conditions)).astype(float)
    mean = means_by(rest, pairs.condition, count.size)
    squares = np.bincount(pairs.condition, (rest - mean[pairs.condition]) ** 2, count.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        noise: Floats = squares / (count - 1) / count
    return noise


def resampled_links(method: Method, points: Points, groups: Ints, resamples: int) -> Floats:
    """Linked α of every condition by fits to conditions drawn with replacement, whole groups at a time.

    Returns:
        One row a resample that drew two groups or more, one column a condition.
    """
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    names, group = np.unique(groups, return_inverse=True)
    drawn = rng.multinomial(names.size, np.full(names.size, 1 / names.size), resamples)
    usable = drawn[(drawn > 0).sum(axis=1) > 1].astype(float)
    return np.array([linked_by_refit(method, points, weights[group]) for weights in usable])


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))
