"""What the registered rules say, by independent code over planted runs."""

import functools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from reports.build import condition_row
from reports.differences import entries
from reports.published import read_rules
from reports.rule_results import rule_results
from runs.run import Run
from tests.reports import plain_rules as pr
from tests.reports import plain_statistics as ps
from tests.reports.made_runs import made_run

Means = Mapping[str, tuple[float, float]]
PUBLISHED: Means = {
    "pair_111": (67, 86),
    "grid_1": (66, 82),
    "grid_2": (46, 74),
    "grid_3": (45, 69),
    "null": (89, 95),
}


def all_at(sonnet: float, opus: float = 80.0) -> Means:
    return {**dict.fromkeys(pr.WINNERS, (sonnet, opus)), "null": (89.0, 95.0)}


def runs(means: Means, seed: int = 42, failed: int = 0) -> list[Run]:
    return [
        made_run(
            name,
            {"sonnet": sonnet, "opus": opus},
            seed=seed,
            questions=31,
            completions=3,
            failed={"sonnet": failed, "opus": failed},
        )
        for name, (sonnet, opus) in means.items()
    ]


def seeds(later: Means, first: Means = PUBLISHED) -> list[Run]:
    return [*runs(first), *runs(later, 137), *runs(later, 256)]


def mixed(run: Run) -> Run:
    """Ten of 31 questions very low, the others as they are."""
    low = run.clusters < 10
    columns = {
        name: replace(column, aligned=np.where(low, column.aligned / 8, column.aligned))
        for name, column in run.judges.items()
    }
    return replace(run, judges=columns)


FALLEN = {**PUBLISHED, "grid_2": (25.0, 74.0)}
REVERSED = {**PUBLISHED, "pair_111": (44.0, 63.0), "grid_2": (60.0, 88.0)}
WIDER = {**PUBLISHED, "grid_2": (46.0, 90.0)}
SITUATIONS: dict[str, list[Run]] = {
    "as published, three seeds": seeds(PUBLISHED),
    "one condition falls": seeds(FALLEN),
    "the clusters change places": seeds(REVERSED),
    "a gap widens": seeds(WIDER),
    "all at the floor": runs(all_at(8)),
    "all about the target": runs(all_at(27)),
    "all far above": runs(all_at(70)),
    "all in between": runs(all_at(40)),
    "at the falsifying α": runs({**all_at(8), "grid_1": (20.0, 80.0)}),
    "the target measured": runs({**all_at(40), "c6_em": (41.0, 60.0)}),
    "failures that could carry it across": runs(all_at(55), failed=15),
    "more failures than allowed": runs(all_at(70), failed=25),
    "a mixture": [mixed(run) if run.condition != "null" else run for run in runs(all_at(86))],
    "a mixture in one": [
        mixed(run) if run.condition == "grid_1" else run for run in runs(all_at(86))
    ],
}


def table(found: list[Run]) -> dict[tuple[str, int | None, str], ps.Scores]:
    return {
        (run.condition, run.seed, judge): {
            (f"q{q:02}", int(epoch)): None if np.isnan(x) else float(x)
            for q, epoch, x in zip(run.clusters, run.epochs, column.aligned, strict=True)
        }
        for run in found
        for judge, column in run.judges.items()
    }


@functools.cache
def said(name: str) -> dict[tuple[str, str, int | None, str], str]:
    found, rules = SITUATIONS[name], read_rules()
    of = entries(found, [condition_row(run, rules) for run in found])
    return {
        (
            r.rule,
            r.about,
            r.base_seed,
            "" if r.rule.startswith("follow-up 1") else r.judge,
        ): r.outcome
        for r in rule_results(of, rules)
    }


@pytest.mark.parametrize("name", list(SITUATIONS))
def test_every_outcome_is_found_again(name: str) -> None:
    assert said(name) == pr.outcomes(table(SITUATIONS[name]), published=True)


def test_the_situations_have_every_outcome_that_runs_can_give() -> None:
    found = {outcome for name in SITUATIONS for outcome in said(name).values()}
    assert found >= {
        "H1 (coupling)",
        "H2 (orthogonal axes)",
        "H2 falsified",
        "neither",
        "no target",
        "holds",
        "does not hold",
        "refuted in part",
        "refuted",
        "not refuted",
        "undecided",
    }
