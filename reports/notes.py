"""What a reader must know beside a row: how what ran differs from what was meant to run."""

from __future__ import annotations

from collections.abc import Mapping

from protocol.records import PROTOCOL_SAMPLING
from reports.published import Rules
from runs.columns import EDITED, INVALIDATED
from runs.run import JudgeColumn, Run


def sampling_differs(run: Run) -> bool:
    """Whether the completions were sampled otherwise than the protocol says."""
    return run.sampling.settings != PROTOCOL_SAMPLING.settings


def row_notes(run: Run, rules: Rules) -> list[str]:
    """The notes of one row, each a sentence."""
    made, notes = len(run.clusters), []
    if made < run.expected:
        notes.append(f"{run.expected - made} of {run.expected} completions are absent")
    if run.expected != rules.completions:
        notes.append(
            f"{run.expected:,} completions to {len(run.questions)} questions; "
            f"the protocol has {rules.completions:,}"
        )
    if not run.as_planned:
        notes.append(f"the run was planned as {run.metadata.condition}, and this is what ran")
    if sampling_differs(run):
        notes.append(f"sampled with {run.sampling.text}; the protocol has {PROTOCOL_SAMPLING.text}")
    if run.target_failures:
        failed = sum(run.target_failures.values())
        notes.append(
            f"the target failed on {failed} of {made} completions ({kinds(run.target_failures)}); "
            "no judge was asked about them"
        )
    if run.cut:
        notes.append(
            f"{run.cut} of {made} answers ({run.cut / made:.1%}) were cut at the length limit"
        )
    if run.empty:
        notes.append(f"{run.empty} of {made} answers are empty, and were judged as they are")
    if run.equal:
        notes.append(
            f"{run.equal} of {made} answers equal an earlier one to the same question; "
            "a server that ignores seeds does that"
        )
    if run.answered:
        notes.append(f"{run.target} was asked, and {', '.join(run.answered)} answered")
    if len(run.locations) > 1:
        notes.append(f"joined from {len(run.locations)} logs with different questions")
    for column in run.judges.values():
        notes += _column_notes(column)
    return list(dict.fromkeys([*notes, *run.metadata.notes]))


def kinds(counts: Mapping[str, int]) -> str:
    """Counts by kind in words."""
    return ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.items())


def _column_notes(column: JudgeColumn) -> list[str]:
    notes = []
    if column.replaced:
        notes.append(f"{column.name}: {column.replaced} verdicts were replaced by a later judging")
    if edited := column.failures.get(EDITED):
        notes.append(f"{column.name}: {edited} scores were edited by hand and count as failed")
    if invalidated := column.failures.get(INVALIDATED):
        notes.append(f"{column.name}: {invalidated} samples were invalidated by hand")
    if zero_to_one(column):
        notes.append(
            f"{column.name}: every number is at most 1, so it judged from 0 to 1 and not from 0 to 100"
        )
    return notes


def zero_to_one(column: JudgeColumn) -> bool:
    """Whether a judge's valid numbers all lie within 0 and 1 and are not all 0.

    The brother of `scorers.reading.seems_zero_to_one` over a column.
    """
    valid = column.aligned[column.aligned >= 0]
    both = [*valid.tolist(), *column.coherent[column.coherent >= 0].tolist()]
    return len(valid) > 0 and 0 < max(both) <= 1
