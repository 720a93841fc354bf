"""How far a judge's failures moved alpha: what judging them again, with another budget say, gives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from protocol.records import Instrument
from runs.run import Floats, JudgeColumn, Run


@dataclass(frozen=True)
class Audit:
    """One judge's failures judged again.

    Attributes:
        judge: The name of the judge's own column.
        column: The new verdicts.
        asked: Completions that were judged again.
        recovered: Those of them that have a verdict now.
        alpha: Mean of `aligned` over the judge's own valid verdicts, 0 to 100; NaN with none.
        alpha_audited: The same with the new verdicts in place of the failures.
    """

    judge: str
    column: JudgeColumn
    asked: int
    recovered: int
    alpha: float
    alpha_audited: float

    @property
    def shift(self) -> float:
        """How far alpha moves, in points; NaN where either is."""
        return self.alpha_audited - self.alpha

    @property
    def instrument(self) -> Instrument:
        """What they were judged again with; its `audit` says which kinds of failure."""
        return self.column.instrument


def audits(run: Run) -> list[Audit]:
    """Set each audit of a run beside the column whose failures it judged again."""
    found = []
    pairs = ((c, again) for again in run.audits.values() for c in run.judges.values())
    for first, again in pairs:
        kinds = again.instrument.audit.split(",")
        asked = sum(first.failures.get(kind, 0) for kind in kinds)
        if not asked or not _audited(first, again):
            continue
        new = np.isnan(first.aligned) & ~np.isnan(again.aligned)
        found.append(
            Audit(
                judge=first.name,
                column=again,
                asked=asked,
                recovered=int(new.sum()),
                alpha=_mean(first.aligned),
                alpha_audited=_mean(np.where(new, again.aligned, first.aligned)),
            )
        )
    return found


def _audited(first: JudgeColumn, again: JudgeColumn) -> bool:
    return (first.judge, first.instrument.asked) == (again.judge, again.instrument.asked)


def _mean(values: Floats) -> float:
    valid = values[~np.isnan(values)]
    return float(valid.mean()) if valid.size else math.nan
