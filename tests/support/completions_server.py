"""A local server that speaks the OpenAI chat completions API as vLLM does, for targets under test."""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web


class CompletionsServer:
    """Answers every chat on 127.0.0.1 with the same words and records what it was sent.

    Example:
        with CompletionsServer() as server:
            model = get_model("vllm/some/model", base_url=server.url)

    Args:
        refuses: Given a request body, whether to answer it with a 400.

    Attributes:
        bodies: The bodies of the requests that were answered, in order of arrival.
    """

    def __init__(self, refuses: Callable[[dict[str, Any]], bool] = lambda body: False) -> None:
        self._refuses = refuses
        self.bodies: list[dict[str, Any]] = []
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="completions-server", daemon=True)

    @property
    def url(self) -> str:
        """The base URL, for `VLLM_BASE_URL`."""
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._complete)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        self._port = runner.addresses[0][1]
        self._ready.set()
        await self._closing.wait()
        await runner.cleanup()

    async def _models(self, call: web.Request) -> web.StreamResponse:
        return web.json_response({"object": "list", "data": []})

    async def _complete(self, call: web.Request) -> web.StreamResponse:
        body = await call.json()
        if self._refuses(body):
            error = {"message": "the server was told to refuse", "type": "BadRequestError"}
            return web.json_response({"error": error}, status=400)
        self.bodies.append(body)
        return web.json_response(
            {
                "id": f"chatcmpl-{uuid.uuid4().hex}",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": body["model"],
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "message": {"role": "assistant", "content": "An answer."},
                    }
                ],
                "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
            }
        )
