"""Calls to a provider: an error is told apart by what to do about it, and none is tried for ever."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import cycle
from typing import Any, Protocol, TypeVar

import anthropic
import openai
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, Model

from judging.calls import Answer, Call, CallError, Json, JudgeSettings, Limits
from judging.instrument import Client, Instrument
from judging.replies import read_answer
from protocol.redacting import redacted

Value = TypeVar("Value")
STATUS_ERRORS = (anthropic.APIStatusError, openai.APIStatusError)
CONNECTION_ERRORS = (anthropic.APIConnectionError, openai.APIConnectionError)
# No key, no credit, no right, no such model or batch.
FOR_ALL = (401, 402, 403, 404)
PASSING = (408, 409, 429)


class Ask(Protocol):
    """Asks one call and returns the provider's reply, or raises `CallError`."""

    async def __call__(self, call: Call) -> Answer:
        """Ask."""


def sdk_ask(clients: Sequence[Client], instrument: Instrument) -> Ask:
    """Ask through an official SDK: the instrument's own body, and the reply as the provider wrote it."""
    options: Any = {"headers": dict(instrument.headers)}
    posts: Iterator[Any] = cycle([client.post for client in clients])

    async def ask(call: Call) -> Answer:
        try:
            body = await next(posts)(
                instrument.path, cast_to=object, body=call.body, options=options
            )
        except Exception as error:
            failed = call_error(error)
            answer = Answer(instrument.form, failed.body, failed.status or 0)
            if is_reply(answer):
                return answer
            raise failed from error
        answer = Answer(instrument.form, body if isinstance(body, dict) else {})
        if not is_reply(answer):
            # It may have been paid for: what to do about it is the user's decision.
            raise CallError("the provider's answer is malformed")
        return answer

    return ask


def inspect_ask(model: Model, settings: JudgeSettings, limits: Limits) -> Ask:
    """Ask through Inspect, for every provider without an official SDK here."""
    config = settings.config.model_copy(
        update={
            "cache_prompt": False,
            "fail_on_refusal": False,
            "max_retries": 0,
            "attempt_timeout": int(limits.attempt_seconds),
            "max_connections": limits.connections,
        }
    )

    async def ask(call: Call) -> Answer:
        messages: list[ChatMessage] = [
            ChatMessageSystem(content=call.request.system),
            ChatMessageUser(content=call.request.user),
        ]
        try:
            output = await model.generate(messages, config=config, cache=False)
        except Exception as error:
            raise call_error(error) from error
        return Answer("inspect", output.model_dump(mode="json", exclude_none=True))

    return ask


def is_reply(answer: Answer) -> bool:
    """Whether an answer can be read as a judge's reply."""
    try:
        read_answer(answer, "")
    except ValueError:
        return False
    return True


def call_error(error: BaseException) -> CallError:
    """Say what an error means for this call and for all others."""
    while error.__cause__ is not None and not isinstance(error, STATUS_ERRORS + CONNECTION_ERRORS):
        error = error.__cause__
    if isinstance(error, CallError):
        return error
    if not isinstance(error, STATUS_ERRORS):
        return CallError(redacted(f"{type(error).__name__}: {error}"), passing=True)
    status = error.status_code
    body: Json = error.body if isinstance(error.body, dict) else {}
    return CallError(
        redacted(f"{type(error).__name__} {status}: {error.message}"),
        status=status,
        passing=status in PASSING or status >= 500,
        for_all=status in FOR_ALL,
        body=body,
        retry_after=_seconds(error.response.headers.get("retry-after")),
    )


def _seconds(value: str | None) -> float | None:
    try:
        return float(value) if value is not None else None
    except ValueError:
        # A date. The own pauses are used.
        return None


def pauses(limits: Limits) -> Iterator[float]:
    """The pauses between the attempts of one call."""
    for attempt in range(limits.attempts - 1):
        yield min(0.5 * 2**attempt, 8.0, limits.longest_pause)


def bounded_pause(failed: CallError, limits: Limits) -> float | None:
    """Give the pause that a provider asks for.

    Raises:
        CallError: It is longer than is waited for; every other call would have to wait as long.
    """
    if failed.retry_after is not None and failed.retry_after > limits.longest_pause:
        failed.for_all = True
        failed.detail += f" (the provider asks to wait {failed.retry_after:.0f} s)"
        raise failed
    return failed.retry_after


async def patiently(attempt: Callable[[], Awaitable[Value]], limits: Limits) -> Value:
    """Try a call until it works, fails in a way that does not pass, or was tried often enough.

    Raises:
        CallError: It failed.
    """
    left = pauses(limits)
    while True:
        try:
            return await attempt()
        except Exception as error:
            failed = call_error(error)
            asked = bounded_pause(failed, limits)
            pause = next(left, None)
            if failed.for_all or not failed.passing or pause is None:
                raise failed from error
            await asyncio.sleep(asked or pause)
