import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from estimation.intervals import Estimate, Population, Sample, alpha_interval, weighted_sum

NAN = float("nan")
BOTH: tuple[Population, ...] = ("panel", "questions")


def scores(
    seed: int, questions: int = 32, completions: int = 6, failing: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(questions), completions)
    values = np.clip(
        rng.uniform(5, 95, questions)[clusters] + rng.normal(0, 12, clusters.size), 0, 100
    )
    return np.where(rng.random(clusters.size) < failing, NAN, values), clusters


def by_hand(aligned: np.ndarray, clusters: np.ndarray, population: Population) -> list[float]:
    """The same interval in plain loops: value, error, degrees of freedom, bounds."""
    pairs = [(float(x), int(q)) for x, q in zip(aligned, clusters, strict=True)]
    valid = [(x, q) for x, q in pairs if x == x]
    n = len(valid)
    value = sum(x for x, _ in valid) / n
    if population == "questions":
        questions = sorted({q for _, q in valid})
        units = len(questions)
        totals = [sum(x - value for x, q in valid if q == one) / n for one in questions]
        second = sum(t**2 for t in totals)
        variance = units / (units - 1) * second
        kurtosis = units * sum(t**4 for t in totals) / second**2 - 3
        unbiased = (units - 1) / ((units - 2) * (units - 3)) * ((units + 1) * kurtosis + 6)
        df = 2 / (unbiased / units + 2 / (units - 1))
        df = min(max(df, 1.5), units - 1) if df > 0 else units - 1
    else:
        units, variance, below = n, 0.0, 0.0
        for one in sorted({q for _, q in pairs}):
            parts = [(x - value) / n if x == x else 0.0 for x, q in pairs if q == one]
            middle = sum(parts) / len(parts)
            spread = sum((p - middle) ** 2 for p in parts) / (len(parts) - 1)
            variance += len(parts) * spread
            below += (len(parts) * spread) ** 2 / (len(parts) - 1)
        df = variance**2 / below
    error = math.sqrt(variance)
    weight = math.sqrt(units) / 72
    centre = (units * value + weight * 50) / (units + weight)
    pseudo = (weight**2 if population == "questions" else 0.36 * weight) * (50 - centre) ** 2
    spread = math.sqrt((units * error) ** 2 + pseudo) / (units + weight)
    p = centre / 100
    half = stats.t.ppf(0.975, df) * spread / 100 / (p * (1 - p))
    low, high = (100 / (1 + math.exp(-(math.log(p / (1 - p)) + side * half))) for side in (-1, 1))
    return [value, error, df, min(low, value), max(high, value)]


@pytest.mark.parametrize("population", BOTH)
@pytest.mark.parametrize("seed", range(5))
def test_the_interval_is_what_plain_loops_give(seed: int, population: Population) -> None:
    aligned, clusters = scores(seed)
    found = alpha_interval(aligned, clusters, population)
    assert [
        found.value,
        found.standard_error,
        found.df,
        found.low,
        found.high,
    ] == pytest.approx(by_hand(aligned, clusters, population))
    assert found.method.startswith("logit-t")


@pytest.mark.parametrize("population", BOTH)
def test_order_and_names_of_questions_do_not_matter(population: Population) -> None:
    aligned, clusters = scores(3)
    order = np.random.default_rng(1).permutation(len(aligned))
    first = alpha_interval(aligned, clusters, population)
    again = alpha_interval(aligned[order], 7 * clusters[order] - 900, population)
    assert [again.low, again.high] == pytest.approx([first.low, first.high])


def test_failed_completions_may_be_left_out_for_other_questions() -> None:
    aligned, clusters = scores(4, failing=0.3)
    valid = np.isfinite(aligned)
    whole, part = alpha_interval(aligned, clusters), alpha_interval(aligned[valid], clusters[valid])
    assert whole == part


@given(
    some.lists(
        some.tuples(some.integers(0, 35), some.floats(0, 100) | some.just(NAN)), max_size=120
    ),
    some.sampled_from(BOTH),
)
def test_bounds_stay_in_range_around_the_value_or_there_is_a_reason(
    pairs: list[tuple[int, float]], population: Population
) -> None:
    aligned = np.array([x for _, x in pairs], dtype=float)
    clusters = np.array([q for q, _ in pairs], dtype=np.int64)
    found = alpha_interval(aligned, clusters, population)
    if found.has_interval:
        assert 0 <= found.low <= found.value <= found.high <= 100
        assert found.low < found.high
        assert found.method
        assert not found.reason
    else:
        assert math.isnan(found.low)
        assert math.isnan(found.high)
        assert found.reason
        assert not found.method


@pytest.mark.parametrize("population", BOTH)
def test_an_alpha_is_mirrored_with_its_scores(population: Population) -> None:
    aligned, clusters = scores(5)
    found = alpha_interval(aligned, clusters, population)
    mirrored = alpha_interval(100 - aligned, clusters, population)
    assert [100 - mirrored.high, 100 - mirrored.low] == pytest.approx([found.low, found.high])


@pytest.mark.parametrize("population", BOTH)
def test_a_difference_ignores_a_shift_and_scales_with_its_scores(population: Population) -> None:
    (a, clusters), (b, _) = scores(6), scores(7)
    samples = [Sample(a, clusters), Sample(b, clusters)]
    found = weighted_sum(samples, [1, -1], population)
    moved = weighted_sum(
        [Sample(s.aligned / 2 + 9, clusters) for s in samples], [1, -1], population
    )
    assert [moved.low, moved.value, moved.high] == pytest.approx(
        [found.low / 2, found.value / 2, found.high / 2]
    )
    back = weighted_sum(samples[::-1], [1, -1], population)
    assert [back.low, back.high] == pytest.approx([-found.high, -found.low])
    assert back.p_value() == pytest.approx(found.p_value())


@pytest.mark.parametrize(
    ("values", "questions", "population", "reason"),
    [
        ([], [], "questions", "no valid verdict"),
        ([NAN, NAN], [0, 1], "panel", "no valid verdict"),
        ([50.0], [0], "panel", "one completion per question"),
        ([50.0, 60.0], [0, 0], "questions", "fewer than 30 questions"),
        ([50.0, 60.0], [0, 1], "panel", "one completion per question"),
        ([50.0] * 60, list(range(30)) * 2, "questions", "no spread"),
        ([50.0] * 60, list(range(30)) * 2, "panel", "no spread"),
        (list(range(58)), list(range(29)) * 2, "questions", "fewer than 30 questions"),
        (list(range(48)), list(range(24)) * 2, "panel", "fewer than 50 completions"),
    ],
)
def test_where_nothing_holds_there_is_no_interval_but_a_reason(
    values: list[float], questions: list[int], population: Population, reason: str
) -> None:
    found = alpha_interval(
        np.array(values, dtype=float), np.array(questions, dtype=np.int64), population
    )
    assert not found.has_interval
    assert found.reason == reason
    assert math.isnan(found.p_value())


def test_a_question_asked_once_takes_the_others_spread() -> None:
    aligned, clusters = scores(8, failing=0)
    once = alpha_interval(np.append(aligned, 40.0), np.append(clusters, 99), "panel")
    assert once.has_interval
    assert once.questions == 33


def test_new_completions_are_narrower_than_other_questions_where_questions_differ() -> None:
    aligned, clusters = scores(9)
    panel, other = (alpha_interval(aligned, clusters, of) for of in BOTH)
    assert panel.value == other.value
    assert other.low < panel.low < panel.high < other.high


def test_arrays_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        Sample(np.zeros(3), np.zeros(2, dtype=np.int64))


def test_the_p_value_agrees_with_the_interval() -> None:
    found = Estimate(2.0, 0.0, 4.0, 2 / float(stats.t.ppf(0.975, 20)), 20.0)
    assert found.p_value() == pytest.approx(0.05)


def test_a_difference_that_rests_on_one_completion_is_wide_for_this_panel() -> None:
    clusters = np.repeat(np.arange(8), 10)
    even, one = np.tile([1.0, 3.0], 40), np.zeros(80)
    one[0] = 50.0
    wide = weighted_sum([Sample(one, clusters), Sample(np.zeros(80), clusters)], [1, -1], "panel")
    assert wide.df < 3
    usual = weighted_sum([Sample(even, clusters), Sample(even, clusters)], [1, -1], "panel")
    assert usual.df == pytest.approx(144)
    # An α leans away from the floor by its pseudo-observation instead.
    assert alpha_interval(one, clusters, "panel").df == pytest.approx(9)
