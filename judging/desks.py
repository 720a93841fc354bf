"""The providers' batch interfaces: Anthropic's Message Batches and OpenAI's batch files."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import anthropic
import openai

from judging.asking import call_error, patiently
from judging.calls import Answer, Call, Failure, FailureKind, Json, Limits
from judging.instrument import Client, Instrument
from judging.journal import Batch
from protocol.redacting import redacted

# A batch is looked up among the newest ones only: it was sent moments ago.
LOOKED_THROUGH = 1000
KEY = "bwalpha"
ASK_AGAIN = "It was not charged. Ask for it again with --again."


@dataclass(frozen=True)
class Status:
    """Where a batch stands.

    Attributes:
        ended: Whether there is anything to fetch.
        created: When the provider made it, in seconds since 1970.
        left: What a call is that has no result once it has ended.
        detail: The same in words.
        refused: Why the provider took none of its calls.
        files: Where the results are, for providers that name files.
    """

    ended: bool
    created: float
    left: FailureKind = "missing"
    detail: str = "the batch's results do not have it"
    refused: str | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """One line of a batch's results: an answer or a failure, neither where the line says nothing known."""

    call: str
    answer: Answer | None = None
    failure: Failure | None = None


class Desk(Protocol):
    """A provider's batches. Everything raises `CallError`.

    Attributes:
        most_requests: The most calls that a batch takes.
        most_bytes: The largest batch.
    """

    most_requests: int
    most_bytes: int

    def size(self, call: Call) -> int:
        """Say how many bytes a call takes in a batch."""

    async def newest(self) -> str | None:
        """Give the id of the newest batch, where lookups need it."""

    async def create(self, batch: Batch, calls: Sequence[Call]) -> str:
        """Send a batch, once, and give its id."""

    async def find(self, batch: Batch) -> list[str]:
        """Give the ids of batches that may be the one whose creation got lost."""

    async def look(self, batch: Batch) -> Status:
        """Say where a batch stands."""

    def results(self, batch: Batch, status: Status) -> AsyncIterator[Result]:
        """Give the results, line by line; a broken line is left out."""


class AnthropicDesk:
    """Anthropic's Message Batches.

    They carry no name of ours. One whose creation got lost is looked up as one that is newer than the newest
    before it and has as many calls, and is known for sure by its results' ids.
    """

    most_requests = 100_000
    most_bytes = 256_000_000

    def __init__(self, client: anthropic.AsyncAnthropic, instrument: Instrument) -> None:
        self._batches = client.messages.batches
        self._headers = dict(instrument.headers)

    def size(self, call: Call) -> int:
        """Count the bytes of its line."""
        return _bytes({"custom_id": call.id, "params": call.body})

    async def newest(self) -> str | None:
        """Give the newest batch."""
        page = await self._batches.list(limit=1)
        return page.data[0].id if page.data else None

    async def create(self, batch: Batch, calls: Sequence[Call]) -> str:
        """Send a batch."""
        requests: Any = [{"custom_id": call.id, "params": call.body} for call in calls]
        try:
            made = await self._batches.create(requests=requests, extra_headers=self._headers)
        except Exception as error:
            raise call_error(error) from error
        return made.id

    async def find(self, batch: Batch) -> list[str]:
        """Look a lost batch up."""
        found: list[str] = []
        seen = 0
        async for made in self._batches.list(limit=100):
            counts = made.request_counts
            total = sum(
                (
                    counts.processing,
                    counts.succeeded,
                    counts.errored,
                    counts.canceled,
                    counts.expired,
                )
            )
            seen += 1
            if made.id == batch.newest or seen > LOOKED_THROUGH:
                break
            if total == len(batch.calls):
                found.append(made.id)
        return found

    async def look(self, batch: Batch) -> Status:
        """Say where a batch stands."""
        made = await self._batches.retrieve(batch.id or "")
        return Status(made.processing_status == "ended", made.created_at.timestamp())

    async def results(self, batch: Batch, status: Status) -> AsyncIterator[Result]:
        """Read the results."""
        opened = self._batches.with_streaming_response.results(batch.id or "")
        async for line in _lines(opened):
            call, result = line.get("custom_id"), line.get("result")
            if isinstance(call, str) and isinstance(result, dict):
                yield _anthropic_result(call, result)


class OpenAIDesk:
    """OpenAI's batch files. Each carries our own key, by which one whose creation got lost is found."""

    most_requests = 50_000
    most_bytes = 200_000_000

    def __init__(self, client: openai.AsyncOpenAI, instrument: Instrument, limits: Limits) -> None:
        self._client = client
        self._form = instrument.form
        self._endpoint: Any = "/v1" + instrument.path
        self._limits = limits

    def size(self, call: Call) -> int:
        """Count the bytes of its line."""
        return _bytes(self._line(call)) + 1

    async def newest(self) -> str | None:
        """Give the newest batch."""
        return None

    async def create(self, batch: Batch, calls: Sequence[Call]) -> str:
        """Send a batch."""
        text = "".join(json.dumps(self._line(call)) + "\n" for call in calls)
        file = (f"{batch.key}.jsonl", text.encode())

        async def upload() -> Any:
            return await self._client.files.create(file=file, purpose="batch")

        uploaded = await patiently(upload, self._limits)
        try:
            made = await self._client.batches.create(
                input_file_id=uploaded.id,
                completion_window="24h",
                endpoint=self._endpoint,
                metadata={KEY: batch.key},
            )
        except Exception as error:
            raise call_error(error) from error
        return made.id

    async def find(self, batch: Batch) -> list[str]:
        """Look a lost batch up."""
        seen = 0
        async for made in self._client.batches.list(limit=100):
            seen += 1
            if (made.metadata or {}).get(KEY) == batch.key:
                return [made.id]
            if seen > LOOKED_THROUGH:
                break
        return []

    async def look(self, batch: Batch) -> Status:
        """Say where a batch stands."""
        made = await self._client.batches.retrieve(batch.id or "")
        files = tuple(name for name in (made.output_file_id, made.error_file_id) if name)
        ended = made.status in ("completed", "failed", "expired", "cancelled")
        if made.status == "failed" and not files:
            said = "; ".join(
                error.message or "" for error in (made.errors and made.errors.data) or []
            )
            return Status(True, made.created_at, refused=redacted(said) or "it does not say why")
        if made.status in ("expired", "cancelled"):
            kind: FailureKind = "expired" if made.status == "expired" else "cancelled"
            return Status(ended, made.created_at, kind, f"the batch {made.status}", files=files)
        return Status(ended, made.created_at, files=files)

    async def results(self, batch: Batch, status: Status) -> AsyncIterator[Result]:
        """Read the results."""
        for name in status.files:
            opened = self._client.files.with_streaming_response.content(name)
            async for line in _lines(opened):
                call = line.get("custom_id")
                if isinstance(call, str):
                    yield self._result(call, line)

    def _result(self, call: str, line: Json) -> Result:
        error, response = line.get("error"), line.get("response")
        if isinstance(response, dict) and isinstance(response.get("body"), dict):
            status = response.get("status_code", 200)
            if status == 200:
                return Result(call, Answer(self._form, response["body"]))
            answer = Answer(self._form, response["body"], status)
            said = response["body"].get("error") or response["body"]
            return Result(call, answer, _failure(f"error {status}", said))
        if isinstance(error, dict):
            if error.get("code") in ("batch_expired", "batch_cancelled"):
                kind: FailureKind = "expired" if error["code"] == "batch_expired" else "cancelled"
                return Result(call, failure=Failure(kind, f"it {kind} in the batch. {ASK_AGAIN}"))
            return Result(call, failure=_failure(str(error.get("code") or "error"), error))
        return Result(call)

    def _line(self, call: Call) -> Json:
        return {"custom_id": call.id, "method": "POST", "url": self._endpoint, "body": call.body}


def make_desk(client: Client, instrument: Instrument, limits: Limits) -> Desk:
    """Make the batch interface of a client's provider."""
    if isinstance(client, anthropic.AsyncAnthropic):
        return AnthropicDesk(client, instrument)
    return OpenAIDesk(client, instrument, limits)


def _anthropic_result(call: str, result: Json) -> Result:
    match result.get("type"):
        case "succeeded":
            message = result.get("message")
            return Result(call, Answer("anthropic", message if isinstance(message, dict) else {}))
        case "errored":
            error = result.get("error")
            inner = error.get("error", error) if isinstance(error, dict) else {}
            kind = inner.get("type", "error") if isinstance(inner, dict) else "error"
            return Result(
                call, Answer("anthropic", {"error": inner}, 400), _failure(str(kind), inner)
            )
        case "expired":
            return Result(call, failure=Failure("expired", f"it expired in the batch. {ASK_AGAIN}"))
        case "canceled":
            said = f"it was cancelled in the batch. {ASK_AGAIN}"
            return Result(call, failure=Failure("cancelled", said))
    return Result(call)


def _failure(kind: str, error: Any) -> Failure:
    said = error.get("message", "") if isinstance(error, dict) else str(error)
    return Failure("api_error", redacted(f"{kind}: {said} {ASK_AGAIN}"))


async def _lines(opened: AbstractAsyncContextManager[Any]) -> AsyncIterator[Json]:
    """Read JSON lines as they come, so that a file that is cut gives what it has.

    Raises:
        CallError: It is cut, or cannot be fetched.
    """
    rest = b""
    try:
        async with opened as response:
            async for chunk in response.iter_bytes():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if (read := _object(line)) is not None:
                        yield read
    except Exception as error:
        raise call_error(error) from error
    if (read := _object(rest)) is not None:
        yield read


def _object(line: bytes) -> Json | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _bytes(value: Json) -> int:
    return len(json.dumps(value)) + 1
