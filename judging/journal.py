"""A judge's state on disk: what was asked and answered, one JSON line each, appended and never rewritten.

A killed process loses nothing that it had written. A line cut short by a kill or a full disk is dropped
when the file is opened again. Once the disk is full, a reserve that was set aside at the start makes room
for the answers that are still on their way. No key and no text of a request is in it.
"""

import errno
import hashlib
import json
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from judging.calls import Answer, Call, Failure, Json, JudgingError

RESERVE_BYTES = 8_000_000
# A kill cannot lose what was written; only a machine that loses its power can, and at most this much.
SYNC_SECONDS = 1.0


@dataclass
class Batch:
    """A batch as far as it is known.

    Attributes:
        key: Our own name for it.
        calls: The ids of its calls.
        newest: The provider's newest batch before this one was sent, where it had one.
        id: The provider's id; none while it is not known whether the provider has the batch.
        found: It was looked up and may be another batch of that size.
        foreign: Batches that were looked up and turned out to be others.
    """

    key: str
    calls: list[str]
    newest: str | None
    id: str | None = None
    found: bool = False
    foreign: list[str] = field(default_factory=list)


class Journal:
    """One judge's state, locked against other processes while it is open.

    Attributes:
        answers: Answers by call id.
        failures: Calls that failed for good: they are sent again only when asked for.
        batches: Batches that still owe answers, by key.
        full: The error that the disk gave once it was full.
    """

    def __init__(self, folder: Path, judge: str) -> None:
        short = re.sub(r"[^A-Za-z0-9-]+", "-", judge).strip("-")[:40]
        name = f"{short or 'judge'}-{hashlib.sha256(judge.encode()).hexdigest()[:8]}"
        self.judge = judge
        self.path = folder / f"{name}.jsonl"
        self.answers: dict[str, Answer] = {}
        self.failures: dict[str, Failure] = {}
        self.batches: dict[str, Batch] = {}
        self.full: OSError | None = None
        self._noted: set[str] = set()
        self._reserve = folder / f"{name}.reserve"
        self._lock = FileLock(folder / f"{name}.lock")
        self._synced = 0.0
        self._file = -1

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise JudgingError(
                f"Another process is asking the judge {self.judge} for this log ({self.path}). Wait for "
                "it, or end it, and start this command again."
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self._load()
            if not self._reserve.exists():
                self._reserve.write_bytes(os.urandom(RESERVE_BYTES))
        except OSError as error:
            self.__exit__(None, None, None)
            raise self._unwritable(error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._file >= 0 and error is None:
                self._sync()
        finally:
            if self._file >= 0:
                os.close(self._file)
                self._reserve.unlink(missing_ok=True)
            self._file = -1
            self._lock.release()

    @property
    def waiting(self) -> set[str]:
        """The calls that a batch still owes."""
        return {call for batch in self.batches.values() for call in batch.calls}

    def note(self, calls: Iterable[Call]) -> None:
        """Write down which requests there are."""
        fresh = {call.id: call.request.id for call in calls if call.id not in self._noted}
        if fresh:
            self._write({"event": "requests", "ids": fresh}, now=True)

    def answer(self, call: str, answer: Answer) -> None:
        """Keep an answer."""
        kept = {"form": answer.form, "status": answer.status, "body": answer.body}
        kept |= {"batch": True} if answer.batch else {}
        self._write({"event": "answer", "call": call} | kept)

    def fail(self, call: str, failure: Failure) -> None:
        """Keep a failure that only the user may have asked again."""
        kept = {"kind": failure.kind, "detail": failure.detail}
        self._write({"event": "failure", "call": call} | kept)

    def forget_failures(self) -> None:
        """Let failed calls be sent again."""
        if self.failures:
            self._write({"event": "again"}, now=True)

    def batch(self, key: str, event: str, **fields: Any) -> None:
        """Keep what became of a batch: `intended`, `created`, `found`, `foreign`, `closed`."""
        self._write({"event": event, "batch": key} | fields, now=True)

    def close_settled(self) -> None:
        """Close the batches that owe nothing any more."""
        settled = [
            key
            for key, batch in self.batches.items()
            if all(call in self.answers or call in self.failures for call in batch.calls)
        ]
        for key in settled:
            self.batch(key, "closed")

    def discard(self, calls: Iterable[str]) -> None:
        """Remove the state, unless it holds more than these calls' answers: all is where it belongs."""
        if not self.batches and not self.failures and self.answers.keys() <= set(calls):
            self.path.unlink(missing_ok=True)

    def _write(self, event: Json, now: bool = False) -> None:
        line = (json.dumps(event) + "\n").encode()
        try:
            self._append(line)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not self._reserve.exists():
                raise self._unwritable(error) from error
            self.full = error
            self._reserve.unlink()
            try:
                self._append(line)
            except OSError as again:
                raise self._unwritable(again) from again
        self._apply(event)
        if now or time.monotonic() - self._synced > SYNC_SECONDS:
            self._sync()

    def _sync(self) -> None:
        try:
            os.fsync(self._file)
        except OSError as error:
            raise self._unwritable(error) from error
        self._synced = time.monotonic()

    def _append(self, line: bytes) -> None:
        start = os.fstat(self._file).st_size
        try:
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError:
            os.ftruncate(self._file, start)
            raise

    def _load(self) -> None:
        with open(self.path, "rb") as file:
            end = 0
            for line in file:
                if not line.endswith(b"\n"):
                    break
                end += len(line)
                try:
                    self._apply(json.loads(line))
                except (ValueError, KeyError, TypeError):
                    # A damaged line costs its own answer, not the others.
                    continue
        os.ftruncate(self._file, end)

    def _apply(self, event: Json) -> None:
        match event["event"]:
            case "requests":
                self._noted |= event["ids"].keys()
            case "answer":
                batched = event.get("batch", False)
                answer = Answer(event["form"], event["body"], event["status"], batched)
                self.answers[event["call"]] = answer
                self.failures.pop(event["call"], None)
            case "failure":
                self.failures[event["call"]] = Failure(event["kind"], event["detail"])
            case "again":
                self.failures.clear()
            case "intended":
                batch = Batch(event["batch"], event["calls"], event["newest"])
                self.batches[event["batch"]] = batch
            case "created" | "found":
                batch = self.batches[event["batch"]]
                batch.id, batch.found = event["id"], event["event"] == "found"
            case "foreign":
                batch = self.batches[event["batch"]]
                batch.foreign.append(event["id"])
                batch.id = None
            case "closed":
                self.batches.pop(event["batch"], None)

    def _unwritable(self, error: OSError) -> JudgingError:
        return JudgingError(
            f"{self.path}: {error.strerror or error}. Answers that came so far are kept. Make room, or "
            "put the log where it can be written to, and start the same command again."
        )
