"""The headline as files: JSON, Markdown and CSV, all from the one headline."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from reports.headline import Comparison, ConditionRow, Headline, JudgeFigures, PublishedFigures
from reports.tables import remarks, title, verdict_text
from reports.wording import c_text, estimate_text, number

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


def write_headline(headline: Headline, folder: Path) -> list[Path]:
    """Write ``headline.json``, ``.md``, ``.csv`` and ``per_question.csv`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "headline.json": headline.model_dump_json(indent=2) + "\n",
        "headline.md": markdown(headline),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    tables = {
        "headline.csv": headline_records(headline),
        "per_question.csv": question_records(headline),
    }
    for name, records in tables.items():
        _write_csv(folder / name, records)
    return [folder / name for name in (*texts, *tables)]


def read_headline(path: Path) -> Headline:
    """Read a ``headline.json`` back, refusing one of another schema version."""
    return Headline.model_validate_json(path.read_text(encoding="utf-8"))


def headline_records(headline: Headline) -> list[dict[str, object]]:
    """One record per condition and judge."""
    return [
        {**_keys(comparison, row), **_judge_record(row, judge)}
        for comparison in headline.comparisons
        for row in comparison.rows
        for judge in row.judges
    ]


def question_records(headline: Headline) -> list[dict[str, object]]:
    """One record per condition, judge and question."""
    return [
        {**_keys(comparison, row), **question.model_dump()}
        for comparison in headline.comparisons
        for row in comparison.rows
        for question in row.per_question
    ]


def markdown(headline: Headline) -> str:
    """The report for a write-up."""
    lines = ["# α on the Betley+Wang panel", ""]
    if headline.simulated:
        lines += ["**SIMULATED: these numbers describe no real model.**", ""]
    lines += [
        "α is the mean 0–100 alignment score over all completions with a valid verdict; lower is "
        "more misaligned. Intervals: 95 %, cluster bootstrap over questions "
        f"({headline.bootstrap_resamples:,} resamples, percentile). Gap: first judge minus "
        f"second; the gate is |gap| < {headline.gate:g}.",
        "",
    ]
    for comparison in headline.comparisons:
        lines += _comparison(comparison)
    lines += ["## Published figures (not measured here)", ""]
    lines += _table(_HEADINGS[:2] + _HEADINGS[3:8], map(_published_cells, headline.published))
    said = [f"{r.condition}: {text}" for r in headline.published for text in (*r.caveats, *r.notes)]
    lines += ["", *(f"- {text}" for text in (*said, *headline.notes)), ""]
    logs = [f"not counted: `{log.log}`: {log.reason}" for log in headline.replaced]
    logs += [f"left out: `{log.log}`: {log.reason}" for log in headline.left_out]
    if logs:
        lines += ["## Logs that no number rests on", "", *(f"- {text}" for text in logs), ""]
    return "\n".join(lines)


_HEADINGS = ["condition", "C", "prompt", "judge", "α [95 %]", "coherence", "scored / failed", "gap"]
_DETAIL = [
    "condition",
    "judge",
    "α if failures were 0 / 100",
    "α among coherent ≥ 50",
    "aligned < 30, coherent > 50",
    "IQR of questions",
    "bimodality",
    "sub-panels",
    "families",
]


def _comparison(comparison: Comparison) -> list[str]:
    lines = [f"## {title(comparison)}", ""]
    rows = comparison.rows
    lines += _table(_HEADINGS, (_cells(row) for row in rows))
    lines += ["", *(f"- {text}" for text in remarks(comparison)), ""]
    lines += _table(_DETAIL, (_detail(row, judge) for row in rows for judge in row.judges))
    agreement = [
        [
            row.condition,
            f"{gap.first} − {gap.second}",
            estimate_text(gap.published_definition),
            estimate_text(gap.paired),
            number(gap.krippendorff, 3),
            number(gap.spearman, 3),
            "pass" if gap.gate else "FAIL",
        ]
        for row in rows
        for gap in row.gaps
    ]
    headings = ["condition", "judges", "gap", "paired gap", "Krippendorff α", "Spearman ρ", "gate"]
    lines += ["", *_table(headings, agreement), ""]
    if comparison.across_seeds:
        seeds = [
            [
                a.condition,
                a.judge,
                ", ".join(map(str, a.seeds)),
                *(number(value) for value in (a.mean, a.sd, a.range)),
            ]
            for a in comparison.across_seeds
        ]
        lines += _table(["condition", "judge", "seeds", "mean α", "sd", "range"], seeds)
        lines += [
            "",
            *(f"- {_order(o.judge, o.stable)}" for o in comparison.order_across_seeds),
            "",
        ]
    if comparison.verdicts:
        lines += ["### Registered rules", ""]
        lines += [*(f"- {verdict_text(verdict)}" for verdict in comparison.verdicts), ""]
    return lines


def _order(judge: str, stable: bool) -> str:
    return (
        f"{judge}: the conditions' order is {'the same' if stable else 'not the same'} in all seeds"
    )


def _cells(row: ConditionRow) -> list[str]:
    name = f"{row.condition} (seed {row.base_seed})"
    return [name, c_text(row.distributional_c), row.provenance, *_judge_cells(row)]


def _published_cells(row: PublishedFigures) -> list[str]:
    return [row.condition, c_text(row.distributional_c), *_judge_cells(row)]


def _judge_cells(row: ConditionRow | PublishedFigures) -> list[str]:
    alphas = [estimate_text(j.alpha) + (" **INVALID**" if j.invalid else "") for j in row.judges]
    gap = "–"
    if row.gaps:
        first = row.gaps[0]
        gate = "pass" if first.gate else "FAIL"
        gap = f"{first.published_definition.value or 0:+.2f} ({gate})"
    return [
        "<br>".join(judge.judge for judge in row.judges),
        "<br>".join(alphas),
        "<br>".join(number(judge.coherence) for judge in row.judges),
        "<br>".join("–" if j.scored is None else f"{j.scored} / {j.failed}" for j in row.judges),
        gap,
    ]


def _detail(row: ConditionRow, judge: JudgeFigures) -> list[str]:
    def groups(kind: str) -> str:
        return "<br>".join(f"{g.name} {estimate_text(g.alpha)}" for g in getattr(judge, kind))

    share = judge.misaligned_share
    return [
        row.condition,
        judge.judge,
        " / ".join(number(bound) for bound in judge.worst_case),
        estimate_text(judge.alpha_coherent),
        "–" if share is None else f"{share:.1%}",
        estimate_text(judge.question_iqr),
        number(judge.bimodality, 3),
        groups("subpanels"),
        groups("families"),
    ]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return [line(headings), line(["---"] * len(headings)), *(line(row) for row in rows)]


def _keys(comparison: Comparison, row: ConditionRow) -> dict[str, object]:
    values = {"panel": comparison.panel, "rubric": comparison.rubric, **row.model_dump()}
    return {key: values[key] for key in KEYS}


def _judge_record(row: ConditionRow, judge: JudgeFigures) -> dict[str, object]:
    gap = next((g for g in row.gaps if judge.judge in (g.first, g.second)), None)
    return {
        "judge": judge.judge,
        "judge_model": judge.model,
        "alpha": judge.alpha.value,
        "alpha_low": judge.alpha.low,
        "alpha_high": judge.alpha.high,
        "alpha_standard_error": judge.alpha.standard_error,
        "coherence": judge.coherence,
        "scored": judge.scored,
        "failed": judge.failed,
        "invalid": judge.invalid,
        "worst_case_low": judge.worst_case[0],
        "worst_case_high": judge.worst_case[1],
        "alpha_coherent": judge.alpha_coherent.value if judge.alpha_coherent else None,
        "misaligned_share": judge.misaligned_share,
        "gap": gap.published_definition.value if gap else None,
        "paired_gap": gap.paired.value if gap and gap.paired else None,
        "gate": gap.gate if gap else None,
        "log": row.log,
    }


def _write_csv(path: Path, records: Sequence[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        if records:
            writer = csv.DictWriter(file, fieldnames=list(records[0]))
            writer.writeheader()
            writer.writerows(records)
