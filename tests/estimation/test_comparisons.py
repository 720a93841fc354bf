import math

import numpy as np
import pytest

from estimation.comparisons import difference, equivalence, holm, rank_probabilities
from estimation.intervals import Sample, alpha_interval
from estimation.seeds import across_seeds, seed_spread
from tests.estimation.test_intervals import scores

NAN = float("nan")
CLUSTERS = np.repeat(np.arange(52), 20)


def run(shift: float, seed: int, questions_sd: float = 15) -> Sample:
    means = np.random.default_rng(1).normal(50, questions_sd, 52) + shift
    noise = np.random.default_rng(seed).normal(0, 10, CLUSTERS.size)
    return Sample(np.clip(means[CLUSTERS] + noise, 0, 100), CLUSTERS)


def test_pairing_by_question_takes_the_questions_own_differences_out() -> None:
    first, second = run(0, 2), run(3, 3)
    found = difference(first, second)
    alone = [alpha_interval(s.aligned, s.clusters).standard_error for s in (first, second)]
    assert found.value == pytest.approx(first.mean - second.mean)
    assert found.standard_error < 0.3 * math.hypot(*alone)
    assert found.p_value() < 0.001
    assert difference(first, run(0, 4)).p_value() > 0.05


def test_a_paired_difference_is_what_plain_loops_give() -> None:
    (a, clusters), (b, _) = scores(11), scores(12)
    found = difference(Sample(a, clusters), Sample(b, clusters))
    totals = []
    for q in sorted(set(clusters.tolist())):
        part = 0.0
        for values, sign in ((a, 1), (b, -1)):
            valid = [float(x) for x in values if x == x]
            mean = sum(valid) / len(valid)
            mine = [float(x) for x, c in zip(values, clusters, strict=True) if c == q and x == x]
            part += sign * sum(x - mean for x in mine) / len(valid)
        totals.append(part)
    q = len(totals)
    assert found.standard_error == pytest.approx(
        math.sqrt(q / (q - 1) * sum(t * t for t in totals))
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.5, 0.9], [1.0, 1.0]),
        ([NAN, 0.02, 0.01], [NAN, 0.02, 0.02]),
        ([], []),
        ([NAN], [NAN]),
    ],
)
def test_holm(given: list[float], expected: list[float]) -> None:
    assert holm(given) == pytest.approx(expected, nan_ok=True)


def test_equivalence_needs_both_sides_within_the_margin() -> None:
    same = equivalence(run(0, 2), run(0, 3), margin=3)
    assert same.equivalent is True
    assert -3 < same.low < same.high < 3
    assert equivalence(run(0, 2), run(3, 3), margin=3).equivalent is False
    assert equivalence(run(0, 2), run(0, 3), margin=0.1).equivalent is False
    flat = Sample(np.full(40, 50.0), np.repeat(np.arange(20), 2))
    assert equivalence(flat, flat, 5).equivalent is None
    with pytest.raises(ValueError, match="positive"):
        equivalence(flat, flat, 0)


def test_ranks_follow_the_alphas_and_are_open_between_equals() -> None:
    table = rank_probabilities([run(20, 2), run(0, 3), run(0, 4)])
    assert table is not None
    assert table.sum(axis=0) == pytest.approx([1, 1, 1])
    assert table.sum(axis=1) == pytest.approx([1, 1, 1])
    assert table[0, 2] > 0.999
    assert 0.02 < table[1, 0] < 0.98
    assert (
        rank_probabilities([run(0, 2), Sample(np.full(40, 50.0), np.repeat(np.arange(20), 2))])
        is None
    )


def test_more_seeds_narrow_the_interval_of_this_panel_not_that_of_other_questions() -> None:
    runs = [run(0, seed) for seed in range(2, 6)]
    one, four = runs[0], across_seeds(runs, "panel")
    alone = alpha_interval(one.aligned, one.clusters, "panel")
    assert four.standard_error == pytest.approx(alone.standard_error / 2, rel=0.1)
    other = across_seeds(runs)
    assert other.standard_error > 0.95 * alpha_interval(one.aligned, one.clusters).standard_error
    assert four.value == pytest.approx(np.mean([r.mean for r in runs]))


def test_the_spread_over_seeds_is_held_against_chance() -> None:
    chance = seed_spread([run(0, seed) for seed in range(2, 8)])
    moved = seed_spread([run(shift, seed) for shift, seed in ((0, 2), (3, 3), (6, 4))])
    assert chance.p_value > 0.01
    assert 0.3 < chance.sd / chance.expected < 2
    assert moved.p_value < 1e-6
    assert math.isnan(seed_spread([run(0, 2)]).sd)
