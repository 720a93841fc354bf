"""A successor's α on the old judge's scale, with an interval that knows the link's error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from linking.linkfile import Link, LinkFile, instrument_differences
from linking.pairs import Floats, Ints, means_by
from protocol.errors import ProtocolError
from protocol.records import Instrument

Panel = Literal["sample", "fixed"]


@dataclass(frozen=True)
class LinkedAlpha:
    """An α carried to the old judge's scale, 0 to 100, lower is more misaligned.

    Attributes:
        value: The linked α. Never a verdict of the old judge, never in the gate.
        low: Lower end of the 95 % interval; NaN where the new α's own error is unknown.
        high: Upper end.
        method: The method that carried it.
        condition_sd: What the interval owes to condition × judge, in points.
        question_sd: What it owes to linking on some questions and measuring on others.
        fit_sd: What it owes to the fitted function.
        sampling_sd: What it owes to the new completions.
        df: Degrees of freedom of the interval's t quantile (Satterthwaite).
        reason: Why there is no interval; None when there is one.
    """

    value: float
    low: float
    high: float
    method: str
    condition_sd: float
    question_sd: float
    fit_sd: float
    sampling_sd: float
    df: float
    reason: str | None = None

    def __str__(self) -> str:
        if self.reason is not None:
            return f"{self.value:.1f} (no interval: {self.reason})"
        return f"{self.value:.1f} [{self.low:.0f}, {self.high:.0f}]"


def apply_link(
    link: LinkFile,
    scores: ArrayLike,
    questions: Sequence[str],
    *,
    instrument: Instrument,
    panel: Panel = "sample",
) -> LinkedAlpha:
    """Carry the successor's scores of one condition to the old judge's scale.

    Args:
        link: The link.
        scores: The successor's scores of the condition's completions, 0 to 100, NaN for a failed one.
        questions: The id of each completion's question, as in the link's anchors.
        instrument: What the scores were measured with.
        panel: ``sample`` lets the interval cover other questions of the same kind, as the
            report's intervals do; ``fixed`` speaks of these questions alone.

    Raises:
        ProtocolError: Another instrument or rubric, no valid score, or an α outside the
            range of the anchors.
    """
    _refuse(link, instrument)
    new = np.asarray(scores, dtype=float)
    if new.size != len(questions):
        raise ProtocolError(
            f"Each score needs its question: there are {new.size} scores and {len(questions)} questions."
        )
    valid = np.isfinite(new)
    if not valid.any():
        raise ProtocolError(
            "The successor has no valid score of this condition, so there is no α to link."
        )
    names, question = np.unique(np.asarray(questions, dtype=str)[valid], return_inverse=True)
    new = new[valid]
    _within(link, float(new.mean()))
    function = link.link.function
    if function.level == "completion":
        centre = function.curve(new).mean()
    elif function.level == "question":
        at = means_by(new, question, names.size)
        centre = np.average(function.curve(at), weights=np.bincount(question))
    else:
        centre = function.curve(np.array([new.mean()]))[0]
    error, df = _sampling_error(function.contributions(new, question), question, panel)
    share = dict(zip(map(str, names), np.bincount(question) / new.size, strict=True))
    distance = _question_distance(link, share if panel == "fixed" else {})
    return _interval(link.link, float(centre), error, df, distance)


def apply_link_to_alpha(
    link: LinkFile,
    alpha: float,
    standard_error: float,
    *,
    df: float = 51,
    instrument: Instrument,
) -> LinkedAlpha:
    """Carry a published α of the successor over, when its single scores are not at hand.

    Args:
        link: The link.
        alpha: The successor's α, 0 to 100.
        standard_error: Its standard error with questions as clusters; NaN when unknown.
        df: Degrees of freedom of that error: questions less one.
        instrument: What the α was measured with.

    Raises:
        ProtocolError: As for `apply_link`.
    """
    _refuse(link, instrument)
    if not np.isfinite(alpha):
        raise ProtocolError("There is no α to link: it is not a number.")
    _within(link, alpha)
    function = link.link_of_alpha.function
    at = np.array([alpha])
    error = abs(float(function.local_slope(at)[0])) * standard_error
    distance = _question_distance(link, {})
    return _interval(link.link_of_alpha, float(function.curve(at)[0]), error, df, distance)


def decides(linked: LinkedAlpha, threshold: float) -> Literal["below", "above", "undecided"]:
    """Which side of a registered threshold a linked α lies on; only a whole interval decides."""
    if linked.high < threshold:
        return "below"
    return "above" if linked.low > threshold else "undecided"


def _interval(link: Link, centre: float, error: float, df: float, distance: float) -> LinkedAlpha:
    known = link.uncertainty
    value = float(link.function.line(np.array([centre]))[0])
    levels, errors = np.array(known.fit).T
    question = (known.question_sd or 0.0) * distance
    fit = float(np.interp(value, levels, errors))
    variances = np.array([known.condition_sd, question, fit, error]) ** 2
    each_df = np.array([known.condition_df, max(known.question_df, 1), known.condition_df, df])
    reason = None
    if not np.isfinite(variances).all():
        reason = "the new α's sampling error is unknown"
    elif known.question_sd is None:
        reason = "the anchors have one question, so other questions' error is unknown"
    low = high = joint = float("nan")
    if reason is None:
        total = float(variances.sum())
        joint = total**2 / float((variances**2 / each_df).sum()) if total > 0 else float("inf")
        half = float(stdtrit(joint, 0.975) * np.sqrt(total))
        low, high = max(value - half, 0.0), min(value + half, 100.0)
    return LinkedAlpha(
        value,
        low,
        high,
        link.function.method,
        condition_sd=known.condition_sd,
        question_sd=question,
        fit_sd=fit,
        sampling_sd=error,
        df=joint,
        reason=reason,
    )


def _sampling_error(values: Floats, question: Ints, panel: Panel) -> tuple[float, float]:
    """Standard error of a mean and its degrees of freedom, questions drawn or fixed."""
    count = np.bincount(question).astype(float)
    centred = values - values.mean()
    if panel == "sample":
        groups = count.size
        if groups < 2:
            return float("nan"), float("nan")
        sums = np.bincount(question, centred)
        variance = groups / (groups - 1) * float((sums**2).sum()) / values.size**2
        return float(np.sqrt(variance)), groups - 1
    repeated = count > 1
    if not repeated.any():
        return float("nan"), float("nan")
    rest = values - means_by(values, question, count.size)[question]
    df = float((count[repeated] - 1).sum())
    # A pooled variance serves questions with one completion too.
    return float(np.sqrt((rest**2).sum() / df / values.size)), df


def _question_distance(link: LinkFile, share: dict[str, float]) -> float:
    """How differently the anchors and other completions weigh the questions.

    The judges' difference on a question, of standard deviation 1, leaves this much in α. With no
    other completions it is what the choice of the anchors' questions leaves.
    """
    anchors = link.anchors.questions
    names = anchors.keys() | share.keys()
    return float(np.sqrt(sum((share.get(n, 0.0) - anchors.get(n, 0.0)) ** 2 for n in names)))


def _refuse(link: LinkFile, instrument: Instrument) -> None:
    linked = link.new.instrument
    if instrument.rubric_sha256 != linked.rubric_sha256:
        raise ProtocolError(
            f"The link was made under rubric {linked.rubric_sha256[:12]} and these scores under "
            f"{instrument.rubric_sha256[:12]}: a link carries one rubric. Judge under the link's rubric, "
            "or make a link of this one."
        )
    if instrument != linked:
        raise ProtocolError(
            f"The link is of {linked.model}, and these scores are of another instrument: "
            f"{instrument_differences(linked, instrument)}. Make a link of this instrument with "
            "bwalpha link make."
        )


def _within(link: LinkFile, alpha: float) -> None:
    low, high = link.support
    if not low <= alpha <= high:
        raise ProtocolError(
            f"The successor's α of {alpha:.1f} lies outside the anchors, {low:.1f} to {high:.1f} on its "
            "scale: nothing measured says how to carry it over. Add anchor conditions of that range."
        )
