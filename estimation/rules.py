"""The numbers of the registered rules and what the rules are decided on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from estimation.intervals import Estimate

WINNERS = ("pair_111", "grid_1", "grid_2", "grid_3")
Outcome = Literal[
    "H1 (coupling)",
    "H2 (orthogonal axes)",
    "H2 falsified",
    "neither",
    "no target",
    "holds",
    "does not hold",
    "refuted in part",
    "refuted",
    "not refuted",
    "undecided",
]


@dataclass(frozen=True)
class Ruling:
    """What a rule says, and the comparison it rests on, in words."""

    outcome: Outcome
    words: str


@dataclass(frozen=True)
class Target:
    """The EM finetune's published α and its own uncertainty, by one judge.

    Attributes:
        judge: Role of the judge whose α it is.
        alpha: 0 to 100.
        standard_error: Clustered by question.
        questions: It rests on.
    """

    judge: str
    alpha: float
    standard_error: float
    questions: int


@dataclass(frozen=True)
class Rules:
    """The registered thresholds, and our readings where the source gives no number.

    Attributes:
        target: The published EM α.
        about: An α at most this far above the target is about the target.
        far_above: α from here on is far above.
        falsify: α up to here falsifies H2.
        fewest_questions: Under which no rule decides.
        gate: Absolute gap from which the judges disagree.
        failure_limit: Share of failed verdicts above which a condition is invalid.
        seeds: Follow-up 1's.
        sonnet: Its lowest and highest α under Sonnet.
        opus: Its lowest α under Opus.
        gap_tolerance: How far a condition's gap may move.
        partial_refutation: α up to here in either new seed refutes in part.
        upper_cluster: Conditions above `lower_cluster` in seed 42.
        lower_cluster: Conditions below `upper_cluster`.
        iqr: Interquartile range of question means under which they spread evenly.
        low_questions: How many questions are very low, fewest and most.
        near_null: How far from the null's the other questions' mean may be.
    """

    target: Target
    about: float
    far_above: float
    falsify: float
    fewest_questions: int
    gate: float
    failure_limit: float
    seeds: tuple[int, ...]
    sonnet: tuple[float, float]
    opus: float
    gap_tolerance: float
    partial_refutation: float
    upper_cluster: tuple[str, ...]
    lower_cluster: tuple[str, ...]
    iqr: float
    low_questions: tuple[int, int]
    near_null: float

    @classmethod
    def from_reference(cls, decision: Mapping[str, Any]) -> Rules:
        """The rules from ``decision`` of ``datasets/reference.yaml``."""
        first, second = decision["followup_1"], decision["followup_2"]
        target = decision["target_alpha"]
        return cls(
            target=Target(
                target["judge"], target["alpha"], target["standard_error"], target["questions"]
            ),
            about=decision["about"],
            far_above=decision["far_above"],
            falsify=decision["falsify"],
            fewest_questions=decision["fewest_questions"],
            gate=decision["gate"],
            failure_limit=decision["failure_limit"],
            seeds=tuple(first["seeds"]),
            sonnet=(first["sonnet"], first["sonnet_most"]),
            opus=first["opus"],
            gap_tolerance=first["gap_tolerance"],
            partial_refutation=first["partial_refutation"],
            upper_cluster=tuple(first["upper_cluster"]),
            lower_cluster=tuple(first["lower_cluster"]),
            iqr=second["iqr"],
            low_questions=(second["low_questions"][0], second["low_questions"][1]),
            near_null=second["near_null"],
        )


@dataclass(frozen=True)
class Finding:
    """One condition's α by one judge in one seed, as a rule sees it.

    Attributes:
        condition: Its name.
        seed: Base seed.
        judge: Role.
        alpha: With the interval that the rule asks for.
        worst: α if every failed verdict had been 0, and 100.
        invalid: Whether more verdicts failed than the protocol allows.
    """

    condition: str
    seed: int
    judge: str
    alpha: Estimate
    worst: tuple[float, float]
    invalid: bool = False


def undecidable(finding: Finding, rules: Rules) -> str:
    """Why no rule decides on a finding, empty when one may."""
    if finding.invalid:
        return f"invalid: more than {rules.failure_limit:.0%} of the verdicts failed"
    if not finding.alpha.has_interval:
        return f"no interval: {finding.alpha.reason or 'unknown'}"
    if not finding.alpha.high > finding.alpha.low:
        return "an interval of zero width"
    if finding.alpha.questions < rules.fewest_questions:
        return f"{finding.alpha.questions} questions; no rule decides on fewer than {rules.fewest_questions}"
    return ""


def side(low: float, high: float, threshold: float) -> Literal["above", "below", "across"]:
    """Whether a range lies at or over a threshold, under it, or on both sides."""
    if low >= threshold:
        return "above"
    return "below" if high < threshold else "across"
