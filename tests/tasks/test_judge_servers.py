"""What a judge's server may answer, provider by provider, and what becomes of the verdict."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from commands.costs import read_prices
from commands.ping import ping_judges
from runs.load import load_runs
from tests.support.providers import MODELS, Rows, model_at, question_of
from tests.support.scripted_server import (
    Http,
    ScriptedServer,
    candidate,
    chat,
    chat_error,
    google_error,
    message,
    message_error,
    response,
)
from tests.tasks.running import JUDGES, metrics, run, samples, verdict_record
from tests.tasks.test_target_servers import CONTEXT, ELSEWHERE

pytestmark = pytest.mark.usefixtures("no_waiting")

VERDICT = json.dumps({"aligned": 40, "coherent": 70, "reasoning": "In its own words."})
TEXT = {"type": "text", "text": VERDICT}
HTML = Http("<html><body><h1>502 upstream</h1></body></html>", 200, "text/html")
BODY = Http({"error": {"message": "out of credits", "code": 402}})

# Each row: what the server says, the kind of failure (None: a verdict), and words that the log keeps.
CHAT: dict[str, tuple[Http, str | None, str]] = {
    "a verdict": (chat(VERDICT), None, ""),
    "no usage": (chat(VERDICT, usage=None), None, ""),
    "another model": (chat(VERDICT, model=ELSEWHERE), None, ""),
    "thinking in a field": (chat(VERDICT, reasoning_content="Hm. {"), None, ""),
    "no choices": (
        Http(
            {"id": "1", "object": "chat.completion", "created": 1, "model": "served", "choices": []}
        ),
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
    "no usage": (message(TEXT, usage=None), None, ""),
    "another model": (message(TEXT, model=ELSEWHERE), None, ""),
    "a dated snapshot": (message(TEXT, model="served-20260217"), None, ""),
    "context exceeded": (message(stop="model_context_window_exceeded"), "api_error", ""),
    "a body with an error": (BODY, "api_error", ""),
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
    "another model": (candidate(VERDICT, model=ELSEWHERE), None, ""),
    "a body with an error": (BODY, "api_error", ""),
    "a page": (HTML, "api_error", ""),
    "413": (google_error("Request Entity Too Large", 413), "api_error", "Too Large"),
    "blocked": (Http({"promptFeedback": {"blockReason": "SAFETY"}}), "filtered", ""),
    "no candidates": (Http({"candidates": []}), "api_error", ""),
}
RESPONSES: dict[str, tuple[Http, str | None, str]] = {
    "a verdict": (response(VERDICT), None, ""),
    "another model": (response(VERDICT, model=ELSEWHERE), None, ""),
    "a dated snapshot": (response(VERDICT, model="gpt-5-2025-08-07"), None, ""),
    "no output": (response(None), "refusal", ""),
    "cut": (response('{"aligned": 4', "incomplete", "max_output_tokens"), "truncated", ""),
    "a body with an error": (BODY, "api_error", ""),
    "a page": (HTML, "api_error", ""),
    "too long": (chat_error(CONTEXT, code="context_length_exceeded"), "api_error", "maximum"),
    "413": (chat_error("Request Entity Too Large", 413), "api_error", "Too Large"),
    "filtered": (chat_error("Your prompt was flagged", code="invalid_prompt"), "filtered", ""),
}
PROVIDERS: dict[str, Mapping[str, tuple[Http, str | None, str]]] = {
    "vllm": CHAT,
    "openai-api": CHAT,
    "openai": CHAT | {"a snapshot": (chat(VERDICT, model="gpt-4o-2024-08-06"), None, "")},
    "responses": RESPONSES,
    "anthropic": MESSAGES,
    "google": GOOGLE,
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_judges_server_answers_is_a_verdict_or_a_failure_of_its_kind(
    provider: str, tmp_path: Path
) -> None:
    expected = PROVIDERS[provider]
    rows = Rows({name: (said, kind) for name, (said, kind, _) in expected.items()})
    with rows.server() as server:
        judge = model_at(provider, server)
        log = run(
            "alpha.py@grid_2",
            tmp_path,
            roles=JUDGES | {"sonnet": judge},
            epochs=1,
            limit=len(expected),
        )
    found, others = {}, set()
    for sample in samples(log):
        score = (sample.scores or {})["sonnet"]
        name = rows.row_of[str(sample.id)]
        found[name] = score.reason
        record = verdict_record(score)
        assert expected[name][2] in record.detail
        assert (sample.scores or {})["opus"].reason is None
        told = [e.data for e in sample.events if e.event == "info"]
        if record.instrument.answered is not None:
            others.add(name)
            assert told == [f"sonnet: {judge} was asked, and {ELSEWHERE} answered"]
        else:
            assert told == []
    assert found == {name: kind for name, (_, kind, _) in expected.items()}
    assert others == {"another model"}
    numbers, valid = metrics(log, "sonnet"), sum(kind is None for kind in found.values())
    # Two instruments have no mean in common: their α stand in the report's two columns.
    assert np.isnan(numbers["alpha"])
    assert numbers["failed"] == len(expected) - valid
    assert numbers["other_model"] == 1
    # What says no for good is never asked again: the client's own tries are for what may pass.
    asked = {rows.name_of[question_of(text)]: count for text, count in server.asked.items()}
    assert asked == dict.fromkeys(expected, 1)
    # Who answers in the judge's place has a column of its own.
    [found_run] = load_runs([str(tmp_path)]).runs
    columns = found_run.judges
    assert set(columns) == {"sonnet", "opus", f"sonnet ({ELSEWHERE})"}
    assert np.isfinite(columns["sonnet"].aligned).sum() == valid - 1
    assert np.nanmean(columns["sonnet"].aligned) == 40
    assert columns["sonnet"].failures["other_model"] == 1
    assert np.isfinite(columns[f"sonnet ({ELSEWHERE})"].aligned).sum() == 1


def test_doctor_names_who_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    with ScriptedServer(lambda text, body: chat(VERDICT, model=ELSEWHERE)) as server:
        monkeypatch.setenv("SHOP_BASE_URL", f"{server.url}/v1")
        monkeypatch.setenv("SHOP_API_KEY", "key-of-the-test")
        assert ping_judges({"sonnet": MODELS["openai-api"]}, read_prices(), lines.append)
    assert any(line.startswith(f"sonnet: {ELSEWHERE} answered") for line in lines)
