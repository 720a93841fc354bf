import numpy as np
import pytest
from scipy import stats

from likeness.fit import Floats, Strings
from likeness.twosample import discrepancy, median_bandwidth
from tests.likeness.planted import planted

Sample = tuple[Floats, Strings]


def pair(seed: int, shift: float, each: int = 10) -> tuple[Sample, Sample]:
    data = planted(seed, {"one": 0.0, "two": shift}, questions=6, each=each)
    rows = data.conditions == "one"
    vectors = np.asarray(data.embeddings, float)
    return (vectors[rows], data.questions[rows]), (vectors[~rows], data.questions[~rows])


def test_p_is_uniform_where_nothing_differs() -> None:
    p = [discrepancy(*pair(seed, 0), 24, permutations=99, seed=seed).p_value for seed in range(300)]

    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert 0.02 < np.mean(np.array(p) <= 0.05) < 0.09


def test_a_planted_difference_is_found() -> None:
    p = [discrepancy(*pair(seed, 1.5), 24, permutations=99).p_value for seed in range(20)]

    assert np.mean(np.array(p) <= 0.05) > 0.9


@pytest.mark.parametrize("each", [2, 10])
def test_the_estimate_is_unbiased_with_few_completions_too(each: int) -> None:
    estimates = [discrepancy(*pair(s, 0, each), 24, permutations=0).mmd2 for s in range(300)]

    assert abs(np.mean(estimates)) < 4 * np.std(estimates) / 300**0.5
    assert min(estimates) < 0 < max(estimates)


def test_the_estimate_is_that_of_its_definition() -> None:
    (x, asked), (y, others) = pair(1, 1.0, each=4)
    y, others = y[:-1], others[:-1]

    def k(a: Floats, b: Floats) -> float:
        return float(np.exp(-((a - b) ** 2).sum() / 10))

    per_question = []
    for question in np.unique(asked):
        a, b = x[asked == question], y[others == question]
        xx = np.mean([k(p, q) for i, p in enumerate(a) for j, q in enumerate(a) if i != j])
        yy = np.mean([k(p, q) for i, p in enumerate(b) for j, q in enumerate(b) if i != j])
        per_question.append(xx + yy - 2 * np.mean([k(p, q) for p in a for q in b]))

    found = discrepancy((x, asked), (y, others), 5.0, permutations=9)
    assert found.mmd2 == pytest.approx(np.mean(per_question))
    assert found.questions == 6


def test_identical_sets_are_never_told_apart() -> None:
    one, _ = pair(1, 0)

    assert discrepancy(one, one, 24, permutations=99).p_value > 0.9


def test_too_few_answers_to_a_question_are_no_number() -> None:
    one, two = pair(1, 0, each=1)

    assert np.isnan(discrepancy(one, two, 24).mmd2)
    assert np.isnan(median_bandwidth(*one))
    assert np.isfinite(median_bandwidth(*pair(1, 0, each=2)[0]))
