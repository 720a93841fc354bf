"""Follow-up 2 on entries: question means of the winners beside the null's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from estimation.means import Floats, interquartile_range, question_means, question_sums
from estimation.registered_questions import QuestionMeans, followup_2, split
from estimation.rules import Ruling
from reports.differences import Entry
from reports.judge_figures import Estimate
from reports.published import Rules


def followup_2_of(
    series: Sequence[Entry], null: Entry | None, rules: Rules
) -> tuple[Ruling, dict[str, Estimate]]:
    """The ruling over the winners of one judge and seed, and the numbers it rests on."""
    names = [entry.row.condition for entry in series]
    if again := sorted({name for name in names if names.count(name) > 1}):
        return Ruling("undecided", f"run more than once: {', '.join(again)}"), {}
    size = 1 + max(int(e.sample.clusters.max()) for e in (*series, *([null] if null else [])))
    nothing = np.full(size, np.nan)
    theirs = nothing if null is None else _means(null, size)[0]
    conditions: dict[str, QuestionMeans] = {}
    numbers: dict[str, Estimate] = {}
    for entry in series:
        means, errors = _means(entry, size)
        name, found = entry.row.condition, split(means, theirs)
        conditions[name] = QuestionMeans(means, errors, theirs, entry.figures.invalid)
        numbers |= {
            f"{name} interquartile range": Estimate(value=interquartile_range(means)),
            f"{name} low questions": Estimate(value=float(found.low)),
            f"{name} mean of the low questions": Estimate(value=found.low_mean),
            f"{name} mean of the others": Estimate(value=found.high_mean),
            f"{name} the others minus the null's": Estimate(value=found.from_null),
        }
    return followup_2(conditions, rules.registered), numbers


def _means(entry: Entry, size: int) -> tuple[Floats, Floats]:
    """Question means and their standard errors from the completions."""
    aligned, clusters = entry.sample.aligned, entry.sample.clusters
    means = question_means(aligned, clusters, size)
    squares, counts = question_sums((aligned - means[clusters]) ** 2, clusters, size)
    with np.errstate(invalid="ignore", divide="ignore"):
        errors: Floats = np.sqrt(squares / (counts - 1) / counts)
    return means, errors
