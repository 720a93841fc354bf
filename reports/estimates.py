"""Numbers of `estimation` as the headline's fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from estimation import intervals as iv
from estimation.means import Floats, Ints
from reports.judge_figures import Estimate, Interval
from runs.run import JudgeColumn, Run

Of = Callable[[iv.Population], iv.Estimate]


def both(of: Of) -> Estimate:
    """A number with the interval for other questions, and with that for this panel."""
    questions, panel = of("questions"), of("panel")
    return single(questions).model_copy(update={"panel": _interval(panel)})


def single(found: iv.Estimate) -> Estimate:
    """A number with one interval."""
    return Estimate(
        value=found.value,
        completions=found.n,
        questions=found.questions,
        **_interval(found).model_dump(),
    )


def alpha(values: Floats, clusters: Ints) -> Estimate:
    """α of completion-level values with both intervals."""
    return both(lambda population: iv.alpha_interval(values, clusters, population))


def question_numbers(runs: Sequence[Run]) -> dict[str, int]:
    """One number per question id, so that a question means the same in every run."""
    names = sorted({question.id for run in runs for question in run.questions})
    return {name: number for number, name in enumerate(names)}


def sample(run: Run, column: JudgeColumn, numbers: dict[str, int]) -> iv.Sample:
    """One judge's scores on one run, with question numbers that other runs share."""
    return iv.Sample(column.aligned, clusters(run, numbers))


def clusters(run: Run, numbers: dict[str, int]) -> Ints:
    """The shared question number of each completion of a run."""
    own = np.array([numbers[question.id] for question in run.questions], dtype=np.int64)
    return own[run.clusters]


def _interval(found: iv.Estimate) -> Interval:
    return Interval(
        low=found.low,
        high=found.high,
        standard_error=found.standard_error,
        method=found.method,
        reason=found.reason,
    )
