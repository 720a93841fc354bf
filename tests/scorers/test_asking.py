from inspect_ai.model import GenerateConfig, get_model

from scorers.asking import judge_message
from scorers.instruments import ATTEMPT_TIMEOUT, MAX_RETRIES, judge_config


def sent(role: GenerateConfig | None = None) -> GenerateConfig:
    """What a call is sent with, by the role's own settings."""
    return judge_config(
        get_model("simulated/judge", memoize=False, config=role or GenerateConfig())
    )


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


def test_a_role_has_the_last_word_on_budget_effort_and_sampling() -> None:
    own = GenerateConfig(max_tokens=1000, reasoning_effort="low", temperature=0.3)
    config = own.merge(sent(own))
    assert (config.max_tokens, config.reasoning_effort, config.temperature) == (1000, "low", 0.3)


def test_lone_surrogates_reach_the_judge_as_replacement_characters() -> None:
    message = judge_message("Q\ud800?", "A\udfff.")
    assert message == "Question asked to the AI:\nQ\ufffd?\n\nAI's response:\nA\ufffd."
    message.encode("utf-8")
