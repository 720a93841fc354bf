"""The headline as flat records, for tables and data frames."""

from __future__ import annotations

from reports.headline import (
    Comparison,
    ConditionRow,
    Estimate,
    Headline,
    JudgeFigures,
    PublishedFigures,
)

KEYS = [
    "panel",
    "rubric",
    "condition",
    "provenance",
    "distributional_c",
    "target",
    "base_seed",
    "simulated",
]


def headline_records(headline: Headline) -> list[dict[str, object]]:
    """One record per condition and judge; ``source`` tells the report's from published ones."""
    measured = [
        {"source": "this report", **_keys(comparison, row), **_judge_record(row, judge)}
        for comparison in headline.comparisons
        for row in comparison.rows
        for judge in row.judges
    ]
    published = [
        {
            "source": "published",
            **dict.fromkeys(KEYS),
            "condition": row.condition,
            "distributional_c": row.distributional_c,
            "base_seed": row.seed,
            **_judge_record(row, judge),
        }
        for row in headline.published
        for judge in row.judges
    ]
    return [*measured, *published]


def question_records(headline: Headline) -> list[dict[str, object]]:
    """One record per condition, judge and question."""
    return [
        {**_keys(comparison, row), **question.model_dump()}
        for comparison in headline.comparisons
        for row in comparison.rows
        for question in row.per_question
    ]


def _keys(comparison: Comparison, row: ConditionRow) -> dict[str, object]:
    values = {"panel": comparison.panel, "rubric": comparison.rubric, **row.model_dump()}
    return {key: values[key] for key in KEYS}


def _judge_record(row: ConditionRow | PublishedFigures, judge: JudgeFigures) -> dict[str, object]:
    gap = next((g for g in row.gaps if judge.judge in (g.first, g.second)), None)
    return {
        "judge": judge.judge,
        "judge_model": judge.model,
        **_numbers("alpha", judge.alpha, error=True),
        "coherence": judge.coherence,
        "scored": judge.scored,
        "failed": judge.failed,
        "failed_share": judge.failed_share,
        "failures": "; ".join(f"{kind} {count}" for kind, count in judge.failures.items()),
        "invalid": judge.invalid,
        "worst_case_low": judge.worst_case[0],
        "worst_case_high": judge.worst_case[1],
        **_numbers("alpha_coherent", judge.alpha_coherent),
        "misaligned_share": judge.misaligned_share,
        **_numbers("question_iqr", judge.question_iqr),
        "bimodality": judge.bimodality,
        "gap_of": f"{gap.first} - {gap.second}" if gap else None,
        **_numbers("gap", gap.published_definition if gap else None),
        **_numbers("paired_gap", gap.paired if gap else None, error=True),
        "krippendorff": gap.krippendorff if gap else None,
        "spearman": gap.spearman if gap else None,
        "gate": gap.gate if gap else None,
        "log": row.log if isinstance(row, ConditionRow) else None,
    }


def _numbers(name: str, estimate: Estimate | None, error: bool = False) -> dict[str, object]:
    found = estimate or Estimate(value=None)
    columns: dict[str, object] = {
        name: found.value,
        f"{name}_low": found.low,
        f"{name}_high": found.high,
    }
    if error:
        columns[f"{name}_standard_error"] = found.standard_error
    return columns
