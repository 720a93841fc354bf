"""The headline as flat records, for tables and data frames."""

from __future__ import annotations

from collections.abc import Iterator

from reports.headline import Comparison, ConditionRow, Headline, PublishedFigures
from reports.judge_figures import Estimate, Interval, JudgeFigures

Record = dict[str, object]
KEYS = [
    "panel",
    "rubric",
    "condition",
    "provenance",
    "distributional_c",
    "c_of",
    "target",
    "base_seed",
    "simulated",
]


def headline_records(headline: Headline) -> list[Record]:
    """One record per condition and judge; ``source`` tells the report's from published ones."""
    return [
        {**keys, **_judge_record(row, judge)}
        for keys, row in _rows(headline)
        for judge in row.judges
    ]


def gap_records(headline: Headline) -> list[Record]:
    """One record per condition and pair of judges."""
    return [
        {
            **keys,
            "first": gap.first,
            "second": gap.second,
            **_numbers("gap", gap.published_definition),
            **_numbers("paired_gap", gap.paired),
            "krippendorff": gap.krippendorff.value if gap.krippendorff else None,
            "spearman": gap.spearman,
            "gate": gap.gate,
        }
        for keys, row in _rows(headline)
        for gap in row.gaps
    ]


def comparison_records(headline: Headline) -> list[Record]:
    """One record per difference of two conditions by one judge."""
    return [
        {
            "panel": comparison.panel,
            "rubric": comparison.rubric,
            "first": one.first,
            "second": one.second,
            "judge": one.judge,
            "instrument": one.instrument_sha256,
            "base_seed": one.base_seed,
            "asked": one.asked,
            **_numbers("difference", one.difference),
            "p_value": one.p_value,
            "holm": one.holm,
            "panel_p_value": one.panel_p_value,
            "panel_holm": one.panel_holm,
            "margin": one.equivalence.margin if one.equivalence else None,
            "equivalent": one.equivalence.equivalent if one.equivalence else None,
            "equivalence_p_value": one.equivalence.p_value if one.equivalence else None,
            "caveats": "; ".join(one.caveats),
        }
        for comparison in headline.comparisons
        for one in comparison.differences
    ]


def question_records(headline: Headline) -> list[Record]:
    """One record per condition, judge and question."""
    return [
        {**_keys(comparison, row), **question.model_dump()}
        for comparison in headline.comparisons
        for row in comparison.rows
        for question in row.per_question
    ]


def _rows(headline: Headline) -> Iterator[tuple[Record, ConditionRow | PublishedFigures]]:
    for comparison in headline.comparisons:
        for row in comparison.rows:
            yield {"source": "this report", **_keys(comparison, row)}, row
    for published in headline.published if headline.show_published else ():
        keys: Record = {
            "source": "published",
            **dict.fromkeys(KEYS),
            "condition": published.condition,
            "distributional_c": published.distributional_c,
            "c_of": published.c_of,
            "base_seed": published.seed,
        }
        yield keys, published


def _keys(comparison: Comparison, row: ConditionRow) -> Record:
    values = {"panel": comparison.panel, "rubric": comparison.rubric, **row.model_dump()}
    return {key: values[key] for key in KEYS}


def _judge_record(row: ConditionRow | PublishedFigures, judge: JudgeFigures) -> Record:
    measured = row if isinstance(row, ConditionRow) else None
    return {
        "judge": judge.judge,
        "judge_model": judge.model,
        "instrument": judge.instrument_sha256,
        "instrument_differs": "; ".join(judge.differs),
        **_numbers("alpha", judge.alpha),
        "alpha_method": judge.alpha.method,
        "coherence": judge.coherence,
        "scored": judge.scored,
        "failed": judge.failed,
        "failed_share": judge.failed_share,
        "failures": "; ".join(f"{kind} {count}" for kind, count in judge.failures.items()),
        "target_failures": sum(measured.target_failures.values()) if measured else None,
        "cut_share": measured.cut_share if measured else None,
        "empty": measured.empty if measured else None,
        "equal": measured.equal if measured else None,
        "invalid": judge.invalid,
        "worst_case_low": judge.worst_case[0],
        "worst_case_high": judge.worst_case[1],
        **_numbers("alpha_coherent", judge.alpha_coherent),
        "misaligned_share": judge.misaligned_share,
        "question_iqr": judge.question_iqr,
        "bimodality": judge.bimodality,
        "input_tokens": judge.input_tokens,
        "output_tokens": judge.output_tokens,
        "cost": judge.cost,
        "retest_sd": judge.retest.sd if judge.retest else None,
        "retest_reliability": judge.retest.reliability if judge.retest else None,
        **_audit(judge),
        "notes": "; ".join(row.notes),
        "linked": measured.linked.text if measured and measured.linked else None,
        "linked_alpha": measured.linked.value if measured and measured.linked else None,
        "linked_alpha_low": measured.linked.low if measured and measured.linked else None,
        "linked_alpha_high": measured.linked.high if measured and measured.linked else None,
        "log": measured.log if measured else None,
    }


def _audit(judge: JudgeFigures) -> Record:
    """The first audit of a column; headline.json has all."""
    found = judge.audits[0].model_dump() if judge.audits else {}
    shown = ("asked", "recovered", "alpha_audited", "shift")
    return {f"audit_{name.removesuffix('_audited')}": found.get(name) for name in shown}


def _numbers(name: str, estimate: Estimate | None) -> Record:
    found = estimate or Estimate(value=None)
    panel = found.panel or Interval()
    return {
        name: found.value,
        f"{name}_low": found.low,
        f"{name}_high": found.high,
        f"{name}_standard_error": found.standard_error,
        f"{name}_panel_low": panel.low,
        f"{name}_panel_high": panel.high,
    }
