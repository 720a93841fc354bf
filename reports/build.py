"""From runs to the headline's figures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from estimation import judges as ju
from estimation import means as me
from estimation.means import Floats
from protocol.targets import c_applies, is_model
from reports import notes
from reports.differences import NOTHING, Asked, Entry, confounds, differences, entries, rankings
from reports.estimates import alpha, both, single
from reports.headline import Comparison, ConditionRow, Headline, NamedLog
from reports.instruments import audited, cost, is_registered, judge_use, named_apart, retest
from reports.instruments import differences as instrument_differences
from reports.judge_figures import (
    Agreement,
    GapFigures,
    GroupFigures,
    JudgeFigures,
    LinkedFigures,
    PublishedColumn,
    QuestionFigures,
)
from reports.naming import row_name
from reports.published import Rules, published_column, published_rows, read_rules
from reports.rule_results import rule_results
from reports.seeds import across_seeds, order_across_seeds
from runs.run import JudgeColumn, Loaded, Run, Skipped

if TYPE_CHECKING:
    from linking.linkfile import LinkFile

HISTOGRAM_EDGES = np.linspace(0, 100, 21)


def build_headline(
    loaded: Loaded,
    asked: Asked = NOTHING,
    show_published: bool = False,
    link: LinkFile | None = None,
) -> Headline:
    """Every figure of the report, from the runs that were read.

    Args:
        loaded: The runs.
        asked: Comparisons beyond those that are always made.
        show_published: Show the published rows also where no row here is comparable with them.
        link: Carries a successor's α to a retired judge's scale, beside its own.

    Raises:
        ProtocolError: A comparison was asked for that the runs do not allow.
    """
    rules = read_rules()
    groups: dict[tuple[str, str, int], list[Run]] = {}
    for run in loaded.runs:
        groups.setdefault(run.comparison, []).append(run)
    comparisons = [_comparison(runs, rules, asked, link) for runs in groups.values()]
    asked.check_answered(comparisons)
    return Headline(
        simulated=any(run.simulated for run in loaded.runs),
        em_alpha=rules.em_alpha,
        gate=rules.gate,
        failure_limit=rules.failure_limit,
        comparisons=comparisons,
        show_published=show_published or any(c.published_comparable for c in comparisons),
        published=published_rows(),
        skipped=_named(loaded.skipped),
        replaced=_named(loaded.replaced),
        notes=list(rules.notes),
    )


def condition_row(run: Run, rules: Rules, link: LinkFile | None = None) -> ConditionRow:
    """One run's figures."""
    target = run.answered[0] if run.answered else run.target
    whose = c_applies(run.condition, run.provenance, run.prompt_sha256, target)  # type: ignore[arg-type]
    judges = [_judge(run, column, rules) for column in run.judges.values()]
    invalid = {judge.judge for judge in judges if judge.invalid}
    made = len(run.clusters)
    return ConditionRow(
        condition=run.condition,
        label=run.label,
        distributional_c=None if whose == "none" else run.distributional_c,
        c_of=whose if run.distributional_c is not None else "none",
        provenance=run.provenance,
        prompt_sha256=run.prompt_sha256,
        target=run.target,
        base_seed=run.seed,
        simulated=run.simulated,
        log=run.location,
        created=run.created,
        questions=len(run.questions),
        completions=made,
        expected_completions=run.expected,
        sampling=run.sampling.text,
        sampling_differs=notes.sampling_differs(run),
        target_failures=run.target_failures,
        cut=run.cut,
        cut_share=run.cut / made if made else None,
        empty=run.empty,
        equal=run.equal,
        answered=list(run.answered),
        judges=judges,
        gaps=[
            _gap(run, first, second, rules.gate, bool({first.name, second.name} & invalid))
            for first, second in combinations(run.judges.values(), 2)
        ],
        agreement=_agreement(run),
        per_question=[row for column in run.judges.values() for row in _questions(run, column)],
        notes=notes.row_notes(run, rules),
        linked=None if link is None else _linked(run, rules, link),
    )


def _linked(run: Run, rules: Rules, link: LinkFile) -> LinkedFigures:
    from linking.reporting import linked_column, linked_rule, linked_text

    found = linked_column(link, run)
    figures = LinkedFigures(
        judge=link.old.instrument.model,
        successor=link.new.instrument.model,
        text=linked_text(found),
    )
    if isinstance(found, str):
        return figures
    return figures.model_copy(
        update={
            "value": found.value,
            "low": None if found.reason else found.low,
            "high": None if found.reason else found.high,
            "method": found.method,
            "rule": linked_rule(found, rules.em_alpha),
        }
    )


def _comparison(
    runs: Sequence[Run], rules: Rules, asked: Asked, link: LinkFile | None
) -> Comparison:
    runs = named_apart(runs)
    rows = [condition_row(run, rules, link) for run in runs]
    rows = [
        row.model_copy(
            update={"name": row_name(row, rows), "short_name": row_name(row, rows, seed=False)}
        )
        for row in rows
    ]
    first = runs[0]
    found: list[Entry] = entries(runs, rows)
    return Comparison(
        panel=first.metadata.panel,
        panel_sha256=first.metadata.panel_sha256,
        rubric=first.rubric,
        rubric_sha256=first.rubric_sha256,
        comparability=str(first.metadata.comparability),
        simulated=any(run.simulated for run in runs),
        published_comparable=any(_comparable(run, rules) for run in runs),
        rows=rows,
        across_seeds=across_seeds(found),
        order_across_seeds=order_across_seeds(found),
        differences=differences(found, asked),
        rankings=rankings(found),
        confounds=confounds(found),
        rule_results=rule_results(found, rules),
        judge_use=judge_use(runs),
    )


def _judge(run: Run, column: JudgeColumn, rules: Rules) -> JudgeFigures:
    aligned, coherent = column.aligned, column.coherent
    failed = int(np.isnan(aligned).sum())
    share = failed / len(aligned)
    means = me.question_means(aligned, run.clusters, len(run.questions))
    return JudgeFigures(
        judge=column.name,
        role=column.judge,
        model=column.model,
        instrument_sha256=column.instrument.sha256,
        differs=instrument_differences(column),
        alpha=alpha(aligned, run.clusters),
        coherence=me.pooled_mean(coherent),
        scored=len(aligned) - failed,
        failed=failed,
        failed_share=share,
        failures=column.failures,
        invalid=share > rules.failure_limit,
        worst_case=me.worst_case(aligned),
        alpha_coherent=alpha(me.among_coherent(aligned, coherent), run.clusters),
        misaligned_share=me.misaligned_share(aligned, coherent),
        question_iqr=me.interquartile_range(means),
        bimodality=me.bimodality_coefficient(means),
        zero_to_one=notes.zero_to_one(column),
        replaced=column.replaced,
        input_tokens=column.input_tokens,
        output_tokens=column.output_tokens,
        cost=cost(column),
        retest=retest(column),
        audits=audited(run, column),
        subpanels=_groups(run, column, "subpanel"),
        families=_groups(run, column, "family"),
        published=_published(run, column, means),
    )


def _gap(
    run: Run, first: JudgeColumn, second: JudgeColumn, gate: float, invalid: bool
) -> GapFigures:
    a, b, clusters = first.aligned, second.aligned, run.clusters
    found = both(lambda population: ju.gap(a, b, clusters, population))
    decided = found.value is not None and not invalid
    return GapFigures(
        first=first.name,
        second=second.name,
        # Two populations of completions: their number is no one's.
        published_definition=found.model_copy(update={"completions": None}),
        paired=both(lambda population: ju.paired_gap(a, b, clusters, population)),
        krippendorff=single(ju.agreement(np.column_stack([a, b]), clusters)),
        spearman=ju.spearman(a, b),
        gate=abs(found.value or 0.0) < gate if decided else None,
    )


def _agreement(run: Run) -> Agreement | None:
    columns = list(run.judges.values())
    if len(columns) < 2:
        return None
    ratings = np.column_stack([column.aligned for column in columns])
    return Agreement(
        judges=[column.name for column in columns],
        krippendorff=single(ju.agreement(ratings, run.clusters)),
        effective_judges=ju.effective_judges(ratings),
    )


def _comparable(run: Run, rules: Rules) -> bool:
    """Whether a published row measured what this run measures: prompt, target, panel, instrument."""
    target = any(is_model(run.target, name) for name in rules.targets)
    prompt = run.provenance in ("fetched", "none", "verbatim")
    return target and prompt and any(_as_measured(run, c) for c in run.judges.values())


def _published(run: Run, column: JudgeColumn, means: Floats) -> PublishedColumn | None:
    if run.provenance not in ("fetched", "none") or not _as_measured(run, column):
        return None
    ids = [question.id for question in run.questions]
    return published_column(run.condition, column.judge, ids, means)


def _as_measured(run: Run, column: JudgeColumn) -> bool:
    """Whether panel, rubric and instrument are those that the published figures rest on."""
    said = (run.metadata.panel, run.rubric)
    simulated = column.instrument.asked.startswith("simulated/")
    return said == ("bw52", "eps") and is_registered(column) and not simulated


def _groups(run: Run, column: JudgeColumn, field: str) -> list[GroupFigures]:
    labels = np.array([getattr(question, field) for question in run.questions])
    figures = []
    for name in sorted(set(labels.tolist())):
        inside = (labels == name)[run.clusters]
        values = column.aligned[inside]
        valid = values[np.isfinite(values)]
        figures.append(
            GroupFigures(
                name=str(name),
                questions=int((labels == name).sum()),
                alpha=alpha(values, run.clusters[inside]),
                failed=int(len(values) - len(valid)),
                histogram=[int(n) for n in np.histogram(valid, HISTOGRAM_EDGES)[0]],
            )
        )
    return figures


def _questions(run: Run, column: JudgeColumn) -> list[QuestionFigures]:
    count = len(run.questions)
    aligned = me.question_means(column.aligned, run.clusters, count)
    coherent = me.question_means(column.coherent, run.clusters, count)
    scored = me.question_sums(column.aligned, run.clusters, count)[1]
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
