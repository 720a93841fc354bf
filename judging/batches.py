"""Batches: sent once, found again after any interruption, and fetched until every result is there."""

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from judging.asking import bounded_pause, is_reply, patiently
from judging.calls import Call, CallError, Failure, JudgingError, Limits
from judging.desks import Desk, Status
from judging.journal import Batch, Journal
from judging.realtime import Stop, gave_up

AGAIN = "Ask for it again with --again."


class BatchStep:
    """One judge's calls through its provider's batches.

    Args:
        desk: The provider's batch interface.
        journal: The judge's state.
        limits: How long and how often.
        again: Also send again what failed in an earlier batch, or is missing from it.
        stop: Why to end early.
        say: Takes one line about what goes on.
    """

    def __init__(
        self,
        desk: Desk,
        journal: Journal,
        limits: Limits,
        again: bool,
        stop: Stop,
        say: Callable[[str], None],
    ) -> None:
        self.desk, self.journal, self.limits = desk, journal, limits
        self.again, self.stop, self.say = again, stop, say
        self.failures: dict[str, Failure] = {}
        self.out_of_reach = 0

    async def ask(self, calls: Sequence[Call]) -> dict[str, Failure]:
        """Ask calls: wait for the batches that are there, send what is in none.

        Returns:
            What failed or is still owed, by call id.

        Raises:
            JudgingError: The provider refuses every call, or stays out of reach.
        """
        try:
            return await self._ask({call.id: call for call in calls})
        except CallError as error:
            raise gave_up(self.journal.judge, error) from error

    async def _ask(self, calls: dict[str, Call]) -> dict[str, Failure]:
        journal, stop = self.journal, self.stop
        for batch in self._owing(calls):
            if batch.id is None and not await self._find(batch):
                # It never reached the provider.
                journal.batch(batch.key, "closed")
        done = {batch.key for batch in self._owing(calls) if await self._finished(batch)}
        if self.again:
            journal.forget_failures()
        # What fails from here on was sent by this command.
        self.again = False
        while not stop.reason:
            left = [call for call in calls.values() if self._open(call)]
            for part in parts(left, self.desk, self.limits):
                if not stop.reason:
                    await self._send(part)
            pending = [batch for batch in self._owing(calls) if batch.key not in done]
            if not pending:
                break
            if not await stop.within(self.limits.poll):
                done |= {batch.key for batch in pending if await self._finished(batch)}
        return self.failures

    def _owing(self, calls: dict[str, Call]) -> list[Batch]:
        return [b for b in self.journal.batches.values() if not calls.keys().isdisjoint(b.calls)]

    def _open(self, call: Call) -> bool:
        journal = self.journal
        return not (
            call.id in journal.answers or call.id in journal.failures or call.id in journal.waiting
        )

    async def _send(self, part: Sequence[Call]) -> None:
        newest = await patiently(self.desk.newest, self.limits)
        key, ids = uuid.uuid4().hex, [call.id for call in part]
        self.journal.batch(key, "intended", calls=ids, newest=newest)
        batch = self.journal.batches[key]
        for attempt in range(1, self.limits.creates + 1):
            try:
                created = await self.desk.create(batch, part)
            except CallError as error:
                # Only a refusal says for sure that there is no batch.
                refused = error.status == 429 or not error.passing
                if refused and (error.status != 429 or attempt == self.limits.creates):
                    self.journal.batch(key, "closed")
                    raise
                if refused:
                    await self.stop.within(bounded_pause(error, self.limits) or 2.0**attempt)
                elif await self._find(batch):
                    return
                elif attempt == self.limits.creates:
                    raise
            else:
                self.journal.batch(key, "created", id=created)
                self.say(f"{self.journal.judge}: batch {created} with {len(part)} calls")
                return

    async def _find(self, batch: Batch) -> bool:
        """Look a batch up whose creation got lost."""
        known = {other.id for other in self.journal.batches.values()} | set(batch.foreign)
        await self.stop.within(self.limits.settle)
        for found in await patiently(lambda: self.desk.find(batch), self.limits):
            if found not in known:
                self.journal.batch(batch.key, "found", id=found)
                self.say(f"{self.journal.judge}: found batch {found}, sent earlier")
                return True
        return False

    async def _finished(self, batch: Batch) -> bool:
        """Look at a batch and fetch what it has; whether there is nothing left to wait for."""
        try:
            status = await patiently(lambda: self.desk.look(batch), self.limits)
        except CallError as error:
            self.out_of_reach += 1
            if error.status != 404:
                if error.for_all or self.out_of_reach >= self.limits.failures_in_a_row:
                    raise
                return False
            self._give_up(batch, Status(True, 0, detail="the provider no longer has its batch"))
            return True
        self.out_of_reach = 0
        if not status.ended:
            late = time.time() - status.created > self.limits.batch_hours * 3600
            if late:
                hours = (
                    f"its batch {batch.id} has not ended after {self.limits.batch_hours:g} hours"
                )
                todo = "Cancel it at the provider, or start the same command again to wait on."
                self._fail_here(batch, Failure("waiting", f"{hours}. {todo}"))
            return late
        if status.refused is not None:
            self.journal.batch(batch.key, "closed")
            raise JudgingError(
                f"The provider refused batch {batch.id} of the judge {self.journal.judge}: "
                f"{status.refused.rstrip('.')}. Nothing of it was judged; start the same command again "
                "once that is put right."
            )
        await self._fetch(batch, status)
        if batch.id is None:
            # It was another one, so the next may be ours.
            if not await self._find(batch):
                self.journal.batch(batch.key, "closed")
                return True
            return False
        if self._owed(batch):
            self._give_up(batch, status)
        return True

    def _give_up(self, batch: Batch, status: Status) -> None:
        """Let the calls fail that an ended batch has no result for."""
        failure = Failure(status.left, f"{status.detail} ({batch.id}). {AGAIN}")
        if self.again or status.left != "missing":
            for call in self._owed(batch):
                self.journal.fail(call, failure)
            self.journal.close_settled()
        else:
            # The batch stays open: fetching costs nothing, so the same command looks once more.
            self._fail_here(batch, failure)

    async def _fetch(self, batch: Batch, status: Status) -> None:
        """Fetch results until all are there, or often enough; each answer is kept as it comes."""
        for attempt in range(self.limits.fetches):
            if attempt and await self.stop.within(self.limits.poll):
                return
            failed: dict[str, Failure] = {}
            ours = others = 0
            try:
                async for result in self.desk.results(batch, status):
                    if result.call not in batch.calls:
                        others += 1
                        continue
                    ours += 1
                    if result.call in self.journal.answers:
                        # A second result for one call: the first one counts.
                        continue
                    if result.answer is not None and is_reply(result.answer):
                        self.journal.answer(result.call, replace(result.answer, batch=True))
                    elif result.failure is not None:
                        failed[result.call] = result.failure
            except CallError as error:
                if error.for_all and error.status != 404:
                    raise
            if batch.found and others and not ours:
                self.journal.batch(batch.key, "foreign", id=batch.id)
                return
            owed = [call for call in self._owed(batch) if call not in failed]
            if not owed or attempt == self.limits.fetches - 1:
                for call, failure in failed.items():
                    if call not in self.journal.answers:
                        self.journal.fail(call, failure)
            if not owed:
                break
        self.journal.close_settled()

    def _owed(self, batch: Batch) -> list[str]:
        done = self.journal.answers.keys() | self.journal.failures.keys()
        return [call for call in batch.calls if call not in done]

    def _fail_here(self, batch: Batch, failure: Failure) -> None:
        self.failures |= dict.fromkeys(self._owed(batch), failure)


def parts(calls: Iterable[Call], desk: Desk, limits: Limits) -> list[list[Call]]:
    """Split calls into batches that the provider takes."""
    most = min(limits.batch_requests, desk.most_requests)
    largest = min(limits.batch_bytes, desk.most_bytes)
    found: list[list[Call]] = []
    size = 0
    for call in calls:
        own = desk.size(call)
        if not found or len(found[-1]) >= most or size + own > largest:
            found.append([])
            size = 0
        found[-1].append(call)
        size += own
    return found
