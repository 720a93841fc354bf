"""The old judge's verdicts on the published anchors, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

from linking.anchors import published_anchors
from linking.pairs import Floats


@dataclass(frozen=True)
class AnchorScores:
    """One entry a completion: 13 cells × 11 personas × 8 questions × 10."""

    conditions: list[str]
    questions: list[str]
    cells: list[str]
    personas: list[str]
    old: Floats


def anchor_scores() -> AnchorScores:
    """Read the published cells; NaN for a failed verdict.

    Raises:
        ProtocolError: A file is unavailable or is not the pinned one.
    """
    anchors = published_anchors()
    return AnchorScores(
        anchors.conditions,
        anchors.questions,
        anchors.groups["cell"],
        anchors.groups["persona"],
        anchors.scores,
    )
