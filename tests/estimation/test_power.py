import numpy as np
import pytest

from estimation.comparisons import difference
from estimation.confounds import adjusted_differences
from estimation.intervals import Sample
from estimation.power import (
    Spread,
    alpha_spread,
    components,
    difference_spread,
    expected_width,
    needed,
    smallest_difference,
    standard_error,
)

CLUSTERS = np.repeat(np.arange(52), 20)


def test_components_are_found_again() -> None:
    rng = np.random.default_rng(1)
    clusters = np.repeat(np.arange(400), 10)
    values = 50 + rng.normal(0, 12, 400)[clusters] + rng.normal(0, 8, clusters.size)
    found = alpha_spread(Sample(values, clusters))
    assert found.between == pytest.approx(144, rel=0.2)
    assert found.within == pytest.approx(64, rel=0.1)
    assert found.reliability == pytest.approx(144 / 208, abs=0.05)


def test_components_of_a_balanced_table_are_those_of_the_analysis_of_variance() -> None:
    table = np.array([[1.0, 3.0], [10.0, 14.0], [5.0, 5.0]])
    found = alpha_spread(Sample(table.ravel(), np.repeat(np.arange(3), 2)))
    within = (2 + 8 + 0) / 3
    assert found.within == pytest.approx(within)
    assert found.between == pytest.approx(np.var([2, 12, 5], ddof=1) - within / 2)


@pytest.mark.parametrize(
    ("values", "clusters"), [([], []), ([5.0], [0]), ([5.0, 6.0], [0, 1]), ([np.nan], [0])]
)
def test_too_little_data_has_no_components(values: list[float], clusters: list[int]) -> None:
    found = alpha_spread(Sample(np.array(values), np.array(clusters, dtype=np.int64)))
    assert np.isnan(found.between)


def test_seeds_and_judges_are_told_apart() -> None:
    rng = np.random.default_rng(2)
    questions, seeds, completions = 200, 3, 6
    q = np.repeat(np.arange(questions), seeds * completions)
    s = np.tile(np.repeat(np.arange(seeds), completions), questions)
    base = 50 + rng.normal(0, 10, questions)[q] + rng.normal(0, 5, (questions, seeds))[q, s]
    base = base + rng.normal(0, 8, q.size)
    ratings = base[:, None] + np.array([0.0, 12.0]) + rng.normal(0, 4, (q.size, 2))
    ratings += rng.normal(0, 3, (questions, 2))[q]
    found = components(ratings, q, s)
    assert found.question == pytest.approx(100, rel=0.25)
    assert found.seed == pytest.approx(25, rel=0.3)
    assert found.completion == pytest.approx(64, rel=0.1)
    assert found.judge == pytest.approx(72, rel=0.15)
    assert found.judge_by_question == pytest.approx(9, rel=0.4)
    assert found.residual == pytest.approx(16, rel=0.1)
    alone = components(ratings[:, :1], q, np.zeros_like(s))
    assert np.isnan(alone.seed)
    assert np.isnan(alone.judge)


def test_the_promised_difference_is_found_with_the_promised_power() -> None:
    spread = Spread(between=36.0, within=200.0)
    planted = smallest_difference(spread, 52, 20)
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(400):
        questions = rng.normal(50, 15, 52)
        moved = questions + planted + rng.normal(0, 6, 52)
        runs = [
            Sample(means[CLUSTERS] + rng.normal(0, 10, CLUSTERS.size), CLUSTERS)
            for means in (moved, questions)
        ]
        found += difference(runs[0], runs[1]).low > 0
    assert 0.74 <= found / 400 <= 0.86


def test_the_spread_of_a_difference_leaves_the_questions_own_out() -> None:
    rng = np.random.default_rng(4)
    questions = rng.normal(50, 20, 52)
    runs = [
        Sample((questions + shift)[CLUSTERS] + rng.normal(0, 10, CLUSTERS.size), CLUSTERS)
        for shift in (0, 5)
    ]
    found = difference_spread(runs[0], runs[1])
    assert found.between < 10
    assert found.within == pytest.approx(200, rel=0.15)


def test_what_to_add_is_the_least_that_is_enough() -> None:
    spread = Spread(between=100.0, within=300.0)
    found = needed(spread, 4.0, 52, 20)
    assert found.questions is not None
    assert (
        expected_width(spread, found.questions, 20)
        <= 4
        < expected_width(spread, found.questions - 1, 20)
    )
    # The variance between 52 questions alone is too much: no number of completions is enough.
    assert found.completions is None
    panel = needed(spread, 1.0, 52, 20, "panel")
    assert panel.completions is not None
    assert expected_width(spread, 52, panel.completions, "panel") <= 1
    with pytest.raises(ValueError, match="positive"):
        needed(spread, 0, 52, 20)


def test_a_few_outlying_questions_make_the_smallest_difference_larger() -> None:
    rng = np.random.default_rng(6)
    outlying = np.where(np.arange(52) < 2, 60.0, 0.0)
    runs = [
        Sample((50 + part)[CLUSTERS] + rng.normal(0, 5, CLUSTERS.size), CLUSTERS)
        for part in (outlying, np.zeros(52))
    ]
    found = difference_spread(*runs)
    assert found.tails < 0.2
    as_if_normal = Spread(found.between, found.within)
    assert smallest_difference(found, 52, 20) > smallest_difference(as_if_normal, 52, 20)
    assert smallest_difference(found, 52, 20, "panel") == pytest.approx(
        smallest_difference(as_if_normal, 52, 20, "panel")
    )


def test_where_no_interval_is_printed_none_is_promised() -> None:
    spread = Spread(100.0, 300.0)
    assert np.isnan(smallest_difference(spread, 11, 20))
    assert np.isnan(expected_width(spread, 52, 1, "panel"))
    assert standard_error(spread, 52, 20, "panel") == pytest.approx((300 / 1040) ** 0.5)


def test_a_difference_that_coherence_makes_goes_away_with_it() -> None:
    rng = np.random.default_rng(5)
    coherent = [rng.normal(80, 8, CLUSTERS.size), rng.normal(60, 8, CLUSTERS.size)]
    questions = rng.normal(0, 10, 52)[CLUSTERS]
    aligned = [10 + 0.8 * c + questions + rng.normal(0, 5, c.size) for c in coherent]
    aligned[0][:30] = np.nan
    found = adjusted_differences(aligned, [c[:, None] for c in coherent], [CLUSTERS] * 2)
    assert found.raw[0].value == pytest.approx(-16, abs=1)
    assert found.differences[0].low < 0 < found.differences[0].high
    assert found.slopes[0].value == pytest.approx(0.8, abs=0.05)
    assert found.n == 2 * CLUSTERS.size - 30


def test_a_covariate_that_is_the_condition_cannot_be_told_from_it() -> None:
    aligned = [np.arange(24.0), np.arange(24.0) + 5]
    covariates = [np.zeros((24, 1)), np.ones((24, 1))]
    found = adjusted_differences(aligned, covariates, [np.repeat(np.arange(12), 2)] * 2)
    assert found.differences[0].reason
    assert found.raw[0].value == pytest.approx(5)
