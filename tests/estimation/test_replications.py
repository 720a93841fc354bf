"""Replications and planted shifts in little, SIMULATED; benchmarks/README.md has more draws."""

from pathlib import Path

import pytest

from benchmarks.replications import Power, follow_up, levels, populations, power
from estimation.intervals import Population
from reports.rule_results import FOLLOW_UP_1

DRAWS = 200
# Three standard deviations of a share of 0.8 over 200 draws.
NEAR = 0.085


@pytest.mark.parametrize("level", ["a winner, α 45", "null", "evoprompt_98"])
@pytest.mark.parametrize("of", ["questions", "panel"])
def test_a_planted_difference_is_found_as_often_as_promised(
    level: str, of: Population, real_sources: Path
) -> None:
    found: Power = power(*levels()[level], of, -1, DRAWS, seed=3)
    assert found.planted < 0
    assert found.found == pytest.approx(found.after, abs=NEAR)


def test_exact_replications_hold_and_a_fallen_condition_refutes(real_sources: Path) -> None:
    first = populations("normal, sd 12")
    assert follow_up(first, first, 2, seed=1)[FOLLOW_UP_1] == {"holds": 2}
    fallen = populations("normal, sd 12", {"sonnet": 25 - 45.84})
    assert follow_up(first, fallen, 1, seed=1)[FOLLOW_UP_1] == {"refuted in part": 1}
