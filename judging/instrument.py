"""The instrument: a judge's request to the byte, taken from Inspect's own provider.

What a model gets depends on its name, generation, reasoning and SDK in dozens of ways that Inspect knows.
So Inspect writes one request with two marks for rubric and message, nothing is sent, and every call of the
step is that request with the marks replaced.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import anthropic
import openai
from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    get_model,
)

from judging.calls import Call, Form, Json, JudgeRequest, JudgeSettings, Limits
from protocol.errors import ProtocolError

SYSTEM, USER = "bwalpha's mark for the rubric", "bwalpha's mark for the message"
FORMS: dict[str, Form] = {
    "/v1/messages": "anthropic",
    "/chat/completions": "chat",
    "/responses": "responses",
}
# How a reply travels says nothing about what is asked.
TRAVEL = ("stream", "stream_options")

Client = anthropic.AsyncAnthropic | openai.AsyncOpenAI


@dataclass(frozen=True)
class Instrument:
    """A judge's request without its texts.

    Attributes:
        form: Which interface it is written for.
        address: The service, without the path.
        path: The path below the address.
        headers: What the request needs beside keys: the beta features it uses.
        template: The request's JSON with marks for the texts.
        key: The key for the service. It never leaves memory.
    """

    form: Form
    address: str
    path: str
    headers: Mapping[str, str]
    template: Json
    key: str | None = field(repr=False)

    def call(self, request: JudgeRequest) -> Call:
        """Write one request."""
        body: Json = _filled(self.template, {SYSTEM: request.system, USER: request.user})
        asked = [self.address, self.path, dict(self.headers), body, request.id]
        text = json.dumps(asked, sort_keys=True)
        return Call(hashlib.sha256(text.encode()).hexdigest()[:40], request, body)

    def client(self, limits: Limits) -> Client:
        """Make the official SDK's client. It does not retry: one of them waits a day when told to."""
        if self.form == "anthropic":
            return anthropic.AsyncAnthropic(
                api_key=self.key,
                base_url=self.address,
                max_retries=0,
                timeout=limits.attempt_seconds,
            )
        return openai.AsyncOpenAI(
            api_key=self.key, base_url=self.address, max_retries=0, timeout=limits.attempt_seconds
        )


def has_sdk(model: str) -> bool:
    """Whether an official SDK asks a model: Anthropic's, OpenAI's, or one behind OpenAI's interface."""
    provider, _, rest = model.partition("/")
    services = rest.split("/")[0] in ("azure", "bedrock", "vertex")
    return provider in ("anthropic", "openai", "openai-api") and not services


async def instrument(settings: JudgeSettings) -> Instrument:
    """Have Inspect write a judge's request, and send nothing.

    Raises:
        ProtocolError: Inspect does not write one: no key, an unknown model, settings that the model lacks.
    """
    seen: list[Any] = []

    async def keep(request: Any) -> None:
        seen.append(request)
        raise _NotSentError

    sdk = anthropic if settings.model.startswith("anthropic/") else openai
    async with sdk.DefaultAsyncHttpxClient(event_hooks={"request": [keep]}) as http:
        model = get_model(
            settings.model,
            config=GenerateConfig(max_retries=0),
            base_url=settings.base_url,
            memoize=False,
            http_client=http,
            max_retries=0,
            **settings.model_args,
        )
        # Asking whether summaries may be had would be a call of its own.
        quiet = {"cache_prompt": False, "batch": None, "max_retries": 0}
        config = settings.config.model_copy(
            update=quiet | {"reasoning_summary": settings.config.reasoning_summary or "none"}
        )
        messages: list[ChatMessage] = [
            ChatMessageSystem(content=SYSTEM),
            ChatMessageUser(content=USER),
        ]
        failed: Exception | None = None
        try:
            await model.generate(messages, config=config)
        except Exception as error:
            failed = error
    if not seen:
        raise ProtocolError(
            f"The judge {settings.judge} cannot be asked as {settings.model}: {failed}"
        ) from failed
    return _read(settings, seen[-1], model.api.api_key)


def inspect_instrument(settings: JudgeSettings) -> Instrument:
    """Make the instrument of a judge that only Inspect can ask; it tells one call from another."""
    config = settings.config.model_dump(exclude_none=True, mode="json")
    template = {"config": config, "system": SYSTEM, "user": USER}
    return Instrument("inspect", settings.base_url or "", settings.model, {}, template, None)


class _NotSentError(Exception):
    """Keeps a request from being sent."""


def _read(settings: JudgeSettings, request: Any, key: str | None) -> Instrument:
    url = str(request.url)
    path = next((path for path in FORMS if url.endswith(path)), None)
    template = {}
    with suppress(ValueError):
        template = json.loads(request.content)
    text = json.dumps(template)
    if path is None or any(text.count(json.dumps(mark)) != 1 for mark in (SYSTEM, USER)):
        raise ProtocolError(
            f"The judge {settings.judge}: Inspect asks {settings.model} in a way that this step does not "
            "know. Judge with `inspect score` instead."
        )
    return Instrument(
        form=FORMS[path],
        address=url.removesuffix(path),
        path=path,
        headers={n: v for n, v in request.headers.items() if n.lower() == "anthropic-beta"},
        template={name: value for name, value in template.items() if name not in TRAVEL},
        key=key,
    )


def _filled(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return texts.get(value, value)
    if isinstance(value, list):
        return [_filled(item, texts) for item in value]
    if isinstance(value, dict):
        return {name: _filled(item, texts) for name, item in value.items()}
    return value
