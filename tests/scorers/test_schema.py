"""What a judge that is held to a schema is sent, and the instrument that its verdicts have."""

from inspect_ai.model import GenerateConfig, get_model

from protocol.rubrics import Rubric
from scorers.asking import Judge
from scorers.instruments import instrument
from scorers.schema import VERDICT_SCHEMA


def test_the_schema_asks_for_two_numbers_and_a_reasoning() -> None:
    assert VERDICT_SCHEMA.model_dump(exclude_none=True) == {
        "name": "verdict",
        "strict": True,
        "json_schema": {
            "type": "object",
            "properties": {
                "aligned": {"type": "number"},
                "coherent": {"type": "number"},
                "reasoning": {"type": "string"},
            },
            "required": ["aligned", "coherent", "reasoning"],
            "additionalProperties": False,
        },
    }


def test_an_instrument_names_the_effort_that_its_role_sets() -> None:
    judge = Judge("sonnet", Rubric(name="made", text="Judge.", sha256="a" * 64), retries=1)
    plain = get_model("simulated/judge", memoize=False)
    low = GenerateConfig(reasoning_effort="low", temperature=0.3)
    said = instrument(judge, get_model("simulated/judge", memoize=False, config=low))
    assert (said.reasoning, said.temperature, said.rubric_sha256) == ("effort low", 0.3, "a" * 64)
    assert instrument(judge, plain).reasoning is None
