"""A run with its verdicts, and which of several like runs counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reports.statistics import Ints
from runs.columns import JudgeVerdicts

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
class Skipped:
    """A log that no number rests on, and why."""

    location: str
    reason: str


@dataclass(frozen=True)
class Loaded:
    """What was read: the runs that count, the logs left out, the logs replaced by newer ones."""

    runs: tuple[Run, ...]
    skipped: tuple[Skipped, ...]
    replaced: tuple[Skipped, ...]
