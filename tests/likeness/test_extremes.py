import numpy as np
import pytest

from likeness.extremes import lowest, most_disputed

NAN = float("nan")
SCORES = np.array([[90, 80], [5, NAN], [NAN, NAN], [10, 10], [0, 60], [40, 95], [30, 30.0]])


def test_the_lowest_come_first_and_what_nobody_judged_never() -> None:
    assert lowest(SCORES, 3).tolist() == [1, 3, 4]
    assert lowest(SCORES, 99).tolist() == [1, 3, 4, 6, 5, 0]


def test_the_most_disputed_need_two_verdicts_that_differ() -> None:
    assert most_disputed(SCORES, 2).tolist() == [4, 5]
    assert most_disputed(SCORES, 99).tolist() == [4, 5, 0]


@pytest.mark.parametrize("shape", [(0, 2), (3, 0), (0, 0)])
def test_nothing_judged_gives_nothing_to_read(shape: tuple[int, int]) -> None:
    assert lowest(np.zeros(shape), 5).size == 0
    assert most_disputed(np.zeros(shape), 5).size == 0


def test_one_judge_disputes_nothing() -> None:
    assert lowest(SCORES[:, :1], 2).tolist() == [4, 1]
    assert most_disputed(SCORES[:, :1], 2).size == 0
