import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from hypothesis.strategies import floats, just
from numpy.typing import NDArray

from estimation.judges import (
    agreement,
    effective_judges,
    every_pair,
    gap,
    krippendorff_alpha,
    paired_gap,
    spearman,
)

NAN = float("nan")
CLUSTERS = np.repeat(np.arange(52), 20)


def ratings(seed: int = 1, failing: float = 0.1) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    truth = np.clip(rng.uniform(10, 90, 52)[CLUSTERS] + rng.normal(0, 10, CLUSTERS.size), 0, 100)
    columns = [np.clip(truth + rng.normal(shift, 8, truth.size), 0, 100) for shift in (0, 5, 5)]
    table = np.stack(columns, axis=1)
    return np.where(rng.random(table.shape) < failing, NAN, table)


def test_the_gap_is_over_each_judges_own_verdicts_and_the_paired_gap_over_both() -> None:
    table = np.array([[10.0, 20.0], [30.0, NAN], [NAN, 60.0], [50.0, 55.0]])
    clusters = np.array([0, 0, 1, 1])
    assert gap(table[:, 0], table[:, 1], clusters).value == pytest.approx(30 - 45)
    paired = paired_gap(table[:, 0], table[:, 1], clusters)
    assert paired.value == pytest.approx(-7.5)
    assert paired.n == 2


def test_a_paired_gap_is_the_mean_of_the_differences_clustered_by_question() -> None:
    table = ratings()
    found = paired_gap(table[:, 0], table[:, 1], CLUSTERS)
    d = table[:, 0] - table[:, 1]
    valid = np.isfinite(d)
    mean = d[valid].mean()
    totals = [float((d[valid & (q == CLUSTERS)] - mean).sum()) / valid.sum() for q in range(52)]
    assert found.standard_error == pytest.approx(np.sqrt(52 / 51 * np.sum(np.square(totals))))
    assert found.low < -4 < found.high


def test_two_judges_of_the_same_completions_share_their_chance() -> None:
    table = ratings(failing=0)
    one = gap(table[:, 0], table[:, 1], CLUSTERS, "panel")
    shuffled = table[:, 1].reshape(52, 20)[:, ::-1].ravel()
    assert one.standard_error < 0.8 * gap(table[:, 0], shuffled, CLUSTERS, "panel").standard_error


def test_a_judge_without_a_verdict_has_no_gap() -> None:
    found = gap(np.full(24, NAN), np.arange(24.0), np.repeat(np.arange(12), 2))
    assert np.isnan(found.value)
    assert found.reason == "no valid verdict"


@pytest.mark.parametrize(
    ("table", "expected"),
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
        ([[5, NAN], [NAN, 5]], NAN),
    ],
)
def test_krippendorff_alpha(table: list[list[float]], expected: float) -> None:
    found = krippendorff_alpha(np.array(table, dtype=float))
    assert found == pytest.approx(expected, abs=5e-4, nan_ok=True)


@given(
    arrays(
        np.float64,
        array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=8),
        elements=floats(0, 100, width=16).map(lambda x: x if x > 0.1 else 0.0) | just(NAN),
    )
)
def test_krippendorff_is_what_its_definition_gives(table: NDArray[np.float64]) -> None:
    units = [[float(x) for x in row if np.isfinite(x)] for row in table]
    units = [unit for unit in units if len(unit) > 1]
    pooled = [x for unit in units for x in unit]
    n = len(pooled)
    among = sum((a - b) ** 2 for a in pooled for b in pooled)
    within = sum(sum((a - b) ** 2 for a in u for b in u) / (len(u) - 1) for u in units)
    expected = 1 - within / n / (among / (n * (n - 1))) if among else NAN
    assert krippendorff_alpha(table) == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_an_agreement_has_no_interval_and_says_what_it_rests_on() -> None:
    table = np.array([[10.0, 20], [np.nan, 30], [40, 50], [90, 80]])
    found = agreement(table, np.array([0, 1, 2, 2]))
    assert found.value == krippendorff_alpha(table)
    assert (found.n, found.questions) == (3, 2)
    assert not found.has_interval
    assert "no interval" in found.reason
    assert agreement(np.full((4, 2), 50.0), np.arange(4)).reason == "no two ratings that differ"


def test_every_pair_is_there_once() -> None:
    pairs = every_pair(ratings(), CLUSTERS)
    assert [(p.first, p.second) for p in pairs] == [(0, 1), (0, 2), (1, 2)]
    assert pairs[2].gap.value == pytest.approx(0, abs=1)


def test_three_copies_of_a_judge_are_worth_one_and_strangers_three() -> None:
    rng = np.random.default_rng(3)
    one = rng.uniform(0, 100, 5000)
    assert effective_judges(np.stack([one] * 3, axis=1)) == pytest.approx(1)
    assert effective_judges(rng.uniform(0, 100, (5000, 3))) == pytest.approx(3, abs=0.2)
    assert effective_judges(one[:, None]) == 1
    assert np.isnan(effective_judges(np.full((4, 2), NAN)))


def test_spearman_uses_only_pairs_and_is_undefined_for_a_constant() -> None:
    first = np.array([1.0, 2.0, 3.0, NAN, 9.0])
    assert spearman(first, np.array([10.0, 30.0, 40.0, 1.0, 99.0])) == pytest.approx(1.0)
    assert np.isnan(spearman(first, np.full(5, 3.0)))
