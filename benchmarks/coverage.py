"""How often the report's 95 % intervals hold the truth, on synthetic data with known structure.

    python -m benchmarks.coverage [--draws 1000] [--seed 1]

Each draw makes a data set of 52 questions with 20 completions each, as the protocol has them: the
questions are drawn from a population whose mean is known, the completions from their question. The
report's interval is a cluster bootstrap over questions, 10,000 resamples, percentile. Beside it stands
that of the clustered standard error with Student's t, the report's own on parts of the panel, which
`inspect view` shows for the whole. The last column says whether the report's own is within 93 to 97 %.
Means of questions are drawn from the published columns (datasets/reference_questions.csv); how far
the completions of a question spread is published nowhere and is assumed, see `Structure`.
"""

from __future__ import annotations

import argparse
import csv
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import scipy
from numpy.random import Generator

from protocol.data import DATASETS
from reports.statistics import (
    RESAMPLES,
    Floats,
    Ints,
    bootstrap_weights,
    pooled_interval,
    student_interval,
)

QUESTIONS, COMPLETIONS = 52, 20
TOLERATED = (0.93, 0.97)


@dataclass(frozen=True)
class Structure:
    """One way in which scores may lie.

    Attributes:
        name: For the table.
        means: Draws as many question means, 0 to 100, as asked for.
        truth: The pooled mean of the population.
        concentration: How close a question's scores stay to its mean: they are 100 times a Beta
            with this sum of parameters, so their variance is m (100 - m) / (concentration + 1).
            None stands for a normal with a standard deviation of 8, which may leave 0 to 100.
        failing: The share of failed verdicts of a question, by its mean; 0 when None.
        questions: How many questions are drawn.
    """

    name: str
    means: Callable[[Generator, int], Floats]
    truth: float
    concentration: float | None = 4.0
    failing: Callable[[Floats], Floats] | None = None
    questions: int = QUESTIONS


@dataclass(frozen=True)
class Coverage:
    """Shares of draws whose interval held the truth, and the mean width of the bootstrap's."""

    bootstrap: float
    student: float
    width: float


def published_means(condition: str, judge: str) -> Floats:
    """The published question means of one column, without the questions that have none."""
    with (DATASETS / "reference_questions.csv").open(encoding="utf-8", newline="") as file:
        return np.array(
            [
                float(row["mean_aligned"])
                for row in csv.DictReader(file)
                if (row["condition"], row["judge"]) == (condition, judge) and row["mean_aligned"]
            ]
        )


def like_published(condition: str, judge: str, questions: int = QUESTIONS) -> Structure:
    """Question means drawn from a published column, bounded scores around them."""
    population = published_means(condition, judge)
    part = "" if questions == QUESTIONS else f", {questions} questions"
    return Structure(
        f"means as published, {condition} {judge}{part}",
        lambda rng, count: rng.choice(population, count),
        float(population.mean()),
        questions=questions,
    )


def more_failures_when_low(means: Floats) -> Floats:
    """From 2 % failed verdicts at 100 to 42 % at 0."""
    failing: Floats = 0.42 - 0.4 * means / 100
    return failing


def with_uneven_failures(condition: str, judge: str) -> Structure:
    """Failures that are more frequent where scores are low, so that questions weigh unevenly."""
    population = published_means(condition, judge)
    kept = 1 - more_failures_when_low(population)
    return Structure(
        f"the same with 2–42 % failures, {condition} {judge}",
        lambda rng, count: rng.choice(population, count),
        float((population * kept).sum() / kept.sum()),
        failing=more_failures_when_low,
    )


def structures() -> list[Structure]:
    """What the table in docs/statistics.md has a row for."""
    columns = [
        ("null", "sonnet"),
        ("c6_em", "sonnet"),
        ("evoprompt_98", "sonnet"),
        ("evoprompt_98", "opus"),
        ("pair_98", "sonnet"),
        ("pair_98", "opus"),
    ]
    return [
        Structure("normal, sd 12 between, 8 within", normal_means, 50.0, concentration=None),
        Structure("two humps: means 85 or 15, 7 : 3", two_humps, 64.0),
        Structure("uniform means, 0–100", lambda rng, n: rng.uniform(0, 100, n), 50.0),
        Structure("skewed: means 100 · Beta(8, 1)", skewed, 100 * 8 / 9),
        *(like_published(*column) for column in columns),
        with_uneven_failures("c6_em", "sonnet"),
        with_uneven_failures("null", "sonnet"),
        like_published("c6_em", "sonnet", questions=13),
        like_published("c6_em", "sonnet", questions=8),
    ]


def normal_means(rng: Generator, count: int) -> Floats:
    return rng.normal(50, 12, count)


def two_humps(rng: Generator, count: int) -> Floats:
    return np.where(rng.random(count) < 0.7, 85.0, 15.0)


def skewed(rng: Generator, count: int) -> Floats:
    return 100 * rng.beta(8, 1, count)


def data_set(structure: Structure, rng: Generator) -> tuple[Floats, Ints]:
    """One data set: scores, NaN where a verdict failed, and each score's question."""
    clusters = np.repeat(np.arange(structure.questions), COMPLETIONS)
    means = structure.means(rng, structure.questions)
    if structure.concentration is None:
        values = means[clusters] + rng.normal(0, 8, clusters.size)
    else:
        # A Beta needs both parameters above 0; a mean of 0 or 100 is a constant to the eye.
        share = np.clip(means[clusters] / 100, 1e-4, 1 - 1e-4)
        values = 100 * rng.beta(
            share * structure.concentration, (1 - share) * structure.concentration
        )
    if structure.failing is not None:
        failed = rng.random(clusters.size) < structure.failing(means)[clusters]
        values = np.where(failed, np.nan, values)
    return values, clusters


def coverage(structure: Structure, draws: int, seed: int, resamples: int = RESAMPLES) -> Coverage:
    """Draw data sets and count how often each interval holds the population's mean."""
    rng = np.random.default_rng(seed)
    weights = bootstrap_weights(structure.questions, resamples)
    held, held_by_t, width = 0, 0, 0.0
    for _ in range(draws):
        values, clusters = data_set(structure, rng)
        interval = pooled_interval(values, clusters, weights)
        held += interval.low <= structure.truth <= interval.high
        width += interval.high - interval.low
        student = student_interval(values, clusters, structure.questions)
        held_by_t += student.low <= structure.truth <= student.high
    return Coverage(held / draws, held_by_t / draws, width / draws)


def main() -> None:
    parser = argparse.ArgumentParser(description="Coverage of the report's intervals.")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {args.draws} draws, seed {args.seed}, {RESAMPLES:,} resamples, "
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}\n"
    )
    print(
        "| structure | truth | bootstrap covers | Student's t covers | bootstrap's mean width | 93–97 % |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for structure in structures():
        found = coverage(structure, args.draws, args.seed)
        part = structure.questions < QUESTIONS
        inside = TOLERATED[0] <= (found.student if part else found.bootstrap) <= TOLERATED[1]
        print(
            f"| {structure.name} | {structure.truth:.2f} | {found.bootstrap:.1%} | {found.student:.1%} "
            f"| {found.width:.2f} | {'yes' if inside else 'NO'} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
