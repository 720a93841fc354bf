"""A run's α on a retired judge's scale, or why there is none: what a report puts beside α."""

from __future__ import annotations

import math

from linking.applying import LinkedAlpha, apply_link, decides
from linking.linkfile import LinkFile, instrument_differences
from protocol.errors import ProtocolError
from runs.run import Run


def linked_column(link: LinkFile, run: Run) -> LinkedAlpha | str:
    """Carry the linked instrument's column of a run over.

    The interval is for other questions of the same kind, as the report's own.

    Args:
        link: The link.
        run: One condition with its judges' columns.

    Returns:
        The linked α, never a verdict of the old judge and never in the gate; or the reason in one line.
    """
    columns = list(run.judges.values())
    own = [column for column in columns if column.instrument == link.new.instrument]
    known = {question.id for question in run.questions} <= link.anchors.questions.keys()
    if not own:
        same = [c for c in columns if c.instrument.asked == link.new.instrument.asked]
        if same:
            differs = instrument_differences(link.new.instrument, same[0].instrument)
            return f"not linked: the judge is another instrument than the link's ({differs})"
        return f"not linked: {link.new.instrument.model}, the link's instrument, did not judge this run"
    if run.metadata.panel_sha256 != link.anchors.panel_sha256 and not known:
        return "not linked: the run asks another panel than the link's anchors"
    questions = [run.questions[cluster].id for cluster in run.clusters.tolist()]
    try:
        return apply_link(link, own[0].aligned, questions, instrument=own[0].instrument)
    except ProtocolError as error:
        return f"not linked: {error}"


def linked_text(linked: LinkedAlpha | str) -> str:
    """Give the table's text: `on the registered scale 52.3 [44, 61]`, or the reason."""
    return linked if isinstance(linked, str) else f"on the registered scale {linked}"


def linked_rule(linked: LinkedAlpha, threshold: float) -> str:
    """Say what a linked α says of a registered threshold; only a whole interval decides."""
    side = decides(linked, threshold)
    if side == "undecided":
        why = "there is no interval" if math.isnan(linked.low) else "the interval holds it"
        return f"linked, undecided at {threshold:g}: {why}"
    return f"linked, {side} {threshold:g} with the whole interval"
