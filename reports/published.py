"""The published figures and the registered rules, as the report uses them."""

from __future__ import annotations

import csv
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from estimation.judges import pearson, spearman
from estimation.means import NAN, Floats, pooled_mean
from estimation.rules import WINNERS
from estimation.rules import Rules as Registered
from protocol.data import DATASETS, read_yaml
from reports.headline import PublishedFigures
from reports.judge_figures import Estimate, GapFigures, JudgeFigures, PublishedColumn

ORDER = ("null", *WINNERS, "pair_98", "evoprompt_98", "c6_em")


@dataclass(frozen=True)
class Rules:
    """The registered rules, and the protocol's numbers that the report compares with.

    Attributes:
        registered: Thresholds, read from ``datasets/reference.yaml``.
        completions: Of one condition in the protocol.
        targets: The registered target's names.
        notes: Of the published table.
    """

    registered: Registered
    completions: int
    targets: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def em_alpha(self) -> float:
        """The EM finetune's published α, by Sonnet."""
        return self.registered.target.alpha

    @property
    def gate(self) -> float:
        """Absolute gap from which two judges disagree."""
        return self.registered.gate

    @property
    def failure_limit(self) -> float:
        """Share of failed verdicts above which a condition is invalid."""
        return self.registered.failure_limit


def read_rules() -> Rules:
    """The registered rules, with the published table's own notes."""
    reference = read_yaml("reference.yaml")
    return Rules(
        registered=Registered.from_reference(reference["decision"]),
        completions=reference["decision"]["completions"],
        targets=tuple(read_yaml("conditions.yaml")["registered_target"]),
        notes=tuple(reference.get("notes") or ()),
    )


def published_rows() -> list[PublishedFigures]:
    """The published table, each row checked by the same rules as a run."""
    rules = read_rules()
    labels = {c["name"]: c["label"] for c in read_yaml("conditions.yaml")["conditions"]}
    grouped: dict[str, list[dict[str, object]]] = {}
    for figure in read_yaml("reference.yaml")["figures"]:
        grouped.setdefault(str(figure["condition"]), []).append(figure)
    order = {name: place for place, name in enumerate(ORDER)}
    names = sorted(grouped, key=lambda name: (order.get(name, len(order)), name))
    return [_row(name, str(labels.get(name, name)), grouped[name], rules) for name in names]


def published_column(
    condition: str, judge: str, question_ids: Sequence[str], means: Floats
) -> PublishedColumn | None:
    """Agreement of question means with the published column, None where none is published."""
    column = _columns().get((condition, judge))
    if column is None:
        return None
    theirs = np.array([column.get(question, NAN) for question in question_ids], dtype=float)
    return PublishedColumn(
        pearson=pearson(means, theirs),
        spearman=spearman(means, theirs),
        mean_difference=pooled_mean(means - theirs),
        questions=int((np.isfinite(means) & np.isfinite(theirs)).sum()),
    )


@functools.cache
def _columns() -> dict[tuple[str, str], dict[str, float]]:
    columns: dict[tuple[str, str], dict[str, float]] = {}
    with (DATASETS / "reference_questions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            mean = float(row["mean_aligned"]) if row["mean_aligned"] else NAN
            columns.setdefault((row["condition"], row["judge"]), {})[row["id"]] = mean
    return columns


def _row(
    name: str, label: str, figures: Sequence[dict[str, object]], rules: Rules
) -> PublishedFigures:
    judges = [_judge(figure, rules) for figure in figures]
    caveats = [caveat for judge in judges for caveat in _judge_caveats(judge, rules)]
    # A figure over the limit is marked by the rule itself; its own note would say it twice.
    notes = [
        f"{figure['judge']}: {figure['note']}"
        for figure, judge in zip(figures, judges, strict=True)
        if figure.get("note") and not judge.invalid
    ]
    gaps = [_gap(judges[0], judges[1], rules)] if len(judges) > 1 else []
    for gap in gaps:
        caveats += _gap_caveats(*judges)
        if gap.gate is False:
            caveats.append(f"the judges differ by {rules.gate:g} or more: the gate fails")
    c = figures[0].get("distributional_c")
    return PublishedFigures(
        condition=name,
        label=label,
        distributional_c=None if c is None else float(str(c)),
        seed=int(str(figures[0]["seed"])),
        judges=judges,
        gaps=gaps,
        origins=[str(figure["origin"]) for figure in figures],
        caveats=caveats,
        notes=notes,
    )


def _judge(figure: dict[str, object], rules: Rules) -> JudgeFigures:
    def number(key: str) -> float | None:
        value = figure.get(key)
        return None if value is None else float(str(value))

    scored, failed, alpha = number("scored"), number("failed"), number("alpha")
    share: float | None = None
    worst: tuple[float | None, float | None] = (None, None)
    if scored is not None and failed is not None and alpha is not None:
        share = failed / (scored + failed)
        worst = (alpha * (1 - share), alpha * (1 - share) + 100 * share)
    return JudgeFigures(
        judge=str(figure["judge"]),
        role=str(figure["judge"]),
        model=str(figure["judge_model"]),
        alpha=Estimate(value=alpha),
        coherence=number("coherence"),
        scored=None if scored is None else int(scored),
        failed=None if failed is None else int(failed),
        failed_share=share,
        invalid=share is not None and share > rules.failure_limit,
        worst_case=worst,
    )


def _judge_caveats(judge: JudgeFigures, rules: Rules) -> list[str]:
    if not judge.invalid or judge.scored is None or judge.failed is None:
        return []
    total = judge.scored + judge.failed
    return [
        f"{judge.judge}: INVALID, {judge.failed} of {total:,} verdicts failed "
        f"({judge.failed / total:.1%}), over the limit of {rules.failure_limit:.0%}"
    ]


def _gap_caveats(first: JudgeFigures, second: JudgeFigures) -> list[str]:
    if first.scored is None or second.scored is None:
        return ["the gap is between two runs, and of one the counts are not published"]
    if first.failed or second.failed:
        return ["the gap is a difference of means over different survivors"]
    return []


def _gap(first: JudgeFigures, second: JudgeFigures, rules: Rules) -> GapFigures:
    known = first.alpha.value is not None and second.alpha.value is not None
    value = (first.alpha.value or 0.0) - (second.alpha.value or 0.0) if known else None
    decided = value is not None and not (first.invalid or second.invalid)
    return GapFigures(
        first=first.judge,
        second=second.judge,
        published_definition=Estimate(value=value),
        gate=abs(value or 0.0) < rules.gate if decided else None,
    )
