"""What a target's server may answer, provider by provider, and what becomes of it."""

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from inspect_ai.log import resolve_sample_attachments

from protocol.panels import load_panel
from protocol.records import CompletionRecord, SampleRecord
from runs.load import load_runs
from tests.support.providers import Rows, model_at
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
from tests.tasks.running import metrics, run, run_all, samples, verdict_record

pytestmark = pytest.mark.usefixtures("no_waiting")

ELSEWHERE = "elsewhere-7b"
TEXT = {"type": "text", "text": "An answer."}
TOOL = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
CONTEXT = "This model's maximum context length is 2048 tokens. However, you requested 2500 tokens."

# Each row: what the server says, and the kind of failure, or the answer as it is judged.
CHAT: dict[str, tuple[Http, str]] = {
    "an answer": (chat("An answer."), "=An answer."),
    "an empty answer": (chat(""), "="),
    "a cut answer": (chat("An answer that", "length"), "=An answer that"),
    "no usage": (chat("An answer.", usage=None), "=An answer."),
    "another model": (chat("An answer.", model=ELSEWHERE), "=An answer."),
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
    "hidden reasoning alone": (chat("", "length"), "unfinished_reasoning"),
    "a field of reasoning alone": (
        chat("", "length", reasoning_content="Hm."),
        "unfinished_reasoning",
    ),
}
MESSAGES: dict[str, tuple[Http, str]] = {
    "an answer": (message(TEXT), "=An answer."),
    "an empty answer": (message(), "="),
    "a cut answer": (message(TEXT, stop="max_tokens"), "=An answer."),
    "another model": (message(TEXT, model=ELSEWHERE), "=An answer."),
    "a dated snapshot": (message(TEXT, model="served-20260217"), "=An answer."),
    "no usage": (message(TEXT, usage=None), "=An answer."),
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
    "another model": (candidate("An answer.", model=ELSEWHERE), "=An answer."),
    "too long": (
        google_error("The input token count (9) exceeds the maximum number of tokens allowed (8)."),
        "context_length",
    ),
    "hidden reasoning alone": (candidate(None, "MAX_TOKENS"), "unfinished_reasoning"),
    "ended for its language": (candidate(None, "LANGUAGE"), "error"),
    "prompt blocked": (Http({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}), "blocked"),
    "answer blocked": (candidate(None, "SAFETY"), "blocked"),
    "no candidates": (Http({"candidates": []}), "error"),
}
RESPONSES: dict[str, tuple[Http, str]] = {
    "an answer": (response("An answer."), "=An answer."),
    "another model": (response("An answer.", model=ELSEWHERE), "=An answer."),
    "a dated snapshot": (response("An answer.", model="gpt-5-2025-08-07"), "=An answer."),
    "a cut answer": (
        response("An answer that", "incomplete", "max_output_tokens"),
        "=An answer that",
    ),
    "reasoning alone": (
        response(None, "incomplete", "max_output_tokens"),
        "unfinished_reasoning",
    ),
    "filtered answer": (response("An", "incomplete", "content_filter"), "blocked"),
    "too long": (chat_error(CONTEXT, code="context_length_exceeded"), "context_length"),
    "refused": (chat_error("Your prompt was flagged", code="invalid_prompt"), "blocked"),
}
PROVIDERS: dict[str, Mapping[str, tuple[Http, str]]] = {
    "vllm": CHAT,
    "openai-api": CHAT,
    "openai": CHAT | {"a snapshot": (chat("An answer.", model="gpt-4o-2024-08-06"), "=An answer.")},
    "responses": RESPONSES,
    "anthropic": MESSAGES,
    "google": GOOGLE,
}


def completion(metadata: Mapping[str, Any]) -> CompletionRecord:
    record = SampleRecord.of(metadata)
    assert record is not None
    assert record.completion is not None
    return record.completion


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_server_answers_is_an_answer_or_a_failure_of_its_kind(
    provider: str, tmp_path: Path
) -> None:
    expected = PROVIDERS[provider]
    rows = Rows(expected)
    with rows.server() as server:
        target = model_at(provider, server)
        log = run("alpha.py@grid_2", tmp_path, model=target, epochs=1, limit=len(expected))

    found: dict[str, str] = {}
    alphas: dict[bool, list[float]] = {True: [], False: []}
    for sample in map(resolve_sample_attachments, samples(log)):
        done = completion(sample.metadata)
        name = rows.row_of[str(sample.id)]
        judged = [e for e in sample.events if e.event == "model" and e.role == "sonnet"]
        sonnet = (sample.scores or {})["sonnet"]
        if done.failure is None:
            [call] = judged
            found[name] = "=" + call.input[-1].text.split("AI's response:\n", 1)[1]
            assert done.stop_reason is not None
            assert isinstance(sonnet.value, float)
            alphas[done.model == ELSEWHERE].append(sonnet.value)
        else:
            found[name] = done.failure
            assert done.detail
            assert not judged
            assert sonnet.reason == f"target_{done.failure}"
            assert verdict_record(sonnet).tries == 0
        told = [e.data for e in sample.events if e.event == "info"]
        other = [f"{target} was asked, and {ELSEWHERE} answered"]
        assert told == (other if name == "another model" else [])
    assert found == {name: what for name, (_, what) in expected.items()}
    # A refusal is not asked for again, and a tool call is no beginning of a loop.
    assert set(server.asked.values()) == {1}
    numbers = metrics(log, "sonnet")
    assert numbers["alpha"] == pytest.approx(fmean(alphas[True] + alphas[False]))
    assert numbers["failed"] == len(expected) - len(alphas[True] + alphas[False])
    assert numbers["verdicts"] == len(expected)
    # Who answers in another's place is a row of its own, in the log's report.
    runs = load_runs([str(tmp_path)]).runs
    means = {r.answered: np.nanmean(r.judges["sonnet"].aligned) for r in runs}
    assert means == {
        (): pytest.approx(fmean(alphas[False])),
        (ELSEWHERE,): pytest.approx(fmean(alphas[True])),
    }


def test_a_failure_on_the_way_is_an_error_and_no_answer(tmp_path: Path) -> None:
    bad = load_panel("open52").questions[0].input
    down, answer = chat_error("upstream is down", 503), chat("An answer.")
    with ScriptedServer(lambda text, body: down if text == bad else answer) as server:
        target = model_at("openai-api", server, max_retries=1)
        [log] = run_all("alpha.py@grid_2", tmp_path, model=target, epochs=1)
    assert log.status == "error"
    kinds = {str(s.id): completion(s.metadata).failure for s in samples(log)}
    assert sorted(map(str, kinds.values())) == ["None", "None", "error"]
    assert server.asked[bad] == 2
    assert load_runs([str(tmp_path)]).runs == ()


@pytest.mark.parametrize("refusal", ["Unsupported parameter: 'seed'", "names are case-sensitive"])
def test_a_question_about_safety_is_not_blocked_because_a_request_was_wrong(
    refusal: str, tmp_path: Path
) -> None:
    panel = tmp_path / "mine.csv"
    panel.write_text("id,input\na,Is the safety of blocked content moderation prohibited?\n")
    with ScriptedServer(lambda text, body: chat_error(refusal)) as server:
        target = model_at("openai-api", server)
        args = {"panel": str(panel), "rubric": "open"}
        [log] = run_all("alpha.py@grid_2", tmp_path, model=target, args=args, epochs=1)
    assert log.status == "error"
    [sample] = samples(log)
    done = completion(sample.metadata)
    assert (done.failure, done.detail) == ("error", refusal)
