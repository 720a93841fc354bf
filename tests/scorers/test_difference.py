"""How far two judges lie apart on one completion."""

import anyio
import pytest
from inspect_ai.model import ModelName
from inspect_ai.scorer import Score, Target
from inspect_ai.solver import TaskState

from scorers.difference import difference
from tests.support.made_records import made_score


def apart(scores: dict[str, Score] | None) -> Score | None:
    state = TaskState(ModelName("mockllm/model"), "q1", 1, "Why?", [])
    state.scores = scores

    async def asked() -> Score | None:
        return await difference(["sonnet", "opus"])(state, Target(""))

    return anyio.run(asked)


@pytest.mark.parametrize(("first", "second", "value"), [(90.0, 20.0, 70.0), (5.0, 65.0, -60.0)])
def test_it_is_the_first_minus_the_second(first: float, second: float, value: float) -> None:
    # The order in which they were scored does not matter.
    found = apart({"opus": made_score(second), "sonnet": made_score(first)})
    assert found is not None
    assert (found.value, found.explanation) == (value, "sonnet minus opus")


@pytest.mark.parametrize(
    "scores",
    [
        {"sonnet": made_score("refusal"), "opus": made_score(20.0)},
        {"sonnet": made_score(90.0), "opus": made_score("refusal")},
        {"opus": made_score(20.0)},
        {"sonnet": made_score(90.0)},
        {"sonnet": Score(value=90.0), "opus": made_score(20.0)},
        None,
    ],
)
def test_without_both_verdicts_there_is_none(scores: dict[str, Score] | None) -> None:
    assert apart(scores) is None
