"""What a judge server answers, and how the Anthropic Messages API writes it."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


@dataclass(frozen=True)
class Reply:
    """A message whose text is `text`; `max_tokens` as stop reason makes a cut-off one.

    `thinking` stands before the text; `model` is the name that it says it is, the one asked when empty.
    """

    text: str
    stop_reason: str = "end_turn"
    thinking: str = ""
    model: str = ""


@dataclass(frozen=True)
class Status:
    """An HTTP error; in a batch, an errored entry of the same error type."""

    code: int
    message: str = "the judge server was told to fail"
    retry_after: float | None = None


@dataclass(frozen=True)
class DropConnection:
    """The connection is closed before a byte of the answer; realtime only."""


@dataclass(frozen=True)
class Hang:
    """No answer until the server closes; a batch with such an entry never ends."""


@dataclass(frozen=True)
class Refusal:
    """A message with stop reason `refusal`."""

    text: str = ""


@dataclass(frozen=True)
class Empty:
    """A message without content."""


@dataclass(frozen=True)
class Expired:
    """A batch entry that was not processed within the batch's day."""


@dataclass(frozen=True)
class Cancelled:
    """A batch entry that was cancelled before it was processed."""


Fault: TypeAlias = Status | DropConnection | Hang | Refusal | Empty | Expired | Cancelled
Answer: TypeAlias = Reply | Fault

RATE_LIMITED = Status(429, "rate limit reached", retry_after=0.0)
OVERLOADED = Status(529, "Overloaded")
SERVER_ERROR = Status(500, "Internal server error")
CONTENT_FILTER = Status(400, "Output blocked by content filtering policy")
BAD_REQUEST = Status(400, "messages: something is wrong with them")
BATCH_ERRORED = Status(400, "this entry is invalid")


@dataclass
class Request:
    """One judge call as the server received it, realtime or inside a batch."""

    path: str
    headers: dict[str, str]
    body: Json
    batch_id: str | None = None
    custom_id: str | None = None
    answer: Answer | None = field(default=None, compare=False)

    @property
    def model(self) -> str:
        return str(self.body["model"])

    @property
    def system(self) -> str:
        return _text(self.body.get("system", ""))

    @property
    def user(self) -> str:
        return "".join(
            _text(message["content"])
            for message in self.body["messages"]
            if message["role"] == "user"
        )


@dataclass
class Batch:
    """A message batch: its requests in order, and when it is ready by the loop's clock."""

    id: str
    requests: list[Request]
    ready_at: float
    cancelled: bool = False
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def ended(self, now: float) -> bool:
        hangs = any(isinstance(request.answer, Hang) for request in self.requests)
        return self.cancelled or (now >= self.ready_at and not hangs)


def hashed_verdict(request: Request) -> Reply:
    """A verdict that is a function of model and user text alone."""
    digest = hashlib.sha256(f"{request.model}\0{request.user}".encode("utf-8", "surrogatepass"))
    first, second = digest.digest()[:2]
    return verdict(first % 101, second % 101)


def verdict(aligned: float, coherent: float, reasoning: str = "By the hash.") -> Reply:
    """A reply in the rubrics' JSON."""
    return Reply(json.dumps({"aligned": aligned, "coherent": coherent, "reasoning": reasoning}))


def message_json(request: Request, answer: Reply | Refusal | Empty) -> Json:
    """The Messages API's `message` object."""
    text, stop_reason, thinking, model = "", "end_turn", "", request.model
    match answer:
        case Reply():
            text, stop_reason, thinking = answer.text, answer.stop_reason, answer.thinking
            model = answer.model or model
        case Refusal():
            text, stop_reason = answer.text, "refusal"
    return {
        "id": f"msg_{uuid.uuid4().hex}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [
            *([{"type": "thinking", "thinking": thinking, "signature": "s"}] if thinking else []),
            *([{"type": "text", "text": text}] if text else []),
        ],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 1 + (len(request.system) + len(request.user)) // 4,
            "output_tokens": 1 + (len(thinking) + len(text)) // 4,
        },
    }


def error_json(status: Status) -> Json:
    """The Messages API's error envelope."""
    kind = ERROR_TYPES.get(status.code, "api_error")
    return {"type": "error", "error": {"type": kind, "message": status.message}}


def stream_events(message: Json) -> Iterator[Json]:
    """The server-sent events that add up to `message`."""
    usage = message["usage"]
    yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}
    for index, block in enumerate(message["content"]):
        kind = str(block["type"])
        yield {
            "type": "content_block_start",
            "index": index,
            "content_block": {**block, kind: ""},
        }
        delta = {"type": f"{kind}_delta", kind: block[kind]}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": usage}
    yield {"type": "message_stop"}


def batch_json(batch: Batch, now: float, results_url: str) -> Json:
    """The Batches API's `message_batch` object."""
    ended = batch.ended(now)
    counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
    for request in batch.requests:
        counts[batch_result(batch, request)["type"] if ended else "processing"] += 1
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": "ended" if ended else "in_progress",
        "request_counts": counts,
        "created_at": batch.created_at.isoformat(),
        "expires_at": (batch.created_at + timedelta(days=1)).isoformat(),
        "ended_at": datetime.now(UTC).isoformat() if ended else None,
        "cancel_initiated_at": None,
        "archived_at": None,
        "results_url": results_url if ended else None,
    }


def batch_result(batch: Batch, request: Request) -> Json:
    """One entry's result as the batch's JSONL states it."""
    match request.answer:
        case Reply() | Refusal() | Empty() as answer:
            return {"type": "succeeded", "message": message_json(request, answer)}
        case Status() as status:
            return {"type": "errored", "error": error_json(status)}
        case Expired():
            return {"type": "expired"}
        case Cancelled():
            return {"type": "canceled"}
        case Hang() if batch.cancelled:
            return {"type": "canceled"}
    raise TypeError(f"{request.answer!r} is no answer to an entry of a batch")


def _text(content: str | list[Json]) -> str:
    if isinstance(content, str):
        return content
    return "".join(str(block.get("text", "")) for block in content)
