"""A local server that answers each question as a script says, in the words of four providers' APIs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.support.local_server import LocalServer

Json = dict[str, Any]
SERVED = "served"
"""Stands for the model that was asked."""


@dataclass(frozen=True)
class Http:
    """What goes over the wire."""

    body: Json | str
    status: int = 200
    kind: str = "application/json"


@dataclass(frozen=True)
class Hang:
    """No answer until the server closes."""


class ScriptedServer(LocalServer):
    """Answers every POST on 127.0.0.1 and counts them by question.

    Args:
        answer: Given the last user text and the request's body, what to answer.

    Attributes:
        asked: How often each text was asked.
        bodies: The requests in order.
    """

    def __init__(self, answer: Callable[[str, Json], Http | Hang]) -> None:
        super().__init__()
        self._answer = answer
        self.asked: Counter[str] = Counter()
        self.bodies: list[Json] = []

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/messages/count_tokens", self._count)
        app.router.add_post("/{path:.*}", self._post)
        return app

    async def _models(self, call: web.Request) -> web.StreamResponse:
        return web.json_response({"object": "list", "data": []})

    async def _count(self, call: web.Request) -> web.StreamResponse:
        return web.json_response({"input_tokens": 1})

    async def _post(self, call: web.Request) -> web.StreamResponse:
        body = json.loads(await call.read())
        text = user_text(body)
        self.bodies.append(body)
        self.asked[text] += 1
        made = self._answer(text, body)
        if isinstance(made, Hang):
            await self._closing.wait()
            return web.Response(status=503)
        told = made.body
        if isinstance(told, dict) and told.get("model") == SERVED:
            told = told | {"model": body["model"]}
        said = told if isinstance(told, str) else json.dumps(told)
        return web.Response(text=said, status=made.status, content_type=made.kind)


def user_text(body: Json) -> str:
    """The last user message of a request, whoever's API it is."""
    if "contents" in body:
        return "".join(str(part.get("text", "")) for part in body["contents"][-1]["parts"])
    content = body["messages" if "messages" in body else "input"][-1]["content"]
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content)


def chat(text: str | None, finish: str | None = "stop", **message: Any) -> Http:
    """A chat completion of OpenAI's family."""
    usage = message.pop("usage", {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3})
    model = message.pop("model", SERVED)
    choice = {
        "index": 0,
        "finish_reason": finish,
        "message": {"role": "assistant", "content": text, **message},
    }
    made = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [choice],
    }
    return Http(made if usage is None else made | {"usage": usage})


def chat_error(message: str, status: int = 400, **error: Any) -> Http:
    """An error of OpenAI's family."""
    return Http({"error": {"message": message, "type": "BadRequestError", **error}}, status)


def response(
    text: str | None, status: str = "completed", why: str | None = None, model: str = SERVED
) -> Http:
    """A response of OpenAI's Responses API, with a reasoning item before the text."""
    said: list[Json] = [{"type": "output_text", "text": text, "annotations": []}]
    spoken = {"type": "message", "id": "m1", "status": status, "role": "assistant", "content": said}
    usage = {
        "input_tokens": 1,
        "output_tokens": 2,
        "total_tokens": 3,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 1},
    }
    return Http(
        {
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "status": status,
            "model": model,
            "incomplete_details": None if why is None else {"reason": why},
            "output": [
                {"type": "reasoning", "id": "r1", "summary": []},
                *([] if text is None else [spoken]),
            ],
            "parallel_tool_calls": False,
            "tool_choice": "none",
            "tools": [],
            "usage": usage,
        }
    )


def message(*content: Json, stop: str = "end_turn", **fields: Any) -> Http:
    """A message of Anthropic's API."""
    made = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": SERVED,
        "content": list(content),
        "stop_reason": stop,
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    return Http({name: value for name, value in (made | fields).items() if value is not None})


def message_error(words: str, status: int = 400) -> Http:
    """An error of Anthropic's API."""
    error = {"type": "invalid_request_error", "message": words}
    return Http({"type": "error", "error": error}, status)


def candidate(text: str | None, finish: str = "STOP", model: str = "served") -> Http:
    """A response of Google's API with one candidate."""
    content: Json = {"role": "model", "parts": [] if text is None else [{"text": text}]}
    return Http(
        {
            "candidates": [{"content": content, "finishReason": finish, "index": 0}],
            "modelVersion": model,
            "usageMetadata": {
                "promptTokenCount": 1,
                "candidatesTokenCount": 2,
                "totalTokenCount": 3,
            },
        }
    )


def google_error(words: str, status: int = 400) -> Http:
    """An error of Google's API."""
    error = {"code": status, "message": words, "status": "INVALID_ARGUMENT"}
    return Http({"error": error}, status)
