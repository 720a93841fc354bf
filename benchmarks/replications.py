"""What the report says of exact replications and of planted shifts, on SIMULATED runs in memory.

    python -m benchmarks.replications [--draws 40] [--seed 1]

Four winners are drawn in seeds 42, 137 and 256 by two judges from question means with the published α, and go
through the functions that the report uses (`condition_row`, `rule_results`, `differences`). Completions and
verdicts are new in every seed, questions are the same. Shifts are planted in the new seeds (follow-up 1), and
between two conditions by the smallest difference that `bwalpha power` promised for them.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.random import Generator

from benchmarks.made_scores import Population, draw, population
from estimation.means import Floats
from estimation.rules import WINNERS
from reports.build import condition_row
from reports.differences import Asked, Entry, differences, entries
from reports.power import Measured, planned
from reports.published import read_rules
from reports.rule_results import CLUSTERS, FOLLOW_UP_1, rule_results
from runs.run import Run
from tests.reports.made_runs import made_run

SEEDS = (42, 137, 256)
SHARED = 0.6
# As published, Sonnet and Opus (docs/protocol.md).
ALPHAS = {"sonnet": (67.80, 65.92, 45.84, 45.46), "opus": (86.88, 82.07, 74.74, 69.49)}
PILOTS = 10
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


@dataclass
class Power:
    """How often a planted difference was found."""

    promised: float
    planted: float
    found: float


def power(structure: str, draws: int, seed: int) -> Iterator[tuple[str, Power]]:
    """Share of draws in which the report's interval leaves 0 out, for both populations.

    For other questions every draw is a panel of its own: question means of both conditions are drawn anew.
    """
    rng = np.random.default_rng(seed)
    base = question_means(structure, 45.46)

    def pair(shift: float, other: bool) -> list[Run]:
        # What other questions would change is the conditions' difference from question to question.
        moved = base + shift + (rng.normal(0, 6, 52) if other else 0.0)
        of = {
            (name, judge): population(np.clip(means, 0, 97), int(rng.integers(1e6)))
            for judge in ALPHAS
            for name, means in (("grid_2", moved), ("grid_3", base))
        }
        return [drawn_run(name, 42, of, rng) for name in ("grid_2", "grid_3")]

    for of, place in (("questions", 2), ("panel", 3)):
        promises = []
        for _ in range(PILOTS):
            found = [
                e for e in as_entries(pair(0.0, of == "questions")) if e.column.judge == "sonnet"
            ]
            measured = [Measured(e.row.condition, "made", "sonnet", e.sample) for e in found]
            rows = planned(measured, ["grid_2:grid_3"], 52, 20, 0.8, None)
            promises.append(rows[-1].numbers[place])
        planted, hits = float(np.mean(promises)), 0
        for _ in range(draws):
            [one] = [
                d
                for d in differences(as_entries(pair(planted, of == "questions")), Asked())
                if d.judge == "sonnet"
            ]
            interval = one.difference if of == "questions" else one.difference.panel
            hits += bool(interval and interval.low is not None and interval.low > 0)
        yield of, Power(0.8, planted, hits / draws)


def main() -> None:
    parser = argparse.ArgumentParser(description="Replications and planted shifts, as reported.")
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, SIMULATED, {args.draws} draws a row, seed {args.seed}\n")
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
            found = follow_up(
                populations(structure), populations(structure, shift), args.draws, args.seed
            )
            cells = [
                ", ".join(f"{what} {n / args.draws:.1%}" for what, n in counts.most_common())
                for counts in found.values()
            ]
            print(f"| {structure} | {name} | {' | '.join(cells)} |", flush=True)
    print("\n| interval | promised | difference planted | found |")
    print("| --- | --- | --- | --- |")
    for of, one in power("normal, sd 12", 5 * args.draws, args.seed):
        print(f"| {of} | {one.promised:.0%} | {one.planted:.2f} | {one.found:.1%} |", flush=True)


if __name__ == "__main__":
    main()
