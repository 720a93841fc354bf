"""A run: one condition sampled once from one target, with every judge's verdicts as columns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from protocol.records import Instrument, RunMetadata, Sampling, is_simulated

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class QuestionFacts:
    """One question of a panel, without its text."""

    id: str
    family: str
    topic: str
    subpanel: str
    split: str


@dataclass(frozen=True)
class JudgeColumn:
    """One instrument's verdicts along a run's completions.

    Attributes:
        name: The column's name: the judge's, with what tells it apart where one name judged twice.
        judge: The judge's name.
        instrument: What the verdicts were measured with.
        aligned: 0 to 100 per completion, NaN where there is no verdict.
        coherent: 0 to 100 per completion, NaN where there is none.
        failures: How many completions have no verdict, by kind.
        replaced: Verdicts of the same instrument that a later judging replaced.
        input_tokens: Sum over the calls, None where one does not say it.
        output_tokens: Sum over the calls, None where one does not say it.
        batch_input_tokens: Those of `input_tokens` that a batch was paid for.
        batch_output_tokens: Those of `output_tokens`.
        repeats: Each completion's single verdicts, None for a failed one; empty where each was judged once.
    """

    name: str
    judge: str
    instrument: Instrument
    aligned: Floats
    coherent: Floats
    failures: dict[str, int]
    replaced: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    batch_input_tokens: int = 0
    batch_output_tokens: int = 0
    repeats: tuple[tuple[float | None, ...], ...] = ()

    @property
    def model(self) -> str:
        """The model whose verdicts they are."""
        return self.instrument.model


@dataclass(frozen=True)
class Run:
    """One condition sampled once from one target.

    Attributes:
        locations: The logs: one, or several whose questions do not overlap.
        eval_id: Inspect's id of the evaluation.
        created: When it began.
        completed: When its last sample ended.
        score_keys: How many scores of judges and others a sample has at most.
        modified: When the log was last written, in seconds since 1970.
        target: The model under test, as it was asked.
        task: The task's name.
        metadata: What the run set out to measure.
        condition: What ran: the condition whose prompt was sent.
        prompt_sha256: Hash of the prompt that was sent.
        sampling: As the requests carried it.
        rubric: The rubric of these verdicts.
        rubric_sha256: Its hash.
        expected: How many completions the run set out to make.
        questions: The questions, sorted by id.
        clusters: Each completion's question, as an index into `questions`.
        epochs: Each completion's number among those to its question, from 1.
        characters: Each answer's length; NaN where there is none.
        judges: Columns by name.
        target_failures: How many completions are no answer, by kind.
        cut: Answers that were cut at the length limit.
        empty: Answers that are empty.
        equal: Completions that equal an earlier one to the same question.
        answered: The models that the target's replies name, where another one than was asked.
        audits: Columns by name of those who judged again only what had failed in some way.
    """

    locations: tuple[str, ...]
    eval_id: str
    created: str
    completed: str
    score_keys: int
    modified: float
    target: str
    task: str
    metadata: RunMetadata
    condition: str
    prompt_sha256: str | None
    sampling: Sampling
    rubric: str
    rubric_sha256: str
    expected: int
    questions: tuple[QuestionFacts, ...]
    clusters: Ints
    epochs: Ints
    characters: Floats
    judges: dict[str, JudgeColumn]
    target_failures: dict[str, int]
    cut: int = 0
    empty: int = 0
    equal: int = 0
    answered: tuple[str, ...] = ()
    audits: dict[str, JudgeColumn] = field(default_factory=dict)

    @property
    def location(self) -> str:
        """The log, or the first of several."""
        return self.locations[0]

    @property
    def as_planned(self) -> bool:
        """Whether what ran is the condition that the header names."""
        planned = (self.metadata.condition, self.metadata.prompt_sha256)
        return (self.condition, self.prompt_sha256) == planned

    @property
    def provenance(self) -> str:
        """Where the prompt's text comes from."""
        return self.metadata.provenance if self.as_planned else "custom"

    @property
    def label(self) -> str:
        """The condition's name for people."""
        return self.metadata.condition_label if self.as_planned else self.condition

    @property
    def distributional_c(self) -> float | None:
        """The published C of the condition, where it is the condition that ran."""
        return self.metadata.distributional_c if self.as_planned else None

    @property
    def seed(self) -> int | None:
        """Base seed from which each completion's own seed was derived."""
        return self.metadata.base_seed

    @property
    def simulated(self) -> bool:
        """Whether the target or any judge was simulated, one that judged later included."""
        models = [column.instrument.asked for column in self.judges.values()]
        return is_simulated(self.target, *models)

    @property
    def comparison(self) -> tuple[str, str, int]:
        """What two runs must share to stand in one table: panel, rubric, comparability."""
        data = self.metadata
        return data.panel_sha256, self.rubric_sha256, data.comparability

    @property
    def judged_by(self) -> set[tuple[str, str]]:
        """Judges and their instruments."""
        return {(c.judge, c.instrument.sha256) for c in self.judges.values()}

    @property
    def identity(self) -> tuple[object, ...]:
        """What two runs share when one of them replaces the other, or both are parts of one."""
        ran = (self.condition, self.prompt_sha256, self.sampling.settings, self.answered)
        judges = tuple(sorted(self.judged_by))
        return (*self.comparison, *ran, self.seed, self.target, judges)

    @property
    def completions(self) -> set[tuple[str, int]]:
        """Question id and epoch of each completion."""
        pairs = zip(self.clusters.tolist(), self.epochs.tolist(), strict=True)
        return {(self.questions[cluster].id, epoch) for cluster, epoch in pairs}


@dataclass(frozen=True)
class Skipped:
    """A log, or a part of one, that no number rests on, and why."""

    location: str
    reason: str


@dataclass(frozen=True)
class Loaded:
    """What was read: the runs that count, the logs skipped, the logs replaced by others."""

    runs: tuple[Run, ...]
    skipped: tuple[Skipped, ...]
    replaced: tuple[Skipped, ...]
