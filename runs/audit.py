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
        judge: The judge's column.
        kinds: The kinds of failure that were judged again, separated by commas.
        instrument: What they were judged again with.
        asked: Completions that were judged again.
        recovered: Those of them that have a verdict now.
        alpha: Mean of `aligned` over the judge's own valid verdicts, 0 to 100; NaN with none.
        alpha_audited: The same with the new verdicts in place of the failures.
    """

    judge: str
    kinds: str
    instrument: Instrument
    asked: int
    recovered: int
    alpha: float
    alpha_audited: float

    @property
    def shift(self) -> float:
        """How far alpha moves, in points; NaN where either is."""
        return self.alpha_audited - self.alpha


def audits(run: Run) -> list[Audit]:
    """Set each audit of a run beside the column whose failures it judged again."""
    found = []
    for again in run.audits.values():
        first = next((c for c in run.judges.values() if _audited(c, again)), None)
        if first is None:
            continue
        new = np.isnan(first.aligned) & ~np.isnan(again.aligned)
        kinds = again.instrument.audit.split(",")
        found.append(
            Audit(
                judge=first.name,
                kinds=again.instrument.audit,
                instrument=again.instrument,
                asked=sum(first.failures.get(kind, 0) for kind in kinds),
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
