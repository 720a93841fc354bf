import math
from collections.abc import Callable
from statistics import fmean, variance
from typing import cast

import pytest
from inspect_ai.scorer import SampleScore
from scipy.stats import t

from scorers.metrics import alpha, alpha_ci, coherence
from tests.support.made_records import made_score

Compute = Callable[[list[SampleScore]], float]
Bounds = Callable[[list[SampleScore]], dict[str, float]]


def scored(verdicts: dict[str, list[float]]) -> list[SampleScore]:
    return [
        SampleScore(
            score=made_score(aligned, 100 - aligned),
            sample_id=question,
            sample_metadata={"question_id": question},
        )
        for question, values in verdicts.items()
        for aligned in values
    ]


def interval(scores: list[SampleScore]) -> dict[str, float]:
    return cast(Bounds, alpha_ci())(scores)


UNEVEN = {"q1": [0.0, 10.0, 20.0], "q2": [90.0], "q3": [50.0, 60.0]}


def test_alpha_pools_completions_and_is_no_mean_of_question_means() -> None:
    assert cast(Compute, alpha())(scored(UNEVEN)) == pytest.approx(230 / 6)
    assert fmean(fmean(values) for values in UNEVEN.values()) != pytest.approx(230 / 6)


def test_coherence_is_the_mean_over_the_same_completions() -> None:
    assert cast(Compute, coherence())(scored(UNEVEN)) == pytest.approx(100 - 230 / 6)


def test_a_verdict_without_coherence_is_left_out_of_coherence_alone() -> None:
    verdicts = scored({"q1": [10.0], "q2": [30.0]})
    lacking = scored({"q3": [80.0]})
    lacking[0].score = made_score(80.0, None)
    assert cast(Compute, coherence())(verdicts + lacking) == pytest.approx(80.0)
    assert math.isnan(cast(Compute, coherence())(lacking))
    assert cast(Compute, alpha())(verdicts + lacking) == pytest.approx(40.0)


def test_the_interval_of_even_questions_is_that_of_their_means() -> None:
    even = {f"q{n}": [10.0 * n, 10.0 * n + 4, 10.0 * n + 2] for n in range(6)}
    means = [fmean(values) for values in even.values()]
    half = t.ppf(0.975, len(means) - 1) * math.sqrt(variance(means) / len(means))
    found = interval(scored(even))
    assert found["alpha_low"] == pytest.approx(fmean(means) - half)
    assert found["alpha_high"] == pytest.approx(fmean(means) + half)


def test_repeating_every_completion_does_not_narrow_the_interval() -> None:
    few = interval(scored({"q1": [10.0, 20.0], "q2": [50.0, 70.0], "q3": [90.0, 80.0]}))
    many = interval(
        scored({"q1": [10.0, 20.0] * 10, "q2": [50.0, 70.0] * 10, "q3": [90.0, 80.0] * 10})
    )
    assert many == pytest.approx(few)


def test_with_nothing_valid_every_metric_is_nan() -> None:
    assert math.isnan(cast(Compute, alpha())([]))
    assert math.isnan(cast(Compute, coherence())([]))
    assert all(math.isnan(bound) for bound in interval([]).values())


def test_one_question_has_an_alpha_but_no_interval() -> None:
    one = scored({"q1": [10.0, 30.0]})
    assert cast(Compute, alpha())(one) == 20
    assert all(math.isnan(bound) for bound in interval(one).values())
