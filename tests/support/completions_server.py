"""A local server that speaks the OpenAI chat completions API as vLLM does, for targets under test."""

import time
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.support.local_server import LocalServer


class CompletionsServer(LocalServer):
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
        super().__init__()
        self._refuses = refuses
        self.bodies: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """The base URL, for `VLLM_BASE_URL`."""
        return f"{super().url}/v1"

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._complete)
        return app

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
