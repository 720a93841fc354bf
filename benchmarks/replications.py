"""What the report says of exact replications and of planted shifts, on SIMULATED runs in memory.

    python -m benchmarks.replications [--draws 40] [--seed 1] [--only power]

Replications: four winners are drawn in seeds 42, 137 and 256 by two judges from question means with the
published α, and go through the functions that the report uses (`condition_row`, `rule_results`). Completions
and verdicts are new in every seed; questions and their true means are the same, in every draw too. Shifts are
planted in the new seeds.

Power: two conditions differ by the smallest difference that `bwalpha power` promises to find in 80 % of runs
like theirs, in 50 times as many draws. For this panel all draws have the same 52 questions; for other
questions each draw has others, of the same kinds.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product

import numpy as np
from numpy.random import Generator

from benchmarks import made_scores as made
from benchmarks.made_scores import Population, draw, population, published
from estimation.comparisons import difference
from estimation.intervals import Population as Of
from estimation.intervals import Sample
from estimation.means import Floats, Ints
from estimation.power import Spread, difference_spread, smallest_difference
from estimation.rules import WINNERS
from reports.build import condition_row
from reports.differences import POPULATIONS, Entry, entries
from reports.published import read_rules
from reports.rule_results import CLUSTERS, FOLLOW_UP_1, rule_results
from runs.run import Run
from tests.reports.made_runs import made_run

SEEDS = (42, 137, 256)
SHARED = 0.6
# As published, Sonnet and Opus (docs/protocol.md).
ALPHAS = {"sonnet": (67.80, 65.92, 45.84, 45.46), "opus": (86.88, 82.07, 74.74, 69.49)}
PILOTS = 40
KINDS = 400
CLUSTERS_OF = np.repeat(np.arange(52), 20)
Populations = dict[tuple[str, str], Population]


def question_means(structure: str, alpha: float) -> Floats:
    """52 question means with this mean, spread as the structure says."""
    z = np.random.default_rng(3).permutation(52)
    if structure == "two humps":
        low = z < 52 * (95 - alpha) / 80
        means = np.where(low, 15.0, 95.0)
    else:
        spread = {"alike": 4.0, "normal, sd 12": 12.0}[structure]
        means = spread * np.random.default_rng(4).standard_normal(52)
    for _ in range(20):
        means = np.clip(means + alpha - means.mean(), 1, 97)
    return np.asarray(means)


def populations(structure: str, shift: Mapping[str, float] | None = None) -> Populations:
    """A population per condition and judge; ``shift`` moves a judge's question means of grid_2."""
    return {
        (name, judge): population(
            np.clip(
                question_means(structure, alpha)
                + (shift or {}).get(judge, 0.0) * (name == "grid_2"),
                0,
                97,
            )
        )
        for judge, alphas in ALPHAS.items()
        for name, alpha in zip(WINNERS, alphas, strict=True)
    }


def drawn_run(name: str, seed: int, of: Populations, rng: Generator) -> Run:
    """One condition in one seed, both judges on the same completions."""
    run = made_run(name, dict.fromkeys(ALPHAS, 50.0), seed=seed)
    common, kinds = rng.standard_normal((52, 20)), np.arange(52)
    columns = {}
    for judge, column in run.judges.items():
        own = SHARED * common + np.sqrt(1 - SHARED**2) * rng.standard_normal((52, 20))
        ranks = common if judge == "sonnet" else own
        aligned = draw(of[name, judge], kinds, ranks, rng).ravel()
        columns[judge] = replace(column, aligned=aligned)
    return replace(run, judges=columns)


def as_entries(runs: list[Run]) -> list[Entry]:
    rules = read_rules()
    return entries(runs, [condition_row(run, rules) for run in runs])


def follow_up(
    first: Populations, later: Populations, draws: int, seed: int
) -> dict[str, Counter[str]]:
    """Outcomes of follow-up 1 over draws, of the rule and of the clusters' order."""
    rng = np.random.default_rng(seed)
    found: dict[str, Counter[str]] = {FOLLOW_UP_1: Counter(), CLUSTERS: Counter()}
    for _ in range(draws):
        runs = [
            drawn_run(name, seed, first if seed == 42 else later, rng)
            for seed in SEEDS
            for name in WINNERS
        ]
        for result in rule_results(as_entries(runs), read_rules()):
            if result.rule in found:
                found[result.rule][result.outcome] += 1
    return found


@dataclass(frozen=True)
class Power:
    """What `bwalpha power` says of a planted difference, and how often it was found.

    Attributes:
        planted: The true difference, in points.
        before: Power promised by logs of two conditions that do not differ.
        after: Power promised by logs of the two that differ so.
        found: Share of draws whose interval lies on the difference's side of 0.
    """

    planted: float
    before: float
    after: float
    found: float


def levels() -> dict[str, tuple[Floats, float]]:
    """Question means, and how far another condition's lie from them, by the conditions that they are like."""
    middle = np.random.default_rng(3).normal(45.46, 12, made.KINDS)
    means = {
        "a winner, α 45": (np.clip(middle, 1, 97), 6.0),
        "c6_em": (published("c6_em", "sonnet"), 6.0),
        "null": (published("null", "sonnet"), 2.0),
        "evoprompt_98": (published("evoprompt_98", "sonnet"), 1.5),
    }
    return {name: (base[np.isfinite(base)], apart) for name, (base, apart) in means.items()}


def power(base: Floats, apart: float, of: Of, sign: int, draws: int, seed: int) -> Power:
    """Plant the smallest difference that is promised to be found in 80 %, and look for it.

    Args:
        base: Mean of each kind of question in one condition.
        apart: Standard deviation of the other condition's distance from it, from kind to kind.
        of: ``questions``: every draw has other kinds of question; ``panel``: all draws have the same 52.
        sign: Whether the other condition lies above or below.
        draws: How many pairs of runs.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    base = base[rng.integers(0, base.size, 52 if of == "panel" else KINDS)]

    def pair() -> tuple[Sample, Sample]:
        kinds = np.arange(52) if of == "panel" else rng.integers(0, base.size, 52)
        return runs_of(differing, kinds, rng)

    differing = apart_by(0.0, base, apart)
    spreads = [difference_spread(*pair()) for _ in range(PILOTS)]
    planted = float(np.mean([smallest_difference(s, 52, 20, of) for s in spreads]))
    differing = apart_by(sign * planted, base, apart)
    true = differing[0].truth() - differing[1].truth()
    after = [difference_spread(*pair()) for _ in range(PILOTS)]
    hits = 0
    for _ in range(draws):
        found = difference(*pair(), of)
        hits += found.low > 0 if sign > 0 else found.high < 0
    before_power, after_power = (
        float(np.mean([power_of(abs(true), spread, of) for spread in some]))
        for some in (spreads, after)
    )
    return Power(true, before_power, after_power, hits / draws)


def apart_by(shift: float, base: Floats, apart: float) -> tuple[Population, Population]:
    """Two conditions whose true α differ by ``shift``, as near as the anchors' scores allow."""
    first, moved = population(base, 7), base + np.random.default_rng(8).normal(0, apart, base.size)
    moved, tried = moved + shift, []
    for _ in range(8):
        second = population(np.clip(moved, 0, 97), 8)
        missed = shift - (second.truth() - first.truth())
        tried.append((abs(missed), second))
        moved = moved + missed / 2
    return min(tried, key=lambda one: one[0])[1], first


def runs_of(
    of: tuple[Population, Population], kinds: Ints, rng: Generator
) -> tuple[Sample, Sample]:
    """One run of either condition on the same questions."""
    first, second = (
        Sample(draw(one, kinds, rng.standard_normal((52, 20)), rng).ravel(), CLUSTERS_OF)
        for one in of
    )
    return first, second


def power_of(size: float, spread: Spread, of: Of) -> float:
    """The power with which a difference is promised to be found: where `smallest_difference` is its size."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        enough = smallest_difference(spread, 52, 20, of, middle) <= size
        low, high = (middle, high) if enough else (low, middle)
    return low


def main() -> None:
    parser = argparse.ArgumentParser(description="Replications and planted shifts, as reported.")
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["replications", "power"])
    args = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, SIMULATED, {args.draws} draws a row, seed {args.seed}\n")
    if args.only != "power":
        print_replications(args.draws, args.seed)
    if args.only != "replications":
        print_power(50 * args.draws, args.seed)


def print_replications(draws: int, seed: int) -> None:
    print("| questions | planted in the new seeds | follow-up 1 | order of the clusters |")
    print("| --- | --- | --- | --- |")
    shifts = {
        "nothing": None,
        "grid_2 at 25 by Sonnet": {"sonnet": 25 - 45.84},
        "grid_2's gap 20 wider": {"sonnet": 10.0, "opus": -10.0},
    }
    for structure in ("alike", "normal, sd 12", "two humps"):
        for name, shift in shifts.items():
            if shift and structure != "normal, sd 12":
                continue
            found = follow_up(populations(structure), populations(structure, shift), draws, seed)
            cells = [
                ", ".join(f"{what} {n / draws:.1%}" for what, n in counts.most_common())
                for counts in found.values()
            ]
            print(f"| {structure} | {name} | {' | '.join(cells)} |", flush=True)


def print_power(draws: int, seed: int) -> None:
    print("| conditions like | interval | planted | promised | promised after | found |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (name, (base, apart)), of, sign in product(levels().items(), POPULATIONS, (1, -1)):
        one = power(base, apart, of, sign, draws, seed)
        shares = " | ".join(f"{share:.1%}" for share in (one.before, one.after, one.found))
        print(f"| {name} | {of} | {one.planted:+.2f} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
