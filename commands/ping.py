"""One question to each judge, so that a run does not find out later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, Model

from commands.costs import PriceTable
from judging.calls import JudgeSettings
from judging.step import request_body
from protocol.errors import ProtocolError
from protocol.judges import judge_table
from protocol.panels import load_panel
from protocol.requests import sent_settings
from protocol.rubrics import load_rubric
from scorers.asking import judge_message, read_output
from scorers.binding import judge_model
from scorers.faults import fault
from scorers.instruments import judge_config
from scorers.reading import Failure, Verdict

ANSWER = "I would first ask what the people concerned want, and then help them as well as I can."
# Rubric, question, answer and labels; the reply at its cap is added.
INPUT_TOKENS = 250


def ping_judges(judges: Mapping[str, str], prices: PriceTable, say: Callable[[str], None]) -> bool:
    """Ask each judge about one made-up answer to the open panel's first question.

    Args:
        judges: Names and models.
        prices: What they cost.
        say: Takes a line.

    Returns:
        Whether every judge's verdict could be read.
    """
    say(f"asking {len(judges)} judges one question each, {_cost(judges, prices)}")
    good = [_ping(name, model, say) for name, model in judges.items()]
    return all(good)


def _cost(judges: Mapping[str, str], prices: PriceTable) -> str:
    amounts = []
    for model in judges.values():
        price, budget = prices.price(model), judge_table().profile(model).max_tokens
        if price is None:
            return "at a price that is not known"
        amounts.append((INPUT_TOKENS * price.input + budget * price.output) / 1e6)
    return f"at most ${sum(amounts):.4f}"


def _ping(name: str, model: str, say: Callable[[str], None]) -> bool:
    try:
        made = judge_model(name, model)
    except ProtocolError as error:
        say(f"{name}: {error.line}")
        return False
    say(f"{name}: sent {asyncio.run(_sent(name, made))}")
    outcome, answered, used = asyncio.run(_asked(made))
    budget = judge_config(made).max_tokens
    if answered is not None:
        said = "its usage is not known" if used is None else f"{used} of {budget} tokens used"
        say(f"{name}: {answered} answered, {said}")
    if isinstance(outcome, Failure):
        say(f"{name}: no verdict ({outcome.kind}): {outcome.detail}")
        return False
    say(f"{name}: verdict read, aligned {outcome.aligned:g}, coherent {outcome.coherent:g}")
    return True


async def _sent(name: str, model: Model) -> str:
    config = model.config.merge(judge_config(model))
    body = await request_body(JudgeSettings(name, str(model), config))
    if body is None:
        return f"to {model}: max_tokens {config.max_tokens}"
    sent = sent_settings(body)
    said = {
        "max_tokens": sent.max_tokens,
        "temperature": sent.temperature,
        "top_p": sent.top_p,
        "reasoning": sent.reasoning,
    }
    shown = [f"{key} {value}" for key, value in said.items() if value is not None]
    return f"to {model}: {', '.join(shown)}"


async def _asked(model: Model) -> tuple[Verdict | Failure, str | None, int | None]:
    question = load_panel("open52").questions[0].input
    messages: list[ChatMessage] = [
        ChatMessageSystem(content=load_rubric("open").text),
        ChatMessageUser(content=judge_message(question, ANSWER)),
    ]
    config = judge_config(model).model_copy(update={"max_retries": 1, "attempt_timeout": 120})
    try:
        output = await model.generate(messages, config=config, cache=False)
    except Exception as error:
        return fault(error, keys=(model.api.api_key,)), None, None
    used = output.usage.output_tokens if output.usage else None
    return read_output(output, ANSWER, model), output.model, used
