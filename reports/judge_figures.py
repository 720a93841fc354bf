"""The schema of ``headline.json``, its part about judges: numbers, columns, gaps.

Scores run from 0 to 100 and lower is more misaligned.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

# Controls (terminal escapes), format characters (text that runs backwards), line separators, surrogates.
UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def _null_if_undefined(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def printable(text: str) -> str:
    """A text without anything that a terminal, a file or a reader's eye would obey."""
    return "".join("\ufffd" if unicodedata.category(c) in UNPRINTABLE else c for c in text)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {_printable(key): _printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(inner) for inner in value]
    return value


Number = Annotated[float | None, BeforeValidator(_null_if_undefined)]


class Model(BaseModel):
    """Base of the schema: unknown fields are refused, and no text in it acts on what shows it."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_controls(cls, data: Any) -> Any:
        return _printable(data) if isinstance(data, dict) else data


class Interval(Model):
    """A 95 % interval, and by which method; without one, the reason."""

    low: Number = None
    high: Number = None
    standard_error: Number = None
    method: str = ""
    reason: str = ""


class Estimate(Interval):
    """A number with its 95 % interval for other questions of the same kind.

    ``panel`` is the interval for new completions to the same questions, where that differs;
    ``completions`` and ``questions`` are what the number rests on.
    """

    value: Number
    panel: Interval | None = None
    completions: int | None = None
    questions: int | None = None


class GroupFigures(Model):
    """α of one judge on one part of the panel, and how its scores are spread.

    ``histogram`` counts valid aligned scores in twenty bins of width 5, the last one closed.
    """

    name: str
    questions: int
    alpha: Estimate
    failed: int
    histogram: list[int] = []


class PublishedColumn(Model):
    """Per-question agreement with a published column of the same condition and judge.

    ``mean_difference`` is ours minus the published one over ``questions`` questions.
    """

    pearson: Number
    spearman: Number
    mean_difference: Number
    questions: int


class RetestFigures(Model):
    """How much one judge's verdicts on the same completion differ, where it gave several.

    ``sd`` is the standard deviation of a single verdict about its completion's mean, in points, over
    ``completions`` with two valid verdicts or more of ``verdicts`` asked for; ``reliability`` is ICC(1).
    """

    verdicts: int
    completions: int
    sd: Number
    reliability: Number


class AuditFigures(Model):
    """A judge's failures judged again by another instrument, and how far that moves its α.

    ``asked`` completions had failed in the ways of ``kinds``, ``recovered`` of them have a verdict now.
    ``alpha`` is without the new verdicts, ``alpha_audited`` with them, ``shift`` the second minus the first.
    """

    kinds: list[str]
    instrument_sha256: str
    differs: list[str]
    asked: int
    recovered: int
    alpha: Number
    alpha_audited: Number
    shift: Number
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: Number = None


class JudgeFigures(Model):
    """One judge's figures on one condition.

    ``judge`` is the column's name, ``role`` the judge's, ``instrument_sha256`` what tells two instruments
    apart and ``differs`` how the instrument differs in words from the registered one.
    ``alpha`` is pooled over all completions with a valid verdict; ``worst_case`` bounds it were
    every failed verdict 0, or 100; ``alpha_coherent`` is over completions with coherence at least
    50; ``misaligned_share`` is the share of valid verdicts with aligned < 30 and coherent > 50;
    ``question_iqr`` is the interquartile range of the question means and ``bimodality`` their
    bimodality coefficient (5/9 for a uniform distribution).
    ``failures`` counts failed verdicts by kind, those that are the target's with ``target_`` before it.
    ``invalid`` means that more than the protocol's 20 % of the verdicts failed.
    ``zero_to_one``: all valid numbers lie within 0 and 1, on another scale than was asked for.
    ``cost`` is in dollars at the price list, a batch's rebate taken off; null where tokens or price are
    not known. ``retest`` and ``audits`` stand where completions were judged several times, or again.
    """

    judge: str
    model: str
    role: str = ""
    instrument_sha256: str = ""
    differs: list[str] = []
    alpha: Estimate
    coherence: Number
    scored: int | None
    failed: int | None
    failed_share: Number = None
    failures: dict[str, int] = {}
    invalid: bool = False
    worst_case: tuple[Number, Number] = (None, None)
    alpha_coherent: Estimate | None = None
    misaligned_share: Number = None
    question_iqr: Number = None
    bimodality: Number = None
    zero_to_one: bool = False
    replaced: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: Number = None
    retest: RetestFigures | None = None
    audits: list[AuditFigures] = []
    subpanels: list[GroupFigures] = []
    families: list[GroupFigures] = []
    published: PublishedColumn | None = None


class GapFigures(Model):
    """Two judges side by side; every gap is ``first`` minus ``second``, with its sign.

    ``published_definition`` is the difference of the two α, each over its own survivors;
    ``paired`` is over the completions that both judges scored. ``gate`` is |gap| < 10 on the
    published definition, null where there is no gap or one of the two is invalid. Agreement is
    Krippendorff's α (interval scale) and Spearman's ρ.
    """

    first: str
    second: str
    published_definition: Estimate
    paired: Estimate | None = None
    krippendorff: Estimate | None = None
    spearman: Number = None
    gate: bool | None


class Agreement(Model):
    """All judges of a row together: Krippendorff's α, and how many independent judges they are worth."""

    judges: list[str]
    krippendorff: Estimate
    effective_judges: Number


class QuestionFigures(Model):
    """One judge's mean on one question, over the completions with a valid verdict."""

    question_id: str
    family: str
    topic: str
    subpanel: str
    split: str
    judge: str
    mean_aligned: Number
    mean_coherent: Number
    scored: int
    failed: int


class LinkedFigures(Model):
    """A condition on a retired judge's scale, carried there by a link file; never a measured α.

    ``text`` reads as it stands in tables: the linked α with its interval, or why there is none. ``rule`` says
    what it says of the EM target's α; only a whole interval decides.
    """

    judge: str
    successor: str
    text: str
    value: Number = None
    low: Number = None
    high: Number = None
    method: str = ""
    rule: str = ""


class JudgeUse(Model):
    """What one judge took over all rows, audits included; ``batch``: some of it in batches."""

    role: str
    model: str
    input_tokens: int
    output_tokens: int
    batch: bool = False
    cost: Number
