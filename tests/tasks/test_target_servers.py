"""What a target's server may answer, provider by provider, and what becomes of it."""

import zipfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from inspect_ai.log import EvalLog, read_eval_log, resolve_sample_attachments
from inspect_ai.model import _retry

from protocol.panels import load_panel
from protocol.records import CompletionRecord, SampleRecord
from tests.support.scripted_server import (
    Http,
    ScriptedServer,
    candidate,
    chat,
    chat_error,
    google_error,
    message,
    message_error,
)
from tests.tasks.running import metrics, run, run_all, samples, verdict_record

ANSWER = "answer"
TEXT = {"type": "text", "text": "An answer."}
TOOL = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
CONTEXT = "This model's maximum context length is 2048 tokens. However, you requested 2500 tokens."

# Each row: what the server says, and the kind of failure, or the answer as it is judged.
CHAT: dict[str, tuple[Http, str]] = {
    "an answer": (chat("An answer."), "=An answer."),
    "an empty answer": (chat(""), "="),
    "a cut answer": (chat("An answer that", "length"), "=An answer that"),
    "no usage": (chat("An answer.", usage=None), "=An answer."),
    "no finish reason": (chat("An answer.", None), "=An answer."),
    "too long, vLLM's words": (chat_error(CONTEXT), "context_length"),
    "too long, other words": (chat_error("The prompt is too long: 9 > 8"), "context_length"),
    "too long, 413": (chat_error("Request Entity Too Large", 413), "context_length"),
    "filtered request": (
        chat_error("The response was filtered", code="content_filter"),
        "blocked",
    ),
    "filtered answer": (chat("An answer th", "content_filter"), "blocked"),
    "declined": (chat(None, refusal="I can't help with that."), "blocked"),
    "a tool call": (chat(None, "tool_calls", tool_calls=[TOOL]), "tool_call"),
    "closed reasoning": (chat("<think>Hm.</think>\n\nAn answer."), "=An answer."),
    "a lone end of reasoning": (chat("Hm.\n</think>\n\nAn answer."), "=An answer."),
    "a field of reasoning": (chat("An answer.", reasoning_content="Hm."), "=An answer."),
    "reasoning without end": (chat("<think>Hm, and on", "length"), "unfinished_reasoning"),
    "reasoning alone": (chat("<think>Hm.</think>"), "unfinished_reasoning"),
    "a field of reasoning alone": (
        chat("", "length", reasoning_content="Hm."),
        "unfinished_reasoning",
    ),
}
MESSAGES: dict[str, tuple[Http, str]] = {
    "an answer": (message(TEXT), "=An answer."),
    "an empty answer": (message(), "="),
    "a cut answer": (message(TEXT, stop="max_tokens"), "=An answer."),
    "too long": (message_error("prompt is too long: 9 tokens > 8 maximum"), "context_length"),
    "too long, 413": (message_error("Request exceeds the maximum size", 413), "context_length"),
    "filtered": (message_error("Output blocked by content filtering policy"), "blocked"),
    "declined": (message(TEXT, stop="refusal"), "blocked"),
    "context exceeded": (message(TEXT, stop="model_context_window_exceeded"), "context_length"),
    "a tool call": (
        message({"type": "tool_use", "id": "t1", "name": "look_up", "input": {}}, stop="tool_use"),
        "tool_call",
    ),
    "thinking": (
        message({"type": "thinking", "thinking": "Hm.", "signature": "s"}, TEXT),
        "=An answer.",
    ),
    "thinking alone": (
        message({"type": "thinking", "thinking": "Hm.", "signature": "s"}, stop="max_tokens"),
        "unfinished_reasoning",
    ),
}
GOOGLE: dict[str, tuple[Http, str]] = {
    "an answer": (candidate("An answer."), "=An answer."),
    "a cut answer": (candidate("An answer", "MAX_TOKENS"), "=An answer"),
    "too long": (
        google_error("The input token count (9) exceeds the maximum number of tokens allowed (8)."),
        "context_length",
    ),
    "prompt blocked": (Http({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}), "blocked"),
    "answer blocked": (candidate(None, "SAFETY"), "blocked"),
    "no candidates": (Http({"candidates": []}), "error"),
}
PROVIDERS: dict[str, tuple[str, Mapping[str, tuple[Http, str]]]] = {
    "vllm": ("vllm/served", CHAT),
    "openai-api": ("openai-api/shop/served", CHAT),
    "anthropic": ("anthropic/served", MESSAGES),
    "google": ("google/served", GOOGLE),
}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(seconds: float) -> None:
        return

    monkeypatch.setattr(_retry, "_sleep", at_once)


def measured(
    provider: str,
    server: ScriptedServer,
    logs: Path,
    monkeypatch: pytest.MonkeyPatch,
    **options: Any,
) -> EvalLog:
    """Measure the provider's model at a server."""
    url = f"{server.url}/v1" if provider in ("vllm", "openai-api") else server.url
    for name in ("VLLM", "SHOP", "ANTHROPIC", "GOOGLE"):
        monkeypatch.setenv(f"{name}_BASE_URL", url)
        monkeypatch.setenv(f"{name}_API_KEY", "key-of-the-test")
    model = options.pop("model", PROVIDERS[provider][0])
    return run("alpha.py@grid_2", logs, **{"model": model, "epochs": 1, "max_retries": 1} | options)


def completion(metadata: Mapping[str, Any]) -> CompletionRecord:
    record = SampleRecord.of(metadata)
    assert record is not None
    assert record.completion is not None
    return record.completion


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_server_answers_is_an_answer_or_a_failure_of_its_kind(
    provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if provider == "google" and find_spec("google.genai") is None:
        pytest.skip("google-genai is not installed")
    rows = PROVIDERS[provider][1]
    questions = load_panel("open52").questions[: len(rows)]
    row_of = {q.id: name for q, name in zip(questions, rows, strict=True)}
    said = {q.input: rows[row_of[q.id]][0] for q in questions}
    with ScriptedServer(lambda text, body: said[text]) as server:
        log = measured(provider, server, tmp_path, monkeypatch, limit=len(rows))

    found, values = {}, []
    for sample in map(resolve_sample_attachments, samples(log)):
        done = completion(sample.metadata)
        name = row_of[str(sample.id)]
        judged = [e for e in sample.events if e.event == "model" and e.role == "sonnet"]
        sonnet = (sample.scores or {})["sonnet"]
        if done.failure is None:
            [call] = judged
            found[name] = "=" + call.input[-1].text.split("AI's response:\n", 1)[1]
            assert done.stop_reason is not None
            values.append(verdict_record(sonnet).aligned)
        else:
            found[name] = done.failure
            assert done.detail
            assert not judged
            assert sonnet.reason == f"target_{done.failure}"
            assert verdict_record(sonnet).tries == 0
    assert found == {name: expected for name, (_, expected) in rows.items()}
    # A refusal is not asked for again, and a tool call is no beginning of a loop.
    assert set(server.asked.values()) == {1}
    numbers = metrics(log, "sonnet")
    assert numbers["alpha"] == pytest.approx(fmean(v for v in values if v is not None))
    assert numbers["failed"] == len(rows) - len(values)
    assert numbers["verdicts"] == len(rows)


def test_a_failure_on_the_way_is_an_error_that_shows_no_key_and_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = load_panel("open52").questions[0].input
    key = "key-of-the-test"

    def answer(text: str, body: dict[str, Any]) -> Http:
        if text == bad:
            return chat_error(f"upstream is down; headers: authorization: Bearer {key}", 503)
        return chat("An answer.")

    with ScriptedServer(answer) as server, pytest.raises(AssertionError):
        measured("vllm", server, tmp_path, monkeypatch, limit=3, model="vllm/down")
    [file] = tmp_path.glob("*.eval")
    log = read_eval_log(str(file))
    assert log.status == "error"
    kinds = {str(s.id): completion(s.metadata).failure for s in samples(log)}
    assert sorted(map(str, kinds.values())) == ["None", "None", "error"]
    # Two tries of Inspect's, each with the client's own two more.
    assert server.asked[bad] == 6
    assert_no_key(tmp_path, key)


@pytest.mark.parametrize("realtime", [True, False])
@pytest.mark.parametrize("layout", ["eval", "json"])
@pytest.mark.parametrize("status", [400, 401, 500])
def test_no_key_of_a_target_is_in_a_log(
    status: int, layout: str, realtime: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-made-7Qk3vN9xT2mB5wY8"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    words = (
        f"refused: your key {key} was sent in headers; maximum context length is 9. " + "x" * 200
    )

    def answer(text: str, body: dict[str, Any]) -> Http:
        return Http({"error": {"message": words, "headers": {"Authorization": key}}}, status)

    with ScriptedServer(answer) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        run_all(
            "alpha.py@grid_2",
            tmp_path,
            model="openai/gpt-4o",
            epochs=1,
            limit=2,
            max_retries=1,
            log_format=layout,
            log_realtime=realtime,
        )
    assert server.asked
    assert_no_key(tmp_path, key)


def assert_no_key(folder: Path, key: str) -> None:
    """No file of a log folder, zip members included, holds a key or the greater part of it."""
    part = key[: len(key) * 2 // 3].encode()
    found = []
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as members:
                parts = {name: members.read(name) for name in members.namelist()}
        else:
            parts = {"": file.read_bytes()}
        assert any(parts.values())
        found += [(file.name, name) for name, content in parts.items() if part in content]
    assert not found
