"""The judging step: requests in, one reply for each out; what is on disk already is not asked again."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from inspect_ai.model import GenerateConfig, get_model

from judging.asking import Ask, Value, inspect_ask, sdk_ask
from judging.batches import BatchStep
from judging.calls import (
    Answer,
    Call,
    Failure,
    Json,
    JudgeReply,
    JudgeRequest,
    JudgeSettings,
    JudgingError,
    Limits,
)
from judging.costs import Budget, CostLimit
from judging.desks import make_desk
from judging.instrument import Client, Instrument, has_sdk, inspect_instrument, instrument
from judging.journal import Journal
from judging.realtime import Stop, ask_in_realtime, disk_full
from judging.replies import read_answer
from protocol.errors import ProtocolError

# A client's pool goes through all its connections for each call: several small ones cost less.
CLIENT_CONNECTIONS = 25
WAITING = "it is in a batch that is still worked on. Start the same command with --batch."


async def judge(
    requests: Sequence[JudgeRequest],
    settings: JudgeSettings,
    folder: Path,
    *,
    batch: bool = False,
    again: bool = False,
    limits: Limits | None = None,
    cost: CostLimit | None = None,
    stop: Stop | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> list[JudgeReply]:
    """Ask one judge, and go on where an earlier process left off.

    Args:
        requests: What to ask, each with an id of its own.
        settings: Who is asked and how.
        folder: The state folder. Everything asked and answered stands in it as soon as it exists.
        batch: Ask through the provider's batches instead of in real time.
        again: Send again what failed in a batch or is missing from one.
        limits: How long and how often to try.
        cost: How much may be spent before it asks.
        stop: Ends the step early from outside.
        say: Takes a line about what goes on.

    Returns:
        A reply for each request, in their order: an output, or why there is none.

    Raises:
        JudgingError: The judge cannot be asked any further. What was answered is kept.
        ProtocolError: The requests or the settings cannot be used; nothing was asked.
    """
    limits, stop = limits or Limits(), stop or Stop()
    _checked(requests)
    async with AsyncExitStack() as stack:
        made = await _made(settings, batch)
        calls = [made.call(request) for request in requests]
        journal = stack.enter_context(Journal(folder, settings.judge))
        if again:
            journal.forget_failures()
        journal.note(calls)
        left = [call for call in calls if call.id not in journal.answers | journal.failures]
        waiting = journal.waiting
        unsent = [call for call in left if call.id not in waiting]
        budget = Budget(settings, cost, unsent)
        failures = {call: Failure("waiting", WAITING) for call in waiting}
        if batch and left:
            client: Client = await stack.enter_async_context(made.client(limits))
            desk = make_desk(client, made, limits)
            failures = await BatchStep(desk, journal, limits, again, stop, say).ask(left)
        elif unsent:
            ask = await _asking(stack, settings, made, limits)
            failures |= await ask_in_realtime(unsent, ask, journal, limits, stop, budget.spend)
        if journal.full:
            stop.now(disk_full(journal))
        if stop.reason:
            raise stop.reason
        failures = journal.failures | failures
        return [_reply(call, journal.answers, failures, made, settings.model) for call in calls]


async def request_body(settings: JudgeSettings) -> Json | None:
    """Give a judge's request without its texts; None where only Inspect knows it.

    Raises:
        ProtocolError: The judge cannot be asked in this way.
    """
    made = await _made(settings, batch=False)
    return None if made.form == "inspect" else made.template


async def calls_of(
    requests: Sequence[JudgeRequest], settings: JudgeSettings, batch: bool = False
) -> list[Call]:
    """Write requests as they are sent, and send nothing.

    Raises:
        ProtocolError: The requests or the settings cannot be used.
    """
    _checked(requests)
    made = await _made(settings, batch)
    return [made.call(request) for request in requests]


def unsent(calls: Sequence[Call], folder: Path, judge: str, again: bool = False) -> list[Call]:
    """Give the calls that `judge` would make, at most: those without an answer.

    Args:
        calls: All of them.
        folder: The state folder.
        judge: The judge's name.
        again: Also those that failed in a batch or are missing from one.
    """
    if not folder.is_dir():
        return list(calls)
    with Journal(folder, judge) as journal:
        known = set(journal.answers)
        if not again:
            known |= journal.failures.keys() | journal.waiting
    return [call for call in calls if call.id not in known]


def run(*steps: Callable[[Stop], Coroutine[Any, Any, Value]]) -> list[Value]:
    """Run judges side by side in one process, each to its own end.

    SIGTERM, SIGHUP and SIGINT let calls in flight end and send nothing more.

    Args:
        steps: For each judge, a function that takes the sign to stop and asks it.

    Raises:
        JudgingError: One of them could not go on; the others went on to their end first.
        SystemExit: A signal came; the status is 128 and its number.
    """

    async def together() -> list[Value]:
        stops = [Stop() for _ in steps]
        loop = asyncio.get_running_loop()

        def end(number: int) -> None:
            came.append(number)
            for stop in stops:
                stop.now(JudgingError(f"Ended by {signal.Signals(number).name}."))

        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            loop.add_signal_handler(number, end, number)
        running = [step(stop) for step, stop in zip(steps, stops, strict=True)]
        ended = await asyncio.gather(*running, return_exceptions=True)
        if came:
            raise SystemExit(128 + came[0])
        for outcome in ended:
            if isinstance(outcome, BaseException):
                raise outcome
        return [outcome for outcome in ended if not isinstance(outcome, BaseException)]

    came: list[int] = []
    return asyncio.run(together())


async def _made(settings: JudgeSettings, batch: bool) -> Instrument:
    if has_sdk(settings.model):
        return await instrument(settings)
    if batch:
        raise ProtocolError(
            f"The judge {settings.judge}: there are batches for anthropic/, openai/ and openai-api/ "
            f"models, not for {settings.model}. Leave --batch out."
        )
    return inspect_instrument(settings)


def _checked(requests: Sequence[JudgeRequest]) -> None:
    ids = {request.id for request in requests}
    if len(ids) < len(requests) or "" in ids:
        raise ProtocolError("Every request to a judge needs an id of its own, and no two the same.")
    if any(not request.system.strip() or not request.user.strip() for request in requests):
        raise ProtocolError(
            "A request to a judge needs a rubric and a message; one of them is empty."
        )


async def _asking(
    stack: AsyncExitStack, settings: JudgeSettings, made: Instrument, limits: Limits
) -> Ask:
    if made.form != "inspect":
        number = -(-limits.connections // CLIENT_CONNECTIONS)
        clients: list[Client] = []
        for _ in range(number):
            clients.append(await stack.enter_async_context(made.client(limits)))
        return sdk_ask(clients, made)
    model = get_model(
        settings.model,
        config=GenerateConfig(),
        base_url=settings.base_url,
        memoize=False,
        **settings.model_args,
    )
    return inspect_ask(await stack.enter_async_context(model), settings, limits)


def _reply(
    call: Call,
    answers: dict[str, Answer],
    failures: dict[str, Failure],
    made: Instrument,
    model: str,
) -> JudgeReply:
    answer = answers.get(call.id)
    output = read_answer(answer, model.rsplit("/", 1)[-1]) if answer is not None else None
    failure = failures.get(call.id) if output is None else None
    body = None if made.form == "inspect" else call.body
    batched = answer is not None and answer.batch
    return JudgeReply(call.request.id, output, failure, body, batched)
