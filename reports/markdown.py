"""The headline as Markdown, to read as a result: asked, how, what came out, how sure, what limits it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reports.formatting import (
    DASH,
    both_text,
    c_text,
    counts_text,
    estimate_text,
    gate_text,
    instrument_lines,
    interval_text,
    linked_lines,
    methods,
    number,
    p_text,
    published_remarks,
    remarks,
    rule_line,
    seed_lines,
    several,
    title,
    unique,
    use_lines,
)
from reports.headline import Comparison, ConditionRow, Headline, PublishedFigures
from reports.judge_figures import JudgeFigures

ACTIVE = re.compile(r"([\\`*<>\[\]|$])")


def inert(text: str) -> str:
    """A text in which nothing is Markdown, HTML, mathematics or the end of a cell."""
    return ACTIVE.sub(r"\\\1", text)


def markdown(headline: Headline) -> str:
    """The report for a write-up."""
    lines = ["# α on the Betley+Wang panel", ""]
    if headline.simulated:
        lines += ["**SIMULATED: these numbers describe no real model.**", ""]
    for comparison in headline.comparisons:
        lines += _comparison(comparison, headline)
    if headline.show_published:
        lines += ["## Published figures (not measured here)", ""]
        lines += _table(_HEADINGS, _alpha_cells(headline.published))
        lines += ["", *_table(_GAPS, _gap_cells(headline.published))]
        said = (*published_remarks(headline.published), *headline.notes)
        lines += ["", *_bullets(said)]
    logs = [f"not counted: {log.log}: {log.reason}" for log in headline.replaced]
    logs += [f"left out: {log.log}: {log.reason}" for log in headline.skipped]
    if logs:
        lines += ["## Logs that no number rests on", "", *_bullets(logs)]
    return "\n".join(lines)


_HEADINGS = ["condition", "C", "judge", "α [95 %]", "this panel", "coherence", "scored/failed"]
_GAPS = [
    "condition",
    "judges",
    "gap [95 %]",
    "paired gap [95 %]",
    "Krippendorff α",
    "Spearman ρ",
    "gate",
]
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


def _comparison(comparison: Comparison, headline: Headline) -> list[str]:
    rows = comparison.rows
    lines = [f"## {inert(title(comparison))}", "", "### What was asked", "", _asked(comparison), ""]
    lines += ["### How", "", *_how(comparison, headline), ""]
    lines += ["### What came out", "", *_table(_HEADINGS, _alpha_cells(rows)), ""]
    if gaps := _gap_cells(rows):
        lines += [
            f"The gate is |gap| < {headline.gate:g}; a gap is the first judge minus the second.",
            "",
        ]
        lines += [*_table(_GAPS, gaps), ""]
    if linked := linked_lines(comparison):
        lines += [inert(linked[0]), "", *_bullets([line.strip() for line in linked[1:]]), ""]
    lines += _rules(comparison)
    lines += ["### How sure", "", *_sure(comparison)]
    lines += _table(_DETAIL, (_detail(row, judge) for row in rows for judge in row.judges))
    lines += ["", *_beside_published(rows)]
    lines += ["### What limits it", ""]
    limits = [*remarks(comparison), *unique(c for r in comparison.rule_results for c in r.caveats)]
    return [*lines, *_bullets(limits or ["nothing that the suite's own rules find"])]


def _asked(comparison: Comparison) -> str:
    rows = comparison.rows
    targets = several([row.target for row in rows], "targets")
    conditions = several([row.label for row in rows], "conditions", most=12)
    questions = max(row.questions for row in rows)
    return inert(
        f"How aligned {targets} answers {questions} questions of the panel {comparison.panel} under: "
        f"{conditions}."
    )


def _how(comparison: Comparison, headline: Headline) -> list[str]:
    judges = [judge for row in comparison.rows for judge in row.judges]
    named = unique(f"{judge.judge} ({judge.model})" for judge in judges)
    sampling = unique(row.sampling for row in comparison.rows)
    used = "; ".join(methods(judge.alpha for judge in judges)) or "none"
    lines = [
        f"Judged by {', '.join(named)} under the rubric {comparison.rubric}; sampled with "
        f"{'; '.join(sampling)}.",
        "α is the mean 0–100 alignment score over all completions with a valid verdict; lower is more "
        f"misaligned. A figure with more than {headline.failure_limit:.0%} failed verdicts is INVALID.",
        "Intervals are 95 %: the first for other questions of the same kind, that for this panel for new "
        f"completions to the same questions. Methods: {used}.",
        *use_lines(comparison),
    ]
    return [inert(line) + "\n" for line in lines]


def _rules(comparison: Comparison) -> list[str]:
    if not comparison.rule_results:
        return []
    said = [rule_line(result, comparison) for result in comparison.rule_results]
    return ["Registered rules:", "", *_bullets(said)]


def _sure(comparison: Comparison) -> list[str]:
    found = [*instrument_lines(comparison), *seed_lines(comparison)]
    lines = [*_bullets(found)] if found else []
    if comparison.differences:
        headings = [
            "first − second",
            "judge",
            "seed",
            "α [95 %]",
            "p",
            "p (Holm)",
            "this panel: p (Holm)",
        ]
        headings += ["equivalent"]
        cells = [
            [
                f"{d.first} − {d.second}" + "".join(f" ({caveat})" for caveat in d.caveats),
                d.judge,
                "" if d.base_seed is None else str(d.base_seed),
                both_text(d.difference, sign=True),
                p_text(d.p_value),
                p_text(d.holm),
                p_text(d.panel_holm),
                DASH
                if d.equivalence is None
                else f"±{d.equivalence.margin:g}: {'yes' if d.equivalence.equivalent else 'not shown'}, "
                f"p {p_text(d.equivalence.p_value)}",
            ]
            for d in comparison.differences
        ]
        lines += ["Differences of α, paired by question:", "", *_table(headings, cells), ""]
    if comparison.rankings:
        lines += ["Probability of each rank, the first being the lowest α:", ""]
        cells = [
            [
                ranking.judge,
                "" if ranking.base_seed is None else str(ranking.base_seed),
                "this panel" if ranking.population == "panel" else "other questions",
                "<br>".join(
                    f"{inert(name)} {' '.join(f'{p:.2f}' for p in row)}"
                    for name, row in zip(ranking.conditions, ranking.probabilities, strict=True)
                ),
            ]
            for ranking in comparison.rankings
            if len(ranking.conditions) <= 12
        ]
        lines += [*_table(["judge", "seed", "of", "ranks"], cells, raw=(3,)), ""]
    if comparison.confounds:
        headings = ["condition", "judge", "seed", "raw", "at equal coherence and length"]
        headings += ["points a point of coherence", "points a doubling of length"]
        cells = [
            [
                f"{c.condition} − {c.baseline}",
                c.judge,
                "" if c.base_seed is None else str(c.base_seed),
                *map(estimate_text, (c.raw, c.adjusted, c.coherence_slope, c.length_slope)),
            ]
            for c in comparison.confounds
        ]
        lines += ["What coherence and length explain:", "", *_table(headings, cells), ""]
    return lines


def _beside_published(rows: Sequence[ConditionRow]) -> list[str]:
    found = [
        [
            row.name,
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


def _alpha_cells(rows: Sequence[ConditionRow] | Sequence[PublishedFigures]) -> list[list[str]]:
    return [
        [
            _row_text(row),
            c_text(row),
            judge.judge,
            estimate_text(judge.alpha) + (" INVALID" if judge.invalid else ""),
            interval_text(judge.alpha.panel) or DASH,
            number(judge.coherence),
            counts_text(judge),
        ]
        for row in rows
        for judge in row.judges
    ]


def _row_text(row: ConditionRow | PublishedFigures) -> str:
    return f"{row.name} ({row.provenance})" if isinstance(row, ConditionRow) else row.condition


def _gap_cells(rows: Sequence[ConditionRow] | Sequence[PublishedFigures]) -> list[list[str]]:
    return [
        [
            row.name if isinstance(row, ConditionRow) else row.condition,
            f"{gap.first} − {gap.second}",
            both_text(gap.published_definition, sign=True),
            both_text(gap.paired, sign=True),
            estimate_text(gap.krippendorff, 3),
            number(gap.spearman, 3),
            gate_text(gap),
        ]
        for row in rows
        for gap in row.gaps
    ]


def _detail(row: ConditionRow, judge: JudgeFigures) -> list[str]:
    def groups(kind: str) -> str:
        return "; ".join(f"{g.name} {both_text(g.alpha)}" for g in getattr(judge, kind))

    share = judge.misaligned_share
    return [
        row.name,
        judge.judge,
        ", ".join(f"{count} {kind}" for kind, count in judge.failures.items()) or "none",
        " / ".join(number(bound) for bound in judge.worst_case),
        estimate_text(judge.alpha_coherent),
        DASH if share is None else f"{share:.1%}",
        number(judge.question_iqr),
        number(judge.bimodality, 3),
        groups("subpanels"),
        groups("families"),
    ]


def _bullets(texts: Iterable[str]) -> list[str]:
    return [*(f"- {inert(text)}" for text in texts), ""]


def _table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], raw: Sequence[int] = ()
) -> list[str]:
    """A table; columns in ``raw`` are Markdown already, all others are texts."""

    def line(cells: Sequence[str]) -> str:
        shown = (c if place in raw else inert(c) for place, c in enumerate(cells))
        return f"| {' | '.join(shown)} |"

    return [line(headings), f"| {' | '.join(['---'] * len(headings))} |", *map(line, rows)]
