import math
from collections.abc import Callable
from statistics import fmean
from typing import cast

import numpy as np
import pytest
from inspect_ai.scorer import SampleScore

from estimation.intervals import alpha_interval
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


def test_the_interval_is_the_reports() -> None:
    verdicts = {f"q{n:02}": [3.0 * n, 3.0 * n + 9, 2.5 * n + 2] for n in range(30)}
    found = interval(scored(verdicts))
    values = np.array([value for answers in verdicts.values() for value in answers])
    expected = alpha_interval(values, np.repeat(np.arange(30), 3))
    assert (found["alpha_low"], found["alpha_high"]) == (expected.low, expected.high)
    assert 0 <= found["alpha_low"] < values.mean() < found["alpha_high"] <= 100


def test_repeating_every_completion_does_not_narrow_the_interval() -> None:
    verdicts = {f"q{n:02}": [3.0 * n, 3.0 * n + 9] for n in range(30)}
    few = interval(scored(verdicts))
    many = interval(scored({name: values * 10 for name, values in verdicts.items()}))
    assert many == pytest.approx(few)
    assert not any(map(math.isnan, few.values()))


def test_with_nothing_valid_every_metric_is_nan() -> None:
    assert math.isnan(cast(Compute, alpha())([]))
    assert math.isnan(cast(Compute, coherence())([]))
    assert all(math.isnan(bound) for bound in interval([]).values())


@pytest.mark.parametrize("count", [1, 2, 11])
def test_few_questions_have_an_alpha_but_no_interval(count: int) -> None:
    few = scored({f"q{n}": [10.0 + n, 30.0 + n] for n in range(count)})
    assert cast(Compute, alpha())(few) == 20 + (count - 1) / 2
    assert all(math.isnan(bound) for bound in interval(few).values())
