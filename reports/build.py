"""From runs to the headline's figures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from protocol.judges import judge_table
from reports import statistics as st
from reports.decision import decide
from reports.headline import (
    Comparison,
    ConditionRow,
    Estimate,
    GapFigures,
    GroupFigures,
    Headline,
    JudgeFigures,
    NamedLog,
    PublishedColumn,
    QuestionFigures,
)
from reports.published import Rules, published_column, published_rows, read_rules
from reports.seeds import across_seeds, order_across_seeds
from reports.statistics import Floats
from runs.run import JudgeColumn, Loaded, Run, Skipped

HISTOGRAM_EDGES = np.linspace(0, 100, 21)


def build_headline(loaded: Loaded) -> Headline:
    """Every figure of the report, from the runs that were read."""
    rules = read_rules()
    groups: dict[tuple[str, str, int], list[Run]] = {}
    for run in loaded.runs:
        groups.setdefault(run.comparison, []).append(run)
    return Headline(
        bootstrap_resamples=st.RESAMPLES,
        bootstrap_seed=st.BOOTSTRAP_SEED,
        simulated=any(run.simulated for run in loaded.runs),
        em_alpha=rules.em_alpha,
        gate=rules.gate,
        failure_limit=rules.failure_limit,
        comparisons=[_comparison(runs, rules) for runs in groups.values()],
        published=published_rows(),
        skipped=_named(loaded.skipped),
        replaced=_named(loaded.replaced),
        notes=rules.notes,
    )


def condition_row(run: Run, rules: Rules) -> ConditionRow:
    """One run's figures."""
    weights = st.bootstrap_weights(len(run.questions))
    notes = []
    if len(run.clusters) < run.expected:
        notes.append(f"{run.expected - len(run.clusters)} of {run.expected} completions are absent")
    if run.expected != rules.completions:
        notes.append(
            f"{len(run.clusters):,} completions to {len(run.questions)} questions; "
            f"the protocol has {rules.completions:,}"
        )
    return ConditionRow(
        condition=run.condition,
        label=run.label,
        distributional_c=run.distributional_c,
        provenance=run.provenance,
        prompt_sha256=run.prompt_sha256,
        target=run.target,
        base_seed=run.seed,
        simulated=run.simulated,
        log=run.location,
        created=run.created,
        questions=len(run.questions),
        completions=len(run.clusters),
        expected_completions=run.expected,
        judges=[_judge(run, column, weights, rules) for column in run.judges.values()],
        gaps=[
            judge_gap(run, first, second, weights, rules.gate)
            for first, second in combinations(run.judges.values(), 2)
        ],
        per_question=[row for column in run.judges.values() for row in _questions(run, column)],
        notes=notes,
    )


def estimate(values: Floats, run: Run, weights: Floats) -> Estimate:
    """The pooled mean of completion-level values with bootstrap interval and clustered error."""
    return _estimate(values, run, st.pooled_interval(values, run.clusters, weights))


def part_estimate(values: Floats, run: Run) -> Estimate:
    """The same over a part of the panel, whose few questions take Student's t."""
    return _estimate(values, run, st.student_interval(values, run.clusters, len(run.questions)))


def _estimate(values: Floats, run: Run, interval: st.Interval) -> Estimate:
    return Estimate(
        value=st.pooled_mean(values),
        low=interval.low,
        high=interval.high,
        standard_error=st.clustered_standard_error(values, run.clusters, len(run.questions)),
        completions=int(np.isfinite(values).sum()),
    )


def judge_gap(
    run: Run, first: JudgeColumn, second: JudgeColumn, weights: Floats, gate: float
) -> GapFigures:
    """Two judges' gap by both definitions, their agreement, and the gate."""
    value = st.pooled_mean(first.aligned) - st.pooled_mean(second.aligned)
    draws = st.pooled_draws(first.aligned, run.clusters, weights) - st.pooled_draws(
        second.aligned, run.clusters, weights
    )
    interval = st.percentile_interval(draws)
    return GapFigures(
        first=first.name,
        second=second.name,
        published_definition=Estimate(value=value, low=interval.low, high=interval.high),
        paired=estimate(first.aligned - second.aligned, run, weights),
        krippendorff=st.krippendorff_alpha(np.column_stack([first.aligned, second.aligned])),
        spearman=st.spearman(first.aligned, second.aligned),
        gate=bool(abs(value) < gate),
    )


def _comparison(runs: Sequence[Run], rules: Rules) -> Comparison:
    rows = [condition_row(run, rules) for run in runs]
    first = runs[0]
    panel = first.metadata.panel
    return Comparison(
        panel=panel,
        panel_sha256=first.metadata.panel_sha256,
        rubric=first.rubric,
        rubric_sha256=first.rubric_sha256,
        comparability=str(first.metadata.comparability),
        simulated=any(run.simulated for run in runs),
        rows=rows,
        across_seeds=across_seeds(rows),
        order_across_seeds=order_across_seeds(rows),
        verdicts=decide(rows, panel, first.rubric, rules),
    )


def _judge(run: Run, column: JudgeColumn, weights: Floats, rules: Rules) -> JudgeFigures:
    aligned, coherent = column.aligned, column.coherent
    failed = int(np.isnan(aligned).sum())
    share = failed / len(aligned)
    bounds = st.worst_case(aligned)
    means = st.question_means(aligned, run.clusters, len(run.questions))
    spread = st.interquartile_interval(means)
    return JudgeFigures(
        judge=column.name,
        model=column.model,
        alpha=estimate(aligned, run, weights),
        coherence=st.pooled_mean(coherent),
        scored=len(aligned) - failed,
        failed=failed,
        failed_share=share,
        failures=column.failures,
        invalid=share > rules.failure_limit,
        worst_case=(bounds.low, bounds.high),
        alpha_coherent=estimate(st.among_coherent(aligned, coherent), run, weights),
        misaligned_share=st.misaligned_share(aligned, coherent),
        question_iqr=Estimate(
            value=st.interquartile_range(means), low=spread.low, high=spread.high
        ),
        bimodality=st.bimodality_coefficient(means),
        subpanels=_groups(run, column, "subpanel"),
        families=_groups(run, column, "family"),
        published=_published(run, column, means),
    )


def _published(run: Run, column: JudgeColumn, means: Floats) -> PublishedColumn | None:
    if not _as_published(run, column):
        return None
    ids = [question.id for question in run.questions]
    return published_column(run.condition, column.judge, ids, means)


def _as_published(run: Run, column: JudgeColumn) -> bool:
    """Whether panel, rubric, prompt and judge are those that a published column rests on."""
    said = (run.metadata.panel, run.rubric)
    known = run.provenance in ("fetched", "none")
    registered = judge_table().registered.get(column.judge)
    return said == ("bw52", "eps") and known and column.model == registered


def _groups(run: Run, column: JudgeColumn, field: str) -> list[GroupFigures]:
    labels = np.array([getattr(question, field) for question in run.questions])
    figures = []
    for name in sorted(set(labels.tolist())):
        inside = (labels == name)[run.clusters]
        values = np.where(inside, column.aligned, np.nan)
        valid = values[np.isfinite(values)]
        figures.append(
            GroupFigures(
                name=str(name),
                questions=int((labels == name).sum()),
                alpha=part_estimate(values, run),
                failed=int((inside & np.isnan(column.aligned)).sum()),
                histogram=[int(n) for n in np.histogram(valid, HISTOGRAM_EDGES)[0]],
            )
        )
    return figures


def _questions(run: Run, column: JudgeColumn) -> list[QuestionFigures]:
    count = len(run.questions)
    aligned = st.question_means(column.aligned, run.clusters, count)
    coherent = st.question_means(column.coherent, run.clusters, count)
    scored = st.question_sums(column.aligned, run.clusters, count)[1]
    asked = np.bincount(run.clusters, minlength=count)
    return [
        QuestionFigures(
            question_id=question.id,
            family=question.family,
            topic=question.topic,
            subpanel=question.subpanel,
            split=question.split,
            judge=column.name,
            mean_aligned=float(aligned[i]),
            mean_coherent=float(coherent[i]),
            scored=int(scored[i]),
            failed=int(asked[i] - scored[i]),
        )
        for i, question in enumerate(run.questions)
    ]


def _named(logs: Sequence[Skipped]) -> list[NamedLog]:
    return [NamedLog(log=log.location, reason=log.reason) for log in logs]
