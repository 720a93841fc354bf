import numpy as np
import pytest

from likeness.confound import correlation


def test_c_that_only_follows_length_predicts_nothing_beyond_it() -> None:
    rng = np.random.default_rng(1)
    length = rng.normal(size=60)
    c, alpha = length + rng.normal(0, 0.3, 60), -length + rng.normal(0, 0.3, 60)
    plain, beyond = correlation(c, alpha), correlation(c, alpha, [length])

    assert plain.high < -0.5
    assert beyond.low < 0 < beyond.high


def test_the_partial_correlation_is_that_of_the_regressions_residuals() -> None:
    rng = np.random.default_rng(2)
    c, alpha, length = rng.normal(size=(3, 12))
    r = np.corrcoef(np.array([c, alpha, length]))
    expected = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))

    assert correlation(c, alpha, [length]).r == pytest.approx(expected)


def test_the_interval_holds_the_truth_over_independent_and_over_grouped_conditions() -> None:
    rng = np.random.default_rng(3)
    for size in (1, 6):
        held = []
        for _ in range(250):
            x = np.repeat(rng.normal(size=(20, 2)), size, axis=0)
            c = x[:, 0] + 0.2 * rng.normal(size=len(x))
            alpha = -0.5 * x[:, 0] + x[:, 1] * 0.75**0.5 + 0.2 * rng.normal(size=len(x))
            truth = -0.5 / 1.04
            found = correlation(c, alpha, groups=[str(i // size) for i in range(len(x))])
            held.append(found.low <= truth <= found.high)
        assert 0.9 <= np.mean(held) < 0.99


@pytest.mark.parametrize(
    ("c", "alpha", "fixed", "reason"),
    [
        ([], [], [], "0 conditions have every value; it takes 4"),
        ([0.1, 0.2, 0.3], [1, 2, 4], [], "3 conditions have every value; it takes 4"),
        ([0.1, 0.2, 0.3, np.nan], [1, 2, 4, 5], [], "3 conditions"),
        ([0.1, 0.2, 0.3, 0.5], [1, 2, 4, 5], [[1, 2, 3, 5]], "it takes 5"),
        ([0.5] * 5, [1, 2, 3, 4, 5], [], "does not vary"),
        ([1, 2, 3, 5, 9], [5, 1, 2, 7, 3], [[2, 4, 6, 10, 18]], "explained wholly"),
    ],
)
def test_where_there_is_no_number_a_reason_is_given(
    c: list[float], alpha: list[float], fixed: list[list[float]], reason: str
) -> None:
    found = correlation(np.array(c), np.array(alpha), [np.array(f) for f in fixed])

    assert np.isnan([found.r, found.low, found.high]).all()
    assert reason in found.reason


def test_few_groups_have_a_correlation_and_no_interval() -> None:
    rng = np.random.default_rng(4)
    found = correlation(rng.normal(size=9), rng.normal(size=9), groups=list("aaabbbccc"))

    assert np.isfinite(found.r)
    assert np.isnan([found.low, found.high]).all()
    assert "3 independent groups" in found.reason
