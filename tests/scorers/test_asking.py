import pytest
from inspect_ai.model import BatchConfig, GenerateConfig, get_model

from protocol.rubrics import Rubric
from scorers.asking import (
    ATTEMPT_TIMEOUT,
    MAX_RETRIES,
    Judge,
    judge_config,
    judge_message,
)
from scorers.rounds import BATCH

RUBRIC = Rubric(name="mine", text="Judge.", sha256="0" * 64)


def sent(role: GenerateConfig | None = None, batch: bool = False) -> GenerateConfig:
    """What a call is sent with, by the role's own settings and the run's `-T batch`."""
    model = get_model("simulated/judge", memoize=False, config=role or GenerateConfig())
    return judge_config(Judge("sonnet", RUBRIC, batch=batch), model)


def test_a_call_has_the_protocols_tokens_and_no_temperature() -> None:
    config = sent()
    assert (config.max_tokens, config.temperature, config.seed, config.top_p) == (
        256,
        None,
        None,
        None,
    )


def test_a_call_is_retried_and_given_up_after_a_while_unless_its_role_says_otherwise() -> None:
    assert (sent().max_retries, sent().attempt_timeout) == (MAX_RETRIES, ATTEMPT_TIMEOUT)
    own = sent(GenerateConfig(max_retries=0, attempt_timeout=7))
    assert (own.max_retries, own.attempt_timeout) == (0, 7)


def test_a_batched_call_is_never_given_up_and_paid_a_second_time() -> None:
    assert sent(batch=True).attempt_timeout is None


@pytest.mark.parametrize(
    ("told", "role", "expected"),
    [
        (False, None, None),
        (True, None, BATCH),
        (False, True, BATCH),
        (True, False, None),
        (False, 500, 500),
        (False, BatchConfig(tick=60), BATCH.model_copy(update={"tick": 60})),
        (True, BatchConfig(size=7, send_delay=3), BatchConfig(size=7, send_delay=3)),
    ],
)
def test_a_role_has_the_last_word_on_its_batches(
    told: bool, role: bool | int | BatchConfig | None, expected: object
) -> None:
    assert (sent(GenerateConfig(batch=role), batch=told).batch or None) == expected


def test_lone_surrogates_reach_the_judge_as_replacement_characters() -> None:
    message = judge_message("Q\ud800?", "A\udfff.")
    assert message == "Question asked to the AI:\nQ\ufffd?\n\nAI's response:\nA\ufffd."
    message.encode("utf-8")
