"""What a judge's server may answer, provider by provider, and what becomes of the verdict."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import pytest
from inspect_ai.model import GenerateConfig, _retry, get_model

from protocol.panels import load_panel
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
from tests.tasks.running import JUDGES, metrics, run, run_all, samples, verdict_record
from tests.tasks.test_target_servers import CONTEXT, assert_no_key

VERDICT = json.dumps({"aligned": 40, "coherent": 70, "reasoning": "In its own words."})
TEXT = {"type": "text", "text": VERDICT}
HTML = Http("<html><body><h1>502 upstream</h1></body></html>", 200, "text/html")
BODY = Http({"error": {"message": "out of credits", "code": 402}})

# Each row: what the server says, the kind of failure (None: a verdict), and words that the log keeps.
CHAT: dict[str, tuple[Http, str | None, str]] = {
    "a verdict": (chat(VERDICT), None, ""),
    "no usage": (chat(VERDICT, usage=None), None, ""),
    "thinking in a field": (chat(VERDICT, reasoning_content="Hm. {"), None, ""),
    "no choices": (
        Http({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": []}),
        "api_error",
        "",
    ),
    "a body with an error": (BODY, "api_error", ""),
    "a page": (HTML, "api_error", ""),
    "413": (chat_error("Request Entity Too Large", 413), "api_error", "Too Large"),
    "too long": (chat_error(CONTEXT), "api_error", "maximum context length"),
    "filtered": (chat_error("The prompt was filtered", code="content_filter"), "filtered", ""),
    "declined": (chat(None, refusal="I can't judge that."), "refusal", "can't judge"),
    "cut": (chat('{"aligned": 4', "length"), "truncated", ""),
}
MESSAGES: dict[str, tuple[Http, str | None, str]] = {
    "a verdict": (message(TEXT), None, ""),
    "thinking": (
        message({"type": "thinking", "thinking": "{", "signature": "s"}, TEXT),
        None,
        "",
    ),
    "too long": (message_error("prompt is too long: 9 > 8 maximum"), "api_error", "too long"),
    "413": (message_error("Request exceeds the maximum size", 413), "api_error", "maximum size"),
    "filtered": (message_error("Output blocked by content filtering policy"), "filtered", ""),
    "refused": (message(stop="refusal"), "refusal", ""),
    "a page": (HTML, "api_error", ""),
}
GOOGLE: dict[str, tuple[Http, str | None, str]] = {
    "a verdict": (candidate(VERDICT), None, ""),
    "too long": (
        google_error("The input token count (9) exceeds the maximum number of tokens allowed (8)."),
        "api_error",
        "exceeds",
    ),
    "blocked": (Http({"promptFeedback": {"blockReason": "SAFETY"}}), "filtered", ""),
    "no candidates": (Http({"candidates": []}), "api_error", ""),
}
PROVIDERS: dict[str, tuple[str, Mapping[str, tuple[Http, str | None, str]]]] = {
    "vllm": ("vllm/judge", CHAT),
    "openai-api": ("openai-api/shop/judge", CHAT),
    "anthropic": ("anthropic/judge", MESSAGES),
    "google": ("google/judge", GOOGLE),
}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(seconds: float) -> None:
        return

    monkeypatch.setattr(_retry, "_sleep", at_once)


def judge_at(provider: str, server: ScriptedServer, key: str, **settings: Any) -> Any:
    url = f"{server.url}/v1" if provider in ("vllm", "openai-api") else server.url
    return get_model(
        PROVIDERS[provider][0],
        memoize=False,
        base_url=url,
        api_key=key,
        config=GenerateConfig(max_retries=0),
        **settings,
    )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_judges_server_answers_is_a_verdict_or_a_failure_of_its_kind(
    provider: str, tmp_path: Path
) -> None:
    if provider == "google" and find_spec("google.genai") is None:
        pytest.skip("google-genai is not installed")
    rows = PROVIDERS[provider][1]
    questions = load_panel("open52").questions[: len(rows)]
    row_of = {q.id: name for q, name in zip(questions, rows, strict=True)}
    said = {q.input: rows[row_of[q.id]][0] for q in questions}
    with ScriptedServer(lambda text, body: said[text.split("\n")[1]]) as server:
        judge = judge_at(provider, server, "key-of-the-test")
        log = run(
            "alpha.py@grid_2", tmp_path, roles=JUDGES | {"sonnet": judge}, epochs=1, limit=len(rows)
        )
    found = {}
    for sample in samples(log):
        score = (sample.scores or {})["sonnet"]
        name = row_of[str(sample.id)]
        found[name] = score.reason
        assert rows[name][2] in verdict_record(score).detail
        assert (sample.scores or {})["opus"].reason is None
    assert found == {name: kind for name, (_, kind, _) in rows.items()}
    assert metrics(log, "sonnet")["alpha"] == 40
    assert metrics(log, "sonnet")["failed"] == sum(kind is not None for _, kind, _ in rows.values())
    # What says no for good is never asked again: the client's own tries are for what may pass.
    final = [q.input for q in questions if rows[row_of[q.id]][0].status in (200, 400, 413)]
    asked = {text.split("\n")[1]: count for text, count in server.asked.items()}
    assert {asked[question] for question in final} == {1}


@pytest.mark.parametrize("realtime", [True, False])
@pytest.mark.parametrize("layout", ["eval", "json"])
def test_no_key_of_a_judge_is_in_a_log(
    layout: Literal["eval", "json"], realtime: bool, tmp_path: Path
) -> None:
    key = "made-7Qk3vN9xT2mB5wY8"
    words = f"maximum context length; your key {key} in x-api-key. " + "x" * 200
    answers = [chat_error(words, status) for status in (400, 401, 403, 413)]
    questions = [q.input for q in load_panel("open52").questions[: len(answers)]]
    said = dict(zip(questions, answers, strict=True))
    with ScriptedServer(lambda text, body: said[text.split("\n")[1]]) as server:
        judge = judge_at("openai-api", server, key)
        [log] = run_all(
            "alpha.py@grid_2",
            tmp_path,
            roles=JUDGES | {"sonnet": judge},
            epochs=1,
            limit=len(answers),
            log_format=layout,
            log_realtime=realtime,
            log_model_api=True,
        )
    assert log.status == "success"
    assert {s.scores["sonnet"].reason for s in samples(log) if s.scores} == {"api_error"}
    assert_no_key(tmp_path, key)
