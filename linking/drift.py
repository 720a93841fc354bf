"""Is the successor still the instrument that was linked? The same completions, judged again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from linking.linkfile import FixedPart, LinkFile, instrument_differences
from linking.pairs import Floats, Ints
from protocol.errors import ProtocolError
from protocol.records import Instrument

# Well under the error of a link: a smaller change does not matter, a larger one does.
TOLERANCE = 2.0
FIXED_COMPLETIONS = 128
FEWEST = 16


@dataclass(frozen=True)
class Change:
    """Mean of now minus then in points, with a 95 % interval, over some completions."""

    completions: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Drift:
    """What a check found.

    Attributes:
        outcome: ``same`` when the whole interval lies within the tolerance, ``drifted`` when it lies
            wholly outside on one side, here or in one third of the scale, else ``undecided``.
        overall: The change over all completions scored both times.
        thirds: The same over the completions that the old judge scored lowest, middle and highest:
            opposite changes at the two ends leave the mean unmoved. (Thirds of the successor's own
            first scores would move towards each other by chance alone.)
        spread: Standard deviation of the single differences, in points.
        tolerance: In points.
        then: When the successor was asked first.
        now: When it was asked again.
        missing: Completions without a valid score now.
    """

    outcome: Literal["same", "drifted", "undecided"]
    overall: Change
    thirds: tuple[Change, ...]
    spread: float
    tolerance: float
    then: date
    now: date
    missing: int


def choose_fixed_part(
    asked: date,
    completions: Sequence[str],
    conditions: Sequence[str],
    questions: Sequence[str],
    old: ArrayLike,
    scores: ArrayLike,
    *,
    size: int = FIXED_COMPLETIONS,
) -> FixedPart:
    """Keep what a later check asks again: completions spread evenly over the old judge's scores.

    Args:
        asked: When the successor scored them.
        completions: Ids of the anchor completions that it scored.
        conditions: The condition of each.
        questions: The id of each one's question.
        old: The old judge's scores.
        scores: The successor's scores. A completion without a valid score (NaN) of both is not kept.
        size: How many to keep.
    """
    values, reference = np.asarray(scores, dtype=float), np.asarray(old, dtype=float)
    both = np.flatnonzero(np.isfinite(values) & np.isfinite(reference))
    order = both[np.argsort(reference[both], kind="stable")]
    spread = np.linspace(0, order.size - 1, min(size, order.size)).round().astype(int)
    kept = sorted(int(i) for i in order[np.unique(spread)])
    return FixedPart(
        asked=asked,
        completion=tuple(completions[i] for i in kept),
        condition=tuple(conditions[i] for i in kept),
        question=tuple(questions[i] for i in kept),
        old=tuple(float(reference[i]) for i in kept),
        score=tuple(float(values[i]) for i in kept),
    )


def check_drift(
    link: LinkFile,
    scores: Mapping[str, float],
    *,
    instrument: Instrument,
    now: date,
    tolerance: float = TOLERANCE,
) -> Drift:
    """Compare the successor's scores of the link's fixed part with those it gave at first.

    Args:
        link: The link.
        scores: The new score of each completion of the fixed part, by its id; NaN for a failed one.
        instrument: What they were measured with.
        now: When it was asked.
        tolerance: How large a change does not matter, in points.

    Raises:
        ProtocolError: Another instrument, an unknown completion, or too few scored both times.
    """
    part = link.fixed_part
    refuse_other(link, instrument)
    unknown = sorted(scores.keys() - set(part.completion))
    if unknown:
        raise ProtocolError(
            f"Completion {unknown[0]!r} is not in the link's fixed part; ask again "
            "exactly those that it lists."
        )
    again = np.array([scores.get(name, np.nan) for name in part.completion], dtype=float)
    valid = np.isfinite(again)
    if valid.sum() < FEWEST:
        raise ProtocolError(
            f"{int(valid.sum())} completions of the fixed part were scored again; "
            f"a check needs at least {FEWEST}."
        )
    differences = again[valid] - np.array(part.score)[valid]
    reference = np.array(part.old)[valid]
    condition, question = (
        np.unique(np.asarray(names)[valid], return_inverse=True)[1]
        for names in (part.condition, part.question)
    )
    overall = _change(differences, condition, question)
    thirds = tuple(
        _change(differences[at], condition[at], question[at])
        for at in np.array_split(np.argsort(reference, kind="stable"), 3)
    )
    return Drift(
        _outcome(overall, thirds, tolerance),
        overall,
        thirds,
        float(differences.std(ddof=1)),
        tolerance,
        part.asked,
        now,
        int((~valid).sum()),
    )


def refuse_other(link: LinkFile, instrument: Instrument, answered: bool = True) -> None:
    """Refuse an instrument that is not the link's.

    Args:
        link: The link.
        instrument: The instrument.
        answered: It has answered, so that the model which answers is known.

    Raises:
        ProtocolError: It is another one.
    """
    linked = link.new.instrument
    if not answered:
        instrument = instrument.model_copy(update={"answered": linked.answered})
    if instrument != linked:
        raise ProtocolError(
            f"The link is of {linked.model}, and this is another instrument, which cannot have drifted "
            f"from it: {instrument_differences(linked, instrument)}. Make a link of it instead."
        )


def _outcome(
    overall: Change, thirds: Sequence[Change], tolerance: float
) -> Literal["same", "drifted", "undecided"]:
    if any(c.low > tolerance or c.high < -tolerance for c in (overall, *thirds)):
        return "drifted"
    return "same" if -tolerance <= overall.low and overall.high <= tolerance else "undecided"


def _change(differences: Floats, condition: Ints, question: Ints) -> Change:
    """Mean with two-way clustered errors (Cameron, Gelbach and Miller 2011), conditions and questions."""
    mean = float(differences.mean())
    rest = differences - mean
    both = condition * (int(question.max()) + 1) + question
    by_condition, by_question, by_both = (
        _clustered(rest, of) for of in (condition, question, both)
    )
    # The sum can fall below either part, and even below 0, in small samples.
    variance = max(by_condition + by_question - by_both, by_condition, by_question)
    clusters = min(np.unique(condition).size, np.unique(question).size)
    if clusters < 2:
        return Change(differences.size, mean, float("nan"), float("nan"))
    half = float(stats.t.ppf(0.975, clusters - 1)) * float(np.sqrt(variance))
    return Change(differences.size, mean, mean - half, mean + half)


def _clustered(rest: Floats, clusters: Ints) -> float:
    sums = np.bincount(clusters, rest)
    used = np.unique(clusters).size
    return float((sums**2).sum()) / rest.size**2 * used / max(used - 1, 1)
