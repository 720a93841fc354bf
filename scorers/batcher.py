"""A batch that cannot be created costs its own verdicts, not the run; one that was left waiting is taken up.

Inspect tells every call of a batch that cannot be created (no credit left, a key that was withdrawn), which
then fails as a call does, and lets the same error end the batches' worker, and with it the evaluation and
every completion in flight. Only the second is stopped here. `scorers.waiting` says what is taken up.
"""

from collections.abc import Mapping
from typing import Any

from inspect_ai.model._providers.util.batch import Batch, Batcher, BatchRequest

from scorers.waiting import call_hash, note_batch, strike_out, take_up

_create = Batcher._wrapped_create_batch
_process = Batcher._process_intake_queue
_resolve = Batcher._resolve_inflight_batch


class NoBatchError(Exception):
    """There is no new batch: its calls wait for an earlier one, or were told that it could not be created."""


async def _create_or_say(self: Batcher[Any, Any], batch: list[BatchRequest[Any]]) -> str:
    # Before a provider rewrites the calls for its batch.
    hashes = [call_hash(self, call) for call in batch]
    await take_up(self, batch, hashes)
    if not batch:
        raise NoBatchError
    try:
        created = await _create(self, batch)
    except Exception as error:
        raise NoBatchError from error
    note_batch(created, {call.custom_id: asked for call, asked in zip(batch, hashes, strict=True)})
    return created


async def _process_on(self: Batcher[Any, Any]) -> bool:
    try:
        return await _process(self)
    except NoBatchError:
        return True


async def _resolve_waiting(
    self: Batcher[Any, Any], batch: Batch[Any], results: Mapping[str, Any]
) -> None:
    # A batch that was taken up also holds calls that nobody waits for here.
    await _resolve(self, batch, {name: results[name] for name in results if name in batch.requests})
    strike_out(batch.id, batch.requests)


def outlive_failed_batches() -> None:
    """Make Inspect's batches go on after one that could not be created, and take up those left waiting."""
    Batcher._wrapped_create_batch = _create_or_say  # type: ignore[method-assign]
    Batcher._process_intake_queue = _process_on  # type: ignore[method-assign]
    Batcher._resolve_inflight_batch = _resolve_waiting  # type: ignore[method-assign]
