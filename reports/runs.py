"""A run with its verdicts, and which of several like runs counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reports.published import ORDER
from reports.statistics import Ints
from reports.verdicts import JudgeVerdicts

SIMULATED = "simulated/"


@dataclass(frozen=True)
class Question:
    """One question of a panel, without its text."""

    id: str
    family: str
    topic: str
    subpanel: str
    split: str


@dataclass(frozen=True)
class Run:
    """One condition sampled once from one target, with every judge's verdicts.

    ``clusters`` holds, for each completion, its question's index in ``questions``; each
    judge's arrays run along the same completions.
    """

    location: str
    eval_id: str
    created: str
    completed: str
    score_keys: int
    modified: float
    target: str
    task: str
    metadata: dict[str, Any]
    expected: int
    questions: tuple[Question, ...]
    clusters: Ints
    judges: dict[str, JudgeVerdicts]

    @property
    def condition(self) -> str:
        """Name of the condition."""
        return str(self.metadata["condition"])

    @property
    def seed(self) -> int:
        """Base seed from which each completion's own seed was derived."""
        return int(self.metadata["base_seed"])

    @property
    def distributional_c(self) -> float | None:
        """The published distributional score C of the condition, if it has one."""
        value = self.metadata.get("distributional_c")
        return None if value is None else float(value)

    @property
    def simulated(self) -> bool:
        """Whether the target or any judge was simulated, one that judged later included."""
        models = [self.target, *(column.model for column in self.judges.values())]
        return bool(self.metadata.get("simulated")) or any(
            model.startswith(SIMULATED) for model in models
        )

    @property
    def comparison(self) -> tuple[str, str, str]:
        """What two runs must share to stand in one table: panel, rubric, comparability."""
        data = self.metadata
        return (
            str(data.get("panel_sha256")),
            str(data.get("rubric_sha256")),
            str(data.get("comparability")),
        )

    @property
    def judged_by(self) -> set[tuple[str, str]]:
        """Judges and their models."""
        return {(name, column.model) for name, column in self.judges.items()}

    @property
    def identity(self) -> tuple[object, ...]:
        """What two runs share when the newer one replaces the older one."""
        judges = tuple(sorted(self.judged_by))
        prompt = self.metadata.get("prompt_sha256")
        return (*self.comparison, self.condition, prompt, self.seed, self.target, judges)


@dataclass(frozen=True)
class LeftOut:
    """A log that no number rests on, and why."""

    location: str
    reason: str


@dataclass(frozen=True)
class Loaded:
    """What was read: the runs that count, the logs left out, the logs replaced by newer ones."""

    runs: tuple[Run, ...]
    left_out: tuple[LeftOut, ...]
    replaced: tuple[LeftOut, ...]


def newest(runs: Iterable[Run]) -> tuple[list[Run], list[LeftOut]]:
    """Of runs with the same identity keep the newest, and name the others.

    A log and its re-judged copy share Inspect's evaluation id and its times: the one to which
    more scores were added counts, or of as many the file written last. A copy that lacks none of
    the other's judges replaces it; one with a judge of its own stays beside it.
    """
    kept: list[Run] = []
    replaced: list[LeftOut] = []
    ordered = sorted(runs, key=_age, reverse=True)
    for run in ordered:
        twin = next((k for k in kept if _replaces(k, run)), None)
        if twin is not None:
            reason = f"same evaluation as {twin.location}, which has the scores that count"
            replaced.append(LeftOut(run.location, reason))
            continue
        newer = next((k for k in kept if k.identity == run.identity), None)
        if newer is None:
            kept.append(run)
            continue
        reason = (
            f"{run.condition}, seed {run.seed}, target {run.target}: "
            f"a newer run with the same judges counts ({newer.location})"
        )
        if newer.expected != run.expected:
            reason += f", of {newer.expected:,} completions where this one has {run.expected:,}"
        replaced.append(LeftOut(run.location, reason))
    place = {name: number for number, name in enumerate(ORDER)}
    last = len(ORDER)
    kept.sort(key=lambda r: (place.get(r.condition, last), r.condition, r.target, r.seed))
    return kept, replaced


def _replaces(kept: Run, run: Run) -> bool:
    same = kept.eval_id == run.eval_id and kept.comparison == run.comparison
    return same and run.judged_by <= kept.judged_by


def _age(run: Run) -> tuple[datetime, str, int, float]:
    # The start is kept to the second, so runs started together are told apart by their end.
    return datetime.fromisoformat(run.created), run.completed, run.score_keys, run.modified
