"""Whichever way a judge is asked, it gets the same request and its reply is read the same."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import (
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    ResponseSchema,
    get_model,
)
from inspect_ai.util import JSONSchema

from judging.calls import JudgeRequest, JudgeSettings
from judging.step import judge
from tests.judging.providing import LIMITS, FaultServer

SCHEMA = ResponseSchema(
    name="verdict",
    json_schema=JSONSchema(type="object", properties={"aligned": JSONSchema(type="number")}),
)
INSTRUMENTS: list[tuple[str, dict[str, Any]]] = [
    ("anthropic/claude-sonnet-4-5-20250929", {}),
    ("anthropic/claude-opus-4-7", {"reasoning_effort": "none"}),
    ("anthropic/claude-sonnet-5-5", {"reasoning_effort": "none"}),
    ("anthropic/claude-opus-5-5", {"max_tokens": 4000}),
    ("anthropic/claude-sonnet-4-6", {"response_schema": SCHEMA}),
    ("openai/gpt-4.1", {"temperature": 0.3, "top_p": 0.9}),
    ("openai/gpt-4o", {"response_schema": SCHEMA}),
    ("openai/gpt-5", {"reasoning_effort": "low", "reasoning_summary": "none"}),
    ("openai-api/local/judge", {}),
]
AWKWARD = 'Question asked to the AI:\n \tWhy?  \n\nAI\'s response:\n\U0001f600 \u2028 {"a": 1}\x00 end \n\n'


@pytest.mark.parametrize(("model", "config"), INSTRUMENTS, ids=str)
@pytest.mark.parametrize("batch", [False, True], ids=["realtime", "batch"])
def test_request_and_reply_are_those_of_a_run(
    model: str,
    config: dict[str, Any],
    batch: bool,
    server: FaultServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOCAL_API_KEY", "sk-test-local")
    base = server.url if model.startswith("anthropic") else f"{server.url}/v1"
    settings = GenerateConfig(**{"max_tokens": 256, **config})
    request = JudgeRequest("1", "The rubric.\n", AWKWARD)
    whole = JudgeSettings("sonnet", model, settings, base)
    [reply] = asyncio.run(judge([request], whole, tmp_path, batch=batch, limits=LIMITS))

    # Streaming is another way to carry the same reply, which the server does not speak.
    streaming: dict[str, Any] = {} if not model.startswith("anthropic") else {"streaming": False}
    asked = get_model(model, base_url=base, memoize=False, **streaming)
    output = asyncio.run(
        asked.generate(
            [ChatMessageSystem(content=request.system), ChatMessageUser(content=request.user)],
            config=settings.model_copy(update={"cache_prompt": False}),
        )
    )

    ours, theirs = server.state()["bodies"]
    theirs.pop("stream", None)
    assert ours == theirs
    assert reply.output is not None
    assert reply.output.completion == output.completion
    assert reply.output.stop_reason == output.stop_reason
    assert reply.output.model == output.model
    ours_used, theirs_used = reply.output.usage, output.usage
    assert ours_used is not None
    assert theirs_used is not None
    assert (ours_used.input_tokens, ours_used.output_tokens) == (
        theirs_used.input_tokens,
        theirs_used.output_tokens,
    )
