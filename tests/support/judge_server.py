"""A local server that speaks the Anthropic Messages API, for judges under test."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.support.local_server import LocalServer
from tests.support.messages_api import (
    Answer,
    Batch,
    Cancelled,
    DropConnection,
    Empty,
    Expired,
    Hang,
    Json,
    Refusal,
    Reply,
    Request,
    Status,
    batch_json,
    batch_result,
    error_json,
    hashed_verdict,
    message_json,
    stream_events,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BatchCall = Callable[[str, str], Status | DropConnection | None]


class JudgeServer(LocalServer):
    """Answers Messages and Message Batches on 127.0.0.1 and records every judge call.

    Example:
        with JudgeServer(lambda request: verdict(80, 90)) as server:
            model = get_model("anthropic/claude-x", base_url=server.url, api_key="test")

    Args:
        answer: What to answer to a judge call. It runs in the server's thread, once for
            every call received, so a call that is retried is answered anew.
        latency: Seconds that a realtime call takes.
        batch_latency: Seconds that a batch takes; `latency` by default.
        batch_fault: Given method and path of a Batches call ("POST",
            "/v1/messages/batches"), the fault to answer with, if any.
    """

    def __init__(
        self,
        answer: Callable[[Request], Answer] = hashed_verdict,
        latency: float = 0.0,
        batch_latency: float | None = None,
        batch_fault: BatchCall | None = None,
    ) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.batches: list[Batch] = []
        self.calls: list[tuple[str, str]] = []
        self.peak_in_flight = 0
        self._answer = answer
        self._latency = latency
        self.batch_latency = latency if batch_latency is None else batch_latency
        self._batch_fault = batch_fault
        self._in_flight = 0

    @property
    def recorded(self) -> list[tuple[str, str, Reply]]:
        """User text, model and reply of every call that was answered with a reply."""
        return [
            (request.user, request.model, request.answer)
            for request in list(self.requests)
            if isinstance(request.answer, Reply)
        ]

    def application(self) -> web.Application:
        app = web.Application(client_max_size=2**30, middlewares=[self._record])
        batches = "/v1/messages/batches"
        app.router.add_post("/v1/messages", self._message)
        app.router.add_post("/v1/messages/count_tokens", self._count_tokens)
        app.router.add_post(batches, self._create_batch)
        app.router.add_get(batches + "/{id}", self._retrieve_batch)
        app.router.add_get(batches + "/{id}/results", self._batch_results)
        app.router.add_post(batches + "/{id}/cancel", self._cancel_batch)
        return app

    @web.middleware
    async def _record(
        self,
        request: web.Request,
        handler: Handler,
    ) -> web.StreamResponse:
        self.calls.append((request.method, request.path))
        try:
            if self._batch_fault and request.path.startswith("/v1/messages/batches"):
                match self._batch_fault(request.method, request.path):
                    case Status() as status:
                        return _error(status)
                    case DropConnection():
                        return _drop(request)
            return await handler(request)
        except (web.HTTPException, ConnectionError, asyncio.CancelledError):
            raise
        except Exception as ex:
            # A bug in a test's `answer` must fail the test, not pass for a server error.
            self._errors.append(ex)
            return _error(Status(400, f"judge server: {ex!r}"))

    async def _message(self, call: web.Request) -> web.StreamResponse:
        self._in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self._in_flight)
        try:
            request = self._received(Request(call.path, _headers(call), await _body(call)))
            if self._latency:
                await asyncio.sleep(self._latency)
            return await self._respond(call, request)
        finally:
            self._in_flight -= 1

    def _received(self, request: Request) -> Request:
        self.requests.append(request)
        request.answer = self._answer(request)
        return request

    async def _respond(self, call: web.Request, request: Request) -> web.StreamResponse:
        match request.answer:
            case Reply() | Refusal() | Empty() as answer:
                message = message_json(request, answer)
                return (
                    await _stream(call, message) if request.body.get("stream") else _json(message)
                )
            case Status() as status:
                return _error(status)
            case Hang():
                await self._closing.wait()
                return _drop(call)
            case DropConnection():
                return _drop(call)
            case Expired() | Cancelled() | None:
                raise TypeError(f"{request.answer!r} is no answer to a realtime call")

    async def _count_tokens(self, call: web.Request) -> web.StreamResponse:
        return _json({"input_tokens": 1 + len(await call.read()) // 4})

    async def _create_batch(self, call: web.Request) -> web.StreamResponse:
        batch_id, headers = f"msgbatch_{uuid.uuid4().hex}", _headers(call)
        requests = [
            self._received(
                Request(call.path, headers, entry["params"], batch_id, entry["custom_id"])
            )
            for entry in (await _body(call))["requests"]
        ]
        batch = Batch(batch_id, requests, self._loop.time() + self.batch_latency)
        self.batches.append(batch)
        return self._batch(batch)

    async def _retrieve_batch(self, call: web.Request) -> web.StreamResponse:
        return self._batch(self._find(call))

    async def _cancel_batch(self, call: web.Request) -> web.StreamResponse:
        batch = self._find(call)
        batch.cancelled = True
        return self._batch(batch)

    async def _batch_results(self, call: web.Request) -> web.StreamResponse:
        batch = self._find(call)
        rows = (
            json.dumps({"custom_id": request.custom_id, "result": batch_result(batch, request)})
            for request in reversed(batch.requests)
        )
        return web.Response(text="\n".join(rows) + "\n", content_type="application/x-jsonl")

    def _find(self, call: web.Request) -> Batch:
        for batch in self.batches:
            if batch.id == call.match_info["id"]:
                return batch
        raise web.HTTPNotFound

    def _batch(self, batch: Batch) -> web.Response:
        results_url = f"{self.url}/v1/messages/batches/{batch.id}/results"
        return _json(batch_json(batch, self._loop.time(), results_url))


def _headers(call: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in call.headers.items()}


async def _body(call: web.Request) -> Json:
    body: Json = json.loads((await call.read()).decode("utf-8", "surrogatepass"))
    return body


def _json(value: Json, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        text=json.dumps(value), status=status, headers=headers, content_type="application/json"
    )


def _error(status: Status) -> web.Response:
    retry = None if status.retry_after is None else {"retry-after": f"{status.retry_after:g}"}
    return _json(error_json(status), status.code, retry)


def _drop(call: web.Request) -> web.StreamResponse:
    if call.transport is not None:
        call.transport.abort()
    return web.Response()


async def _stream(call: web.Request, message: Json) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(call)
    for event in stream_events(message):
        await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    await response.write_eof()
    return response
