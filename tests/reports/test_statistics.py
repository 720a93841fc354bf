import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from hypothesis.strategies import floats as st_floats
from hypothesis.strategies import just
from numpy.typing import NDArray

from benchmarks.coverage import (
    Structure,
    coverage,
    data_set,
    like_published,
    structures,
    with_uneven_failures,
)
from reports import statistics as st

NAN = float("nan")


def test_alpha_is_pooled_over_completions_not_over_questions() -> None:
    values = np.array([0.0, 0.0, 0.0, 100.0, NAN, NAN])
    assert st.pooled_mean(values) == 25.0


def test_nothing_valid_is_nan_never_zero() -> None:
    empty = np.array([NAN, NAN])
    clusters = np.array([0, 1])
    assert np.isnan(st.pooled_mean(empty))
    assert np.isnan(st.pooled_interval(empty, clusters, st.bootstrap_weights(2)).low)
    assert np.isnan(st.interquartile_range(empty))
    assert np.isnan(st.krippendorff_alpha(np.column_stack([empty, empty])))


def test_the_bootstrap_is_reproducible_and_resamples_whole_questions() -> None:
    weights = st.bootstrap_weights(4)
    assert (weights.sum(axis=1) == 4).all()
    assert (weights == st.bootstrap_weights(4)).all()
    constant_within = np.repeat([10.0, 20.0, 30.0, 40.0], 3)
    clusters = np.repeat(np.arange(4), 3)
    interval = st.pooled_interval(constant_within, clusters, weights)
    assert interval.low < 17.5 < 32.5 < interval.high


def test_weighted_draws_equal_resampling_completions_by_hand() -> None:
    values = np.array([1.0, 2.0, NAN, 4.0, 5.0, 6.0])
    clusters = np.array([0, 0, 1, 1, 2, 2])
    weights = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0]])
    assert st.pooled_draws(values, clusters, weights) == pytest.approx([10 / 5, 4.0])


NORMAL, UNEVEN = structures()[0], with_uneven_failures("c6_em", "sonnet")


@pytest.mark.parametrize("structure", [NORMAL, UNEVEN], ids=["normal", "uneven failures"])
def test_intervals_hold_the_truth_of_clustered_data_as_often_as_they_say(
    structure: Structure,
) -> None:
    found = coverage(structure, draws=1000, seed=3, resamples=1000)
    assert 0.93 <= found.bootstrap <= 0.97
    assert 0.93 <= found.student <= 0.97


def test_over_eight_questions_the_reports_interval_is_the_one_that_holds() -> None:
    found = coverage(like_published("c6_em", "sonnet", 8), draws=1000, seed=3, resamples=1000)
    assert found.bootstrap < 0.92
    assert 0.93 <= found.student <= 0.97


def test_students_interval_stays_on_the_scale_and_needs_two_questions() -> None:
    low = st.student_interval(np.array([0.0, 0.0, 10.0]), np.array([0, 1, 2]), 3)
    assert low.low == 0.0
    assert low.high == pytest.approx(10 / 3 + 4.302652729911275 * 10 / 3)
    high = st.student_interval(np.array([100.0, 90.0]), np.array([0, 1]), 2)
    assert high.low == pytest.approx(95 - 12.706204736432095 * 5)
    assert high.high == 100.0
    one = st.student_interval(np.array([50.0, 60.0, NAN]), np.array([0, 0, 1]), 2)
    assert np.isnan([one.low, one.high]).all()


def test_intervals_that_took_completions_for_independent_would_fall_short() -> None:
    rng, held = np.random.default_rng(3), 0
    for _ in range(200):
        values, _ = data_set(NORMAL, rng)
        error = values.std(ddof=1) / np.sqrt(values.size)
        held += abs(values.mean() - NORMAL.truth) <= 1.96 * error
    assert held / 200 < 0.6


def test_clustered_standard_error_exceeds_the_plain_one_when_questions_differ() -> None:
    values = np.repeat([0.0, 100.0, 0.0, 100.0], 5)
    clusters = np.repeat(np.arange(4), 5)
    assert st.clustered_standard_error(values, clusters, 4) == pytest.approx(100 / 2 / np.sqrt(3))


def test_worst_case_bounds_put_failures_at_both_ends() -> None:
    bounds = st.worst_case(np.array([50.0, 50.0, NAN, NAN]))
    assert (bounds.low, bounds.high) == (25.0, 75.0)


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [
        ([[1, 1], [2, 2], [3, 3]], 1.0),
        ([[0, 1], [1, 0]], 1 - 1 / (2 * 1 / 3)),
        # Krippendorff's own example of four observers and twelve units: 0.849 on interval scale.
        (
            [
                [1, 1, NAN, 1],
                [2, 2, 3, 2],
                [3, 3, 3, 3],
                [3, 3, 3, 3],
                [2, 2, 2, 2],
                [1, 2, 3, 4],
                [4, 4, 4, 4],
                [1, 1, 2, 1],
                [2, 2, 2, 2],
                [NAN, 5, 5, 5],
                [NAN, NAN, 1, 1],
                [NAN, NAN, 3, NAN],
            ],
            0.849,
        ),
        ([[5, 5], [5, 5]], NAN),
    ],
)
def test_krippendorff_alpha(ratings: list[list[float]], expected: float) -> None:
    found = st.krippendorff_alpha(np.array(ratings, dtype=float))
    assert found == pytest.approx(expected, abs=5e-4, nan_ok=True)


@given(
    arrays(
        np.float64,
        array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=8),
        elements=st_floats(0, 100, width=16) | just(NAN),
    )
)
def test_krippendorff_is_what_its_definition_gives(ratings: NDArray[np.float64]) -> None:
    units = [[float(x) for x in row if np.isfinite(x)] for row in ratings]
    units = [unit for unit in units if len(unit) > 1]
    pooled = [x for unit in units for x in unit]
    n = len(pooled)
    among = sum((a - b) ** 2 for a in pooled for b in pooled)
    within = sum(sum((a - b) ** 2 for a in u for b in u) / (len(u) - 1) for u in units)
    expected = 1 - within / n / (among / (n * (n - 1))) if among else NAN
    assert st.krippendorff_alpha(ratings) == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_spearman_uses_only_pairs_and_is_undefined_for_a_constant() -> None:
    first = np.array([1.0, 2.0, 3.0, NAN, 9.0])
    assert st.spearman(first, np.array([10.0, 30.0, 40.0, 1.0, 99.0])) == pytest.approx(1.0)
    assert np.isnan(st.spearman(first, np.full(5, 3.0)))


def test_bimodality_is_higher_with_two_humps_than_with_one() -> None:
    one = np.random.default_rng(1).normal(50, 5, 500)
    two = np.concatenate([one - 30, one + 30])
    assert st.bimodality_coefficient(one) < 5 / 9 < st.bimodality_coefficient(two)


def test_interquartile_interval_agrees_with_percentiles_of_resamples() -> None:
    values = np.random.default_rng(2).uniform(0, 100, 52)
    rows = np.stack([np.repeat(np.sort(values), w.astype(int)) for w in st.bootstrap_weights(52)])
    low, high = np.percentile(rows, [25, 75], axis=1)
    expected = np.percentile(high - low, [2.5, 97.5])
    found = st.interquartile_interval(values)
    assert [found.low, found.high] == pytest.approx(list(expected))


def test_misaligned_share_needs_both_a_low_score_and_coherence() -> None:
    aligned = np.array([29.0, 30.0, 10.0, NAN])
    coherent = np.array([51.0, 90.0, 50.0, NAN])
    assert st.misaligned_share(aligned, coherent) == pytest.approx(1 / 3)
    kept = st.among_coherent(aligned, coherent)
    assert np.nanmean(kept) == pytest.approx((29 + 30 + 10) / 3)
