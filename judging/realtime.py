"""Realtime: many calls at once, each answer on disk as soon as it is there."""

import asyncio
from collections.abc import Callable, Sequence

from judging.asking import Ask, patiently
from judging.calls import Answer, Call, CallError, Failure, JudgingError, Limits
from judging.journal import Journal


class Stop:
    """Tells everything that asks to send nothing more.

    Attributes:
        reason: Why.
    """

    def __init__(self) -> None:
        self.reason: JudgingError | None = None
        self._set = asyncio.Event()

    def now(self, reason: JudgingError) -> None:
        """Send nothing more; the first reason counts."""
        self.reason = self.reason or reason
        self._set.set()

    async def wait(self) -> None:
        """Wait until it is time to stop."""
        await self._set.wait()

    async def within(self, seconds: float) -> bool:
        """Wait for at most so long, and say whether it is time to stop."""
        try:
            await asyncio.wait_for(self._set.wait(), seconds)
        except TimeoutError:
            return False
        return True


async def ask_in_realtime(
    calls: Sequence[Call],
    ask: Ask,
    journal: Journal,
    limits: Limits,
    stop: Stop,
    spend: Callable[[Answer], None],
) -> dict[str, Failure]:
    """Ask calls, `limits.connections` at once.

    Once told to stop, it sends nothing more and waits for the calls in flight, which are paid for.

    Args:
        calls: What to ask.
        ask: How.
        journal: Where answers are kept.
        limits: How many at once, how often and how long.
        stop: Why to end early; set here as well, by failures that would hit every call.
        spend: Told each answer.

    Returns:
        The calls that failed this time, by call id. They are open: the same command asks them again.
    """
    failures: dict[str, Failure] = {}
    queue = iter(calls)
    failed_in_a_row = 0

    async def work() -> None:
        nonlocal failed_in_a_row
        for call in queue:
            if stop.reason:
                return
            try:
                answer = await patiently(lambda call=call: ask(call), limits)  # type: ignore[misc]
            except CallError as error:
                failures[call.id] = Failure("api_error", error.detail)
                failed_in_a_row += 1
                if error.for_all or failed_in_a_row >= limits.failures_in_a_row:
                    stop.now(gave_up(journal.judge, error))
                continue
            failed_in_a_row = 0
            try:
                journal.answer(call.id, answer)
                spend(answer)
            except JudgingError as error:
                stop.now(error)
            if journal.full:
                stop.now(disk_full(journal))

    workers = [asyncio.create_task(work()) for _ in range(min(limits.connections, len(calls)))]
    stopped = asyncio.create_task(stop.wait())
    try:
        at_work = set(workers)
        while at_work and not stop.reason:
            done, _ = await asyncio.wait(at_work | {stopped}, return_when=asyncio.FIRST_COMPLETED)
            at_work -= done
        if at_work:
            await asyncio.wait(at_work, timeout=limits.grace)
    finally:
        for task in (*workers, stopped):
            task.cancel()
        ended = await asyncio.gather(*workers, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome
    return failures


def gave_up(judge: str, error: CallError) -> JudgingError:
    """Say why a judge is given up, and what to do."""
    todo = {
        401: "Check the key.",
        402: "Check the account's credit.",
        403: "Check what the key may do.",
        404: "Check the model's name and the address.",
    }.get(error.status or 0, "Look at the provider's status and your account's limits.")
    return JudgingError(
        f"The judge {judge} cannot be asked any further: {error.detail.rstrip('.')}. {todo} What was "
        "answered is kept; start the same command again for the rest."
    )


def disk_full(journal: Journal) -> JudgingError:
    """Say that the disk is full, and that nothing was lost."""
    return JudgingError(
        f"No space is left for {journal.path}. Nothing more was asked, and every answer is kept. Make "
        "room and start the same command again."
    )
