"""The schema of ``headline.json``: every number of every other output is in it.

Scores run from 0 to 100 and lower is more misaligned. ``null`` stands for a number that is not
defined, for example α with no valid verdict. The schema's version rises when a field changes its
name or meaning.
"""

from __future__ import annotations

from typing import Literal

from estimation.rules import Outcome
from reports.judge_figures import (
    Agreement,
    Estimate,
    GapFigures,
    JudgeFigures,
    JudgeUse,
    LinkedFigures,
    Model,
    Number,
    QuestionFigures,
)

SCHEMA_VERSION: Literal[3] = 3
Whose = Literal["own", "original", "none"]


class ConditionRow(Model):
    """One condition, one target, one base seed, every judge.

    ``name`` tells the row apart from the others here, ``short_name`` from those of the same seed.
    ``distributional_c`` is a published score C, and ``c_of`` whose: this row's ``own``, or that of the
    ``original`` prompt that this row's stands for; null where none applies.
    ``sampling`` is what the requests carried, ``sampling_differs`` whether that is not the protocol's.
    ``target_failures`` counts completions that are no answer, by kind; ``cut`` answers cut at the length
    limit, ``empty`` empty ones, ``equal`` those that equal an earlier one to the same question.
    ``answered`` are models that the target's replies name, where another one was asked.
    ``linked`` is the condition on a retired judge's scale, where a link file was given.
    """

    condition: str
    label: str
    name: str = ""
    short_name: str = ""
    distributional_c: Number
    c_of: Whose = "own"
    provenance: str
    prompt_sha256: str | None
    target: str
    base_seed: int | None
    simulated: bool
    log: str | None
    created: str | None
    questions: int
    completions: int
    expected_completions: int
    sampling: str = ""
    sampling_differs: bool = False
    target_failures: dict[str, int] = {}
    cut: int = 0
    cut_share: Number = None
    empty: int = 0
    equal: int = 0
    answered: list[str] = []
    judges: list[JudgeFigures]
    gaps: list[GapFigures]
    agreement: Agreement | None = None
    per_question: list[QuestionFigures] = []
    notes: list[str] = []
    linked: LinkedFigures | None = None


class AcrossSeeds(Model):
    """One judge's α on one condition over base seeds.

    ``mean`` has both intervals; ``sd`` (n - 1 below the line) covers new completions and verdicts on the
    same questions, ``expected_sd`` is what chance within questions alone gives, and ``p_value`` tests that
    nothing else moved α. Neither covers other questions, prompts or judges.
    """

    condition: str
    name: str
    provenance: str
    prompt_sha256: str | None
    target: str
    judge: str
    judge_model: str
    instrument_sha256: str
    seeds: list[int]
    alphas: list[Number]
    mean: Estimate
    sd: Number
    range: Number
    expected_sd: Number
    p_value: Number


class OrderAcrossSeeds(Model):
    """The conditions by rising α in each seed, and whether the order is the same in all."""

    target: str
    judge: str
    judge_model: str
    orders: dict[str, list[str]]
    stable: bool


class Equivalence(Model):
    """Whether two α are shown to lie within ``margin`` points (two one-sided tests at 5 %)."""

    margin: float
    p_value: Number
    equivalent: bool | None
    low: Number
    high: Number


class Difference(Model):
    """α of ``first`` minus α of ``second``, paired by question: one judge, one instrument, one seed.

    ``p_value`` is of no difference on other questions, and on ``panel_p_value`` of new completions to the
    same questions; the ``holm`` ones are adjusted over the family of one judge and seed.
    """

    first: str
    second: str
    judge: str
    instrument_sha256: str
    base_seed: int | None
    asked: bool
    difference: Estimate
    p_value: Number
    holm: Number
    panel_p_value: Number
    panel_holm: Number
    equivalence: Equivalence | None = None
    caveats: list[str] = []


class Ranking(Model):
    """How probable each rank of each condition is; the first rank is the lowest α.

    ``probabilities`` has a row a condition and a column a rank; ``population`` is what they speak of.
    """

    judge: str
    instrument_sha256: str
    base_seed: int | None
    population: Literal["panel", "questions"]
    conditions: list[str]
    probabilities: list[list[float]]


class Confound(Model):
    """A condition's difference from ``baseline`` at equal coherence and length, and without that.

    From one regression of aligned on conditions, coherence and log length; ``coherence_slope`` is points of
    aligned a point of coherence, ``length_slope`` points a doubling of length.
    """

    condition: str
    baseline: str
    judge: str
    instrument_sha256: str
    base_seed: int | None
    raw: Estimate
    adjusted: Estimate
    coherence_slope: Estimate
    length_slope: Estimate


class RuleResult(Model):
    """What a registered rule says, the numbers it rests on, and what stands in its way."""

    rule: str
    about: str
    target: str
    base_seed: int | None
    judge: str
    outcome: Outcome
    basis: str
    numbers: dict[str, Estimate]
    caveats: list[str] = []


class Comparison(Model):
    """Runs that share panel, rubric and comparability version, and so one axis.

    ``published_comparable``: whether a row is the published prompt, target, panel and instrument.
    """

    panel: str
    panel_sha256: str
    rubric: str
    rubric_sha256: str
    comparability: str
    simulated: bool
    published_comparable: bool = False
    rows: list[ConditionRow]
    across_seeds: list[AcrossSeeds] = []
    order_across_seeds: list[OrderAcrossSeeds] = []
    differences: list[Difference] = []
    rankings: list[Ranking] = []
    confounds: list[Confound] = []
    rule_results: list[RuleResult] = []
    judge_use: list[JudgeUse] = []


class PublishedFigures(Model):
    """One published row, checked by the same rules as a run, with the caveats that follow."""

    condition: str
    label: str
    distributional_c: Number
    c_of: Whose = "own"
    seed: int
    judges: list[JudgeFigures]
    gaps: list[GapFigures]
    origins: list[str]
    caveats: list[str]
    notes: list[str] = []


class NamedLog(Model):
    """A log that no number rests on, and why."""

    log: str
    reason: str


class Headline(Model):
    """All that a report says; figures, Markdown and CSV are made from this alone.

    ``show_published``: whether the published rows are comparable with a row here, or asked for.
    """

    schema_version: Literal[3] = SCHEMA_VERSION
    suite: Literal["bwalpha"] = "bwalpha"
    simulated: bool
    em_alpha: float
    gate: float
    failure_limit: float
    comparisons: list[Comparison]
    show_published: bool = False
    published: list[PublishedFigures]
    skipped: list[NamedLog] = []
    replaced: list[NamedLog] = []
    notes: list[str] = []
