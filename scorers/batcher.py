"""A batch that cannot be created costs its own verdicts, not the run.

Inspect tells every call of such a batch (no credit left, a key that was withdrawn), which then fails as
a call does, and lets the same error end the batches' worker, and with it the evaluation and every
completion in flight. Only the second is stopped here.
"""

from typing import Any

from inspect_ai.model._providers.util.batch import Batcher, BatchRequest

_create = Batcher._wrapped_create_batch
_process = Batcher._process_intake_queue


class BatchNotCreatedError(Exception):
    """The calls of a batch have been told that it could not be created."""


async def _create_or_say(self: Batcher[Any, Any], batch: list[BatchRequest[Any]]) -> str:
    try:
        return await _create(self, batch)
    except Exception as error:
        raise BatchNotCreatedError from error


async def _process_on(self: Batcher[Any, Any]) -> bool:
    try:
        return await _process(self)
    except BatchNotCreatedError:
        return True


def outlive_failed_batches() -> None:
    """Make Inspect's batches go on after one that could not be created."""
    Batcher._wrapped_create_batch = _create_or_say  # type: ignore[method-assign]
    Batcher._process_intake_queue = _process_on  # type: ignore[method-assign]
