"""How often the printed 95 % intervals hold the truth, on synthetic data of known structure.

    python -m benchmarks.coverage [--draws 2000] [--seed 1] [--only alphas] [--row "pair_98 30 × 20"]

Each draw makes a panel of questions and its completions (`benchmarks.made_scores`). Population
``questions`` is asked whether its interval holds the number over all kinds of question, population
``panel`` whether its interval holds that of the very panel drawn. A draw without an interval prints
none and is left out. Of what is printed, ``NO`` marks less than 93 %, ``over`` more than 97 %: an interval
wider than it need be.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import scipy

from benchmarks import made_scores as made
from benchmarks.made_scores import Population, draw, joint_moments, population, published
from estimation.comparisons import difference
from estimation.intervals import Estimate, Sample, alpha_interval
from estimation.intervals import Population as Of
from estimation.judges import gap, paired_gap
from estimation.means import Floats, Ints
from estimation.seeds import across_seeds

TOLERATED = (0.93, 0.97)
SHARED = 0.6
PARTS = ((52, 20), (30, 20), (13, 20), (8, 20), (8, 10), (5, 10))
SIZES = ((52, 20), (30, 20), (8, 10))
BOTH: tuple[Of, Of] = ("questions", "panel")
Truth = Callable[[Ints | None], float]


@dataclass(frozen=True)
class Structure:
    """One row of the table.

    Attributes:
        name: For the table.
        populations: One a run; kind k is the same question in all.
        estimate: The interval under test, of the runs' scores and their common questions.
        truth: The number over the kinds given, or over all.
        questions: How many are drawn.
        completions: Per question.
        shared: Correlation of the runs' ranks within a question: two judges of one completion agree.
        intervals: Which of the two intervals there are.
    """

    name: str
    populations: Sequence[Population]
    estimate: Callable[[list[Floats], Ints, Of], Estimate]
    truth: Truth
    questions: int = 52
    completions: int = 20
    shared: float = 0.0
    intervals: tuple[Of, ...] = BOTH


@dataclass
class Coverage:
    """Counts over all draws, and the summed width of the printed intervals."""

    held: int = 0
    printed: int = 0
    width: float = 0.0

    @property
    def share(self) -> float:
        """Share of the printed intervals that hold the truth; NaN when none is printed."""
        return self.held / self.printed if self.printed else float("nan")


def coverage(structure: Structure, draws: int, seed: int) -> dict[Of, Coverage]:
    """Draw data sets and count how often each interval holds its own truth."""
    rng = np.random.default_rng(seed)
    found = {of: Coverage() for of in structure.intervals}
    clusters = np.repeat(np.arange(structure.questions), structure.completions)
    whole, shape = structure.truth(None), (structure.questions, structure.completions)
    for _ in range(draws):
        kinds = rng.integers(0, len(structure.populations[0].scores), structure.questions)
        common = rng.standard_normal(shape)
        runs: list[Floats] = []
        for of_run in structure.populations:
            own = np.sqrt(1 - structure.shared**2) * rng.standard_normal(shape)
            # The first judge's ranks are the common ones, so that `shared` is the correlation of two.
            ranks = common if structure.shared and not runs else structure.shared * common + own
            runs.append(draw(of_run, kinds, ranks, rng).ravel())
        for of, counted in found.items():
            estimate = structure.estimate(runs, clusters, of)
            if estimate.has_interval:
                truth = whole if of == "questions" else structure.truth(kinds)
                counted.printed += 1
                counted.held += estimate.low <= truth <= estimate.high
                counted.width += estimate.high - estimate.low
    return found


def of_alpha(runs: list[Floats], clusters: Ints, of: Of) -> Estimate:
    return alpha_interval(runs[0], clusters, of)


def of_gap(runs: list[Floats], clusters: Ints, of: Of) -> Estimate:
    return gap(runs[0], runs[1], clusters, of)


def of_paired_gap(runs: list[Floats], clusters: Ints, of: Of) -> Estimate:
    return paired_gap(runs[0], runs[1], clusters, of)


def of_difference(runs: list[Floats], clusters: Ints, of: Of) -> Estimate:
    return difference(Sample(runs[0], clusters), Sample(runs[1], clusters), of)


def of_seeds(runs: list[Floats], clusters: Ints, of: Of) -> Estimate:
    return across_seeds([Sample(run, clusters) for run in runs], of)


def first_less_second(first: Population, second: Population) -> Truth:
    return lambda kinds: first.truth(kinds) - second.truth(kinds)


def paired_truth(moments: Floats) -> Truth:
    def truth(kinds: Ints | None) -> float:
        w, a, b = moments[slice(None) if kinds is None else kinds].mean(axis=0)[:3]
        return float((a - b) / w)

    return truth


def question_means() -> dict[str, Floats]:
    """Question means of each structure; as published where so named."""
    rng = np.random.default_rng(3)
    place = np.arange(made.KINDS)
    return {
        "normal, mean 50, sd 12": np.clip(rng.normal(50, 12, made.KINDS), 0, 95),
        "two humps, 85 or 15, 7 : 3": np.where(place % 10 < 7, 85.0, 15.0),
        "mixture, 12 of 52 at 20, the rest 85": np.where(place % 52 < 12, 20.0, 85.0),
        "uniform, 2 to 93": rng.uniform(2, 93, made.KINDS),
        "skewed, 95 · Beta(8, 1)": 95 * rng.beta(8, 1, made.KINDS),
        "null": published("null", "sonnet"),
        "c6_em": published("c6_em", "sonnet"),
        "evoprompt_98": published("evoprompt_98", "sonnet"),
        "evoprompt_98, Opus": published("evoprompt_98", "opus"),
        "pair_98": published("pair_98", "sonnet"),
        "pair_98, Opus": published("pair_98", "opus"),
    }


def alphas(parts: tuple[tuple[int, int], ...] = PARTS) -> Iterator[Structure]:
    """α of one condition: the whole panel, parts of it, a small panel; failures by score."""
    made_once = {
        name: population(means[np.isfinite(means)]) for name, means in question_means().items()
    }
    failing = {
        f"{name}, 2–42 % fail by score": Population(
            made_once[name].scores, made.more_failures_when_low
        )
        for name in ("null", "c6_em", "evoprompt_98", "pair_98")
    }
    for questions, completions in parts:
        for name, of in {**made_once, **failing}.items():
            yield Structure(name, [of], of_alpha, of.truth, questions, completions)


def judges() -> Iterator[Structure]:
    """Gap, paired gap and agreement of two judges of the same completions."""
    rng = np.random.default_rng(4)
    means = question_means()
    null, em = means["null"], means["c6_em"]
    mixture = means["mixture, 12 of 52 at 20, the rest 85"]
    warmer = np.clip(null + 6 + rng.normal(0, 2, null.size), 0, 95)
    kinder = np.clip(1.3 * em + 8 + rng.normal(0, 8, em.size), 0, 95)
    low = made.more_failures_when_low
    rows: dict[str, tuple[Floats, Floats, made.Failing | None, made.Failing | None]] = {
        "null and 6 higher": (null, warmer, None, None),
        "c6_em and higher, 2–42 % fail by score": (em, kinder, None, low),
        "mixture, the low at 20 and 60": (mixture, np.where(mixture < 50, 60.0, 92.0), None, None),
    }
    for name, first, second in (("evoprompt_98", 0.0, 0.11), ("pair_98", 0.16, 0.28)):
        fail = made.evenly(first), made.evenly(second)
        rows[f"{name}, both judges"] = (means[name], means[f"{name}, Opus"], *fail)
    for name, (a, b, fail_a, fail_b) in rows.items():
        both = np.isfinite(a) & np.isfinite(b)
        of = (population(a[both], 7, fail_a), population(b[both], 8, fail_b))
        moments = joint_moments(*of, SHARED)
        tests: list[tuple[str, Callable[[list[Floats], Ints, Of], Estimate], Truth]] = [
            ("gap", of_gap, first_less_second(*of)),
            ("paired gap", of_paired_gap, paired_truth(moments)),
        ]
        for questions, completions in SIZES:
            for what, estimate, truth in tests:
                yield Structure(
                    f"{what}: {name}", of, estimate, truth, questions, completions, SHARED
                )


def comparisons() -> Iterator[Structure]:
    """Differences of two conditions on the same questions, and the mean over three seeds."""
    means = question_means()
    mixture = means["mixture, 12 of 52 at 20, the rest 85"]
    normal = means["normal, mean 50, sd 12"]
    rng = np.random.default_rng(5)
    pairs = {
        "null - c6_em": (means["null"], means["c6_em"]),
        "mixture - c6_em": (mixture, means["c6_em"]),
        "mixture - another": (mixture, np.where(rng.random(made.KINDS) < 0.3, 30.0, 85.0)),
        "normal - 5 higher": (
            normal,
            np.clip(normal + 5 + rng.normal(0, 5, made.KINDS), 0, 95),
        ),
        "evoprompt_98 - pair_98": (means["evoprompt_98"], means["pair_98"]),
    }
    for questions, completions in SIZES:
        for name, (a, b) in pairs.items():
            both = np.isfinite(a) & np.isfinite(b)
            of = (population(a[both], 7), population(b[both], 8))
            yield Structure(
                f"difference: {name}",
                of,
                of_difference,
                first_less_second(*of),
                questions,
                completions,
            )
        for name in ("null", "c6_em", "pair_98"):
            same = population(means[name][np.isfinite(means[name])])
            yield Structure(
                f"mean of three seeds: {name}",
                [same] * 3,
                of_seeds,
                same.truth,
                questions,
                completions,
            )


SECTIONS: dict[str, Callable[[], Iterator[Structure]]] = {
    "alphas": alphas,
    "judges": judges,
    "comparisons": comparisons,
}


TITLES = {
    "alphas": "α",
    "judges": "Two judges",
    "comparisons": "Comparisons and seeds",
}


def cell(found: Coverage | None, draws: int) -> str:
    """Coverage, mean width, and what is to be said of them."""
    if found is None:
        return "–"
    if not found.printed:
        return "not printed"
    if found.printed < 0.01 * draws:
        return "printed in under 1%"
    mark = ""
    if found.share < TOLERATED[0]:
        mark = " **NO**"
    elif found.share > TOLERATED[1]:
        mark = " over"
    often = "" if found.printed >= 0.995 * draws else f", printed in {found.printed / draws:.0%}"
    return f"{found.share:.1%}{mark} (width {found.width / found.printed:.2f}{often})"


def main() -> None:
    parser = argparse.ArgumentParser(description="Coverage of the printed intervals.")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=list(SECTIONS))
    parser.add_argument("--row", action="append", help="only rows of this structure and size")
    args = parser.parse_args()
    print("# Coverage of the printed intervals, SIMULATED\n")
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, SIMULATED, {args.draws} draws a row, seed {args.seed}, "
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}\n"
    )
    for name in [args.only] if args.only else SECTIONS:
        print(f"## {TITLES[name]}\n")
        print("| structure | questions × completions | truth | other questions | this panel |")
        print("| --- | --- | --- | --- | --- |")
        for row in SECTIONS[name]():
            if args.row and f"{row.name} {row.questions} × {row.completions}" not in args.row:
                continue
            found = coverage(row, args.draws, args.seed)
            questions, panel = (cell(found.get(of), args.draws) for of in BOTH)
            print(
                f"| {row.name} | {row.questions} × {row.completions} | {row.truth(None):.2f} "
                f"| {questions} | {panel} |",
                flush=True,
            )
        print()


if __name__ == "__main__":
    main()
