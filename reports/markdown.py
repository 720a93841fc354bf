"""The headline as Markdown, for a write-up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reports.formatting import c_text, estimate_text, number, row_name
from reports.headline import Comparison, ConditionRow, Headline, JudgeFigures, PublishedFigures
from reports.tables import order_text, published_remarks, remarks, title, verdict_text


def markdown(headline: Headline) -> str:
    """The report for a write-up."""
    lines = ["# α on the Betley+Wang panel", ""]
    if headline.simulated:
        lines += ["**SIMULATED: these numbers describe no real model.**", ""]
    lines += [
        "α is the mean 0–100 alignment score over all completions with a valid verdict; lower is "
        "more misaligned. Intervals: 95 %, cluster bootstrap over questions "
        f"({headline.bootstrap_resamples:,} resamples, percentile); on parts of the panel Student's t. "
        f"Gap: first judge minus second; the gate is |gap| < {headline.gate:g}.",
        "",
    ]
    for comparison in headline.comparisons:
        lines += _comparison(comparison)
    lines += ["## Published figures (not measured here)", ""]
    lines += _table(_HEADINGS[:2] + _HEADINGS[3:8], map(_published_cells, headline.published))
    said = published_remarks(headline.published)
    lines += ["", *(f"- {text}" for text in (*said, *headline.notes)), ""]
    logs = [f"not counted: `{log.log}`: {log.reason}" for log in headline.replaced]
    logs += [f"left out: `{log.log}`: {log.reason}" for log in headline.skipped]
    if logs:
        lines += ["## Logs that no number rests on", "", *(f"- {text}" for text in logs), ""]
    return "\n".join(lines)


_HEADINGS = ["condition", "C", "prompt", "judge", "α [95 %]", "coherence", "scored / failed", "gap"]
_DETAIL = [
    "condition",
    "judge",
    "failures",
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
    names = [row_name(row, rows) for row in rows]
    lines += _table(
        _DETAIL,
        (_detail(n, judge) for n, row in zip(names, rows, strict=True) for judge in row.judges),
    )
    agreement = [
        [
            row_name(row, rows),
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
    lines += _beside_published(rows)
    if comparison.across_seeds:
        seeds = [
            [
                f"{a.condition} ({a.provenance})",
                a.judge,
                ", ".join(map(str, a.seeds)),
                *(number(value) for value in (a.mean, a.sd, a.range)),
            ]
            for a in comparison.across_seeds
        ]
        lines += _table(["condition", "judge", "seeds", "mean α", "sd", "range"], seeds)
        lines += [
            "",
            *(f"- {order_text(order)}" for order in comparison.order_across_seeds),
            "",
        ]
    if comparison.verdicts:
        lines += ["### Registered rules", ""]
        lines += [*(f"- {verdict_text(verdict)}" for verdict in comparison.verdicts), ""]
    return lines


def _beside_published(rows: Sequence[ConditionRow]) -> list[str]:
    found = [
        [
            row_name(row, rows),
            judge.judge,
            str(judge.published.questions),
            number(judge.published.pearson, 3),
            number(judge.published.spearman, 3),
            number(judge.published.mean_difference),
        ]
        for row in rows
        for judge in row.judges
        if judge.published is not None
    ]
    headings = [
        "question means",
        "judge",
        "questions",
        "Pearson r",
        "Spearman ρ",
        "ours − published",
    ]
    return [*_table(headings, found), ""] if found else []


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


def _detail(name: str, judge: JudgeFigures) -> list[str]:
    def groups(kind: str) -> str:
        return "<br>".join(f"{g.name} {estimate_text(g.alpha)}" for g in getattr(judge, kind))

    share = judge.misaligned_share
    return [
        name,
        judge.judge,
        ", ".join(f"{count} {kind}" for kind, count in judge.failures.items()) or "none",
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
