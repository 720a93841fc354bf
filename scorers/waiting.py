"""Batches that outlive the process that made them: the next one takes them up and does not pay twice.

A provider works on a batch, and charges for it, whatever becomes of the process that waits for it. So each
batch is noted in the user's cache: its id, and for each call in it the call's id and a hash of what was
asked, no text. Before a process makes a batch, it looks for the same calls in batches that nobody waits
for any longer: a lock on the note goes with the process that holds it, however that ends.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from logging import getLogger
from pathlib import Path
from typing import Any, TypeAlias

import anyio
from filelock import FileLock, Timeout
from inspect_ai._util.notgiven import sanitize_notgiven
from inspect_ai.model._providers.util.batch import Batch, Batcher, BatchRequest

from protocol.sources import cache_folder

# Anthropic keeps a batch's results for 29 days.
NOTED_SECONDS = 28 * 24 * 3600
# Providers end a batch within a day. One that has not ended by then is not waited for again.
WORKED_ON_SECONDS = 25 * 3600

AnyBatcher: TypeAlias = Batcher[Any, Any]
Call: TypeAlias = BatchRequest[Any]

log = getLogger(__name__)


@dataclass
class Note:
    """One batch's note, and the lock that says that this process waits for the batch.

    Attributes:
        batch: The provider's id of the batch.
        calls: For each unanswered call's id in the batch, the hash of what was asked.
        lock: Held while this process waits for the batch.
        free: Those of the calls that nobody in this process waits for.
    """

    batch: str
    calls: dict[str, str]
    lock: FileLock
    free: dict[str, str] = field(default_factory=dict)

    def write(self) -> None:
        """Write the note, or remove it once all its calls are answered."""
        path = _path(self.batch)
        if self.calls:
            path.write_text(json.dumps({"batch": self.batch, "calls": self.calls}), "utf-8")
        else:
            path.unlink(missing_ok=True)
            self.lock.release()
            Path(self.lock.lock_file).unlink(missing_ok=True)


# The notes whose lock this process holds, by batch id.
_held: dict[str, Note] = {}


def call_hash(batcher: AnyBatcher, call: Call) -> str:
    """Hash what a call asks, and of which service; its headers, which name the single call, left out."""
    asked = {key: value for key, value in call.request.items() if key != "extra_headers"}
    service = getattr(getattr(batcher, "_client", None), "base_url", "")
    text = json.dumps(sanitize_notgiven(asked), sort_keys=True, default=str)
    whole = f"{type(batcher).__name__}\0{service}\0{text}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def note_batch(batch: str, calls: Mapping[str, str]) -> None:
    """Note a batch that this process waits for from now on.

    Args:
        batch: The provider's id of the batch.
        calls: For each call's id in the batch, the hash of what was asked.
    """
    note = Note(batch, dict(calls), _lock(_path(batch)))
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        note.lock.acquire(timeout=0)
        note.write()
    except (OSError, Timeout) as error:
        log.info(f"batch {batch} cannot be noted, so a later process would pay again: {error}")
    else:
        _held[batch] = note


def strike_out(batch: str, calls: Iterable[str]) -> None:
    """Strike out the calls of a batch that have been answered."""
    note = _held.get(batch)
    if note is None:
        return
    for call in calls:
        note.calls.pop(call, None)
        note.free.pop(call, None)
    try:
        note.write()
    except OSError as error:
        log.info(f"the note of batch {batch} cannot be written: {error}")
    if not note.calls:
        del _held[batch]


async def take_up(batcher: AnyBatcher, calls: list[Call], hashes: list[str]) -> None:
    """Let calls wait for batches that hold them already, and remove them from those to be sent.

    A batch that has ended answers at once, and a call that failed in it stays among those to be sent.

    Args:
        batcher: Inspect's batches of one judge.
        calls: The calls about to be sent.
        hashes: What each of them asks.
    """
    for note in _unattended():
        found = _same_calls(note, calls, hashes)
        taken = await _join(batcher, note, found) if found else {}
        if note.batch not in _held:
            note.lock.release()
        if not taken:
            continue
        gone = {id(call) for call in taken.values()}
        left = [pair for pair in zip(calls, hashes, strict=True) if id(pair[0]) not in gone]
        calls[:], hashes[:] = [call for call, _ in left], [asked for _, asked in left]
        log.warning(f"batch {note.batch} of an earlier process: {len(taken)} calls not paid again")


def _unattended() -> Iterator[Note]:
    """Give the notes of batches with calls that nobody waits for; the lock of each is held."""
    yield from [note for note in _held.values() if note.free]
    for path in sorted(_folder().glob("*.json")):
        lock = _lock(path)
        try:
            if time.time() - path.stat().st_mtime > NOTED_SECONDS:
                path.unlink()
                continue
            lock.acquire(timeout=0)
            noted = json.loads(path.read_text("utf-8"))
            note = Note(noted["batch"], noted["calls"], lock, dict(noted["calls"]))
        except (OSError, Timeout, ValueError, KeyError, TypeError):
            # Gone, another process's, or no note.
            lock.release()
            continue
        yield note


def _same_calls(note: Note, calls: list[Call], hashes: list[str]) -> dict[str, Call]:
    """Pair calls with those of a batch that ask the same, each once."""
    ids: dict[str, list[str]] = {}
    for name, asked in note.free.items():
        ids.setdefault(asked, []).append(name)
    return {
        ids[asked].pop(): call for call, asked in zip(calls, hashes, strict=True) if ids.get(asked)
    }


async def _join(batcher: AnyBatcher, note: Note, found: dict[str, Call]) -> dict[str, Call]:
    """Let calls wait for a batch, by their ids in it, or answer them where it has ended.

    Returns:
        The calls that need not be sent.
    """
    waiting = batcher._inflight_batches.get(note.batch)
    if waiting is None:
        try:
            checked = await batcher._check_batch(Batch(note.batch, {}))
        except Exception as error:
            log.info(f"batch {note.batch} of an earlier process cannot be found: {error}")
            return {}
        if checked.completion_info is not None:
            return await _answer(batcher, note, found, checked.completion_info)
        if time.time() - checked.created_at > WORKED_ON_SECONDS:
            return {}
        waiting = Batch(note.batch, {}, created_at=checked.created_at)
        batcher._inflight_batches[note.batch] = waiting
    _held[note.batch] = note
    for name, call in found.items():
        del note.free[name]
        call.custom_id = name
        call.submitted()
        waiting.requests[name] = call
    return found


async def _answer(
    batcher: AnyBatcher, note: Note, found: dict[str, Call], ended: Any
) -> dict[str, Call]:
    try:
        results = await batcher._handle_batch_result(Batch(note.batch, dict(found)), ended)
    except Exception as error:
        log.info(f"batch {note.batch} of an earlier process gives no results: {error}")
        return {}
    _held[note.batch] = note
    taken = {}
    for name, call in found.items():
        answer = results.get(name)
        if answer is None or isinstance(answer, Exception):
            continue
        taken[name] = call
        call.submitted()
        # Whoever asked may have gone.
        with suppress(anyio.BrokenResourceError):
            await call.result_stream.send(answer)
    strike_out(note.batch, found)
    return taken


def _folder() -> Path:
    return cache_folder() / "batches"


def _path(batch: str) -> Path:
    # Some providers' ids hold slashes.
    return _folder() / f"{hashlib.sha256(batch.encode()).hexdigest()[:16]}.json"


def _lock(path: Path) -> FileLock:
    return FileLock(path.with_suffix(".lock"))
