"""From paired scores to a link file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from linking.errors import (
    LeftOut,
    choose_method,
    effective_conditions,
    judging_noise,
    leave_out,
    question_sd,
    resampled_links,
    schemes,
)
from linking.linkfile import Anchors, FixedPart, Link, LinkedJudge, LinkFile, Uncertainty
from linking.methods import METHODS, Fitted, Method, Points, fit_points
from linking.pairs import Floats, Pairs, means_by
from protocol.errors import ProtocolError

FEWEST_CONDITIONS = 8
RESAMPLES = 200
FIT_LEVELS = 5


def fit_link(
    pairs: Pairs,
    *,
    old: LinkedJudge,
    new: LinkedJudge,
    anchors_sha256: str,
    anchors_source: str,
    panel_sha256: str,
    fixed_part: FixedPart,
    made: date,
    suite_version: str,
    retest: ArrayLike | None = None,
    methods: Sequence[str] = tuple(METHODS),
) -> LinkFile:
    """Fit every method, take the one with the smallest left-out error, and say how well it does.

    Args:
        pairs: Both judges' scores of the anchors.
        old: The judge whose scale is to be reached.
        new: Its successor.
        anchors_sha256: Hash of the anchors.
        anchors_source: Where the anchors come from.
        panel_sha256: Hash of the panel that the anchors' questions belong to.
        fixed_part: The completions that a later check asks again.
        made: Date of the fit.
        suite_version: The suite's version.
        retest: Pairs of the successor's scores of one completion each, asked twice (n × 2).
        methods: Names of the methods to choose from.

    Raises:
        ProtocolError: Fewer than eight conditions, judges under different rubrics, or no
            method that needs only α.
    """
    _refuse(pairs, old, new, methods)
    left_out = {name: leave_out(METHODS[name], pairs) for name in methods}
    compared = {name: found.errors() for name, found in left_out.items()}
    of_alpha = {n: e for n, e in compared.items() if METHODS[n].level == "condition"}
    if not of_alpha:
        raise ProtocolError("Name at least one method of condition means, such as linear.")
    chosen, chosen_of_alpha = choose_method(compared), choose_method(of_alpha)
    links = {
        name: _link(METHODS[name], pairs, left_out[name]) for name in {chosen, chosen_of_alpha}
    }
    new_alpha = means_by(pairs.new, pairs.condition, len(pairs.conditions))
    return LinkFile(
        suite_version=suite_version,
        made=made,
        old=old,
        new=new,
        anchors=_anchors(pairs, anchors_sha256, anchors_source, panel_sha256),
        support=(float(new_alpha.min()), float(new_alpha.max())),
        link=links[chosen],
        link_of_alpha=links[chosen_of_alpha],
        compared=compared,
        retest_sd=retest_sd(retest),
        fixed_part=fixed_part,
    )


def retest_sd(retest: ArrayLike | None) -> float | None:
    """Standard deviation of one score between askings, from pairs of scores; None without two."""
    scores = np.asarray([] if retest is None else retest, dtype=float).reshape(-1, 2)
    differences = np.diff(scores[np.isfinite(scores).all(axis=1)], axis=1)
    return float(np.sqrt(np.mean(differences**2) / 2)) if differences.size > 1 else None


def _link(method: Method, pairs: Pairs, left_out: LeftOut) -> Link:
    fitted = fit_points(method, Points.of(pairs, method.level))
    return Link(
        function=fitted,
        errors=left_out.errors(),
        uncertainty=_uncertainty(method, fitted, pairs, left_out),
    )


def _uncertainty(method: Method, fitted: Fitted, pairs: Pairs, left_out: LeftOut) -> Uncertainty:
    """Split what is left after the link into conditions, questions and the fit itself.

    The error on left-out conditions holds three things: how differently the judges take a
    condition, the judges' scatter over the anchors' own completions, and the error of the fit. The
    scatter is taken out, since a new condition brings its own; the fit is kept apart, since it
    grows towards the ends.
    """
    points = Points.of(pairs, method.level)
    kinds = schemes(pairs)
    refits = resampled_links(method, points, kinds[left_out.governing], RESAMPLES)
    fit_variance = refits.var(axis=0, ddof=1)
    noise = judging_noise(fitted, pairs)
    explained = float(fit_variance.mean() + np.mean(noise[np.isfinite(noise)]))
    alone = left_out.residuals["condition"]
    independent = min(effective_conditions(alone, groups) for groups in kinds.values())
    mean_square = left_out.errors().governing ** 2
    spread = question_sd(left_out.biases, left_out.bias_variances)
    return Uncertainty(
        condition_sd=excess_sd(mean_square, independent - 1, explained),
        condition_df=independent - 1,
        question_sd=spread if np.isfinite(spread) else None,
        question_df=len(pairs.questions) - 1,
        fit=_fit_error(points.linked(fitted), fit_variance),
    )


def excess_sd(mean_square: float, df: float, explained: float) -> float:
    """Spread that a mean square leaves beyond what is explained, as a standard deviation.

    The mean of the positive part over the mean square's own sampling distribution (χ² with ``df``
    degrees of freedom): where scatter explains nearly everything, the difference alone would as
    often as not be cut off at 0 and promise too much.
    """
    shares = (np.arange(200) + 0.5) / 200
    likely = mean_square * stats.chi2.ppf(shares, df) / df
    return float(np.sqrt(np.maximum(likely - explained, 0.0).mean()))


def _fit_error(linked: Floats, variance: Floats) -> tuple[tuple[float, float], ...]:
    """Standard error of the fit at a few levels of linked α, each over as many conditions."""
    order = np.argsort(linked)
    parts = np.array_split(order, min(FIT_LEVELS, linked.size))
    return tuple((float(linked[p].mean()), float(np.sqrt(variance[p].mean()))) for p in parts)


def _anchors(pairs: Pairs, sha256: str, source: str, panel_sha256: str) -> Anchors:
    share = np.bincount(pairs.question, minlength=len(pairs.questions)) / len(pairs)
    return Anchors(
        sha256=sha256,
        source=source,
        panel_sha256=panel_sha256,
        questions=dict(zip(pairs.questions, map(float, share), strict=True)),
        groups={kind: int(np.unique(of).size) for kind, of in pairs.groups.items()},
        conditions=len(pairs.conditions),
        completions=len(pairs),
        missing=pairs.missing,
    )


def _refuse(pairs: Pairs, old: LinkedJudge, new: LinkedJudge, methods: Sequence[str]) -> None:
    if len(pairs.conditions) < FEWEST_CONDITIONS:
        raise ProtocolError(
            f"A link needs at least {FEWEST_CONDITIONS} conditions that both judges scored; there are "
            f"{len(pairs.conditions)}. Judge more anchor conditions: more completions do not help."
        )
    if old.instrument.rubric_sha256 != new.instrument.rubric_sha256:
        raise ProtocolError(
            "The two judges scored under different rubrics, so a link would mix the judge with the "
            "rubric. Judge the anchors under the rubric of the judge whose scale is to be reached."
        )
    unknown = sorted(set(methods) - set(METHODS))
    if unknown:
        raise ProtocolError(f"Unknown method {unknown[0]!r}. Allowed: {', '.join(METHODS)}.")
