"""From anchors and a successor's scores to a link file, and back to the fixed part."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version

from numpy.typing import ArrayLike

from linking.anchors import AnchorCompletions
from linking.drift import choose_fixed_part
from linking.fitting import FEWEST_CONDITIONS, fit_link
from linking.linkfile import LinkedJudge, LinkFile
from linking.pairs import Floats, pair_scores
from linking.sampling import sample_anchors
from protocol.errors import ProtocolError
from protocol.records import SUITE


def choose_anchors(
    anchors: AnchorCompletions, completions: int, conditions: int
) -> AnchorCompletions:
    """Take the sample that a successor is asked to judge.

    Raises:
        ProtocolError: Fewer conditions than a link needs, or fewer completions than conditions.
    """
    if conditions < FEWEST_CONDITIONS:
        raise ProtocolError(
            f"--conditions {conditions}: a link needs at least {FEWEST_CONDITIONS}, however many "
            "completions each has."
        )
    chosen = sample_anchors(
        anchors.conditions, anchors.questions, anchors.scores, completions, spread_over=conditions
    )
    return anchors.take(chosen.tolist())


def make_link(
    anchors: AnchorCompletions,
    new: LinkedJudge,
    scores: Floats,
    asked: date,
    retest: ArrayLike | None = None,
) -> LinkFile:
    """Fit a link.

    Args:
        anchors: What the successor was asked to judge.
        new: The successor.
        scores: Its score of each completion, NaN for a failed verdict.
        asked: When it was asked.
        retest: Pairs of its scores of one completion each, asked twice (n × 2).

    Raises:
        ProtocolError: The judges used different rubrics, or too few conditions have both scores.
    """
    pairs = pair_scores(
        anchors.conditions, anchors.questions, anchors.scores, scores, anchors.groups
    )
    return fit_link(
        pairs,
        old=anchors.old,
        new=new,
        anchors_sha256=anchors.sha256,
        anchors_source=anchors.source,
        panel_sha256=anchors.panel_sha256,
        fixed_part=choose_fixed_part(
            asked, anchors.ids, anchors.conditions, anchors.questions, anchors.scores, scores
        ),
        made=asked,
        suite_version=version(SUITE),
        retest=retest,
    )


def find_fixed_part(link: LinkFile, anchors: AnchorCompletions) -> AnchorCompletions:
    """Find the completions that a check asks again.

    Raises:
        ProtocolError: One of them is not among the anchors.
    """
    place = {name: number for number, name in enumerate(anchors.ids)}
    lost = [name for name in link.fixed_part.completion if name not in place]
    if lost:
        raise ProtocolError(
            f"{len(lost)} of the {len(link.fixed_part.completion)} completions that the link asks again are "
            f"not among these anchors, {lost[0]} for one. Give the logs that the link was made from with "
            "--anchors."
        )
    return anchors.take([place[name] for name in link.fixed_part.completion])
