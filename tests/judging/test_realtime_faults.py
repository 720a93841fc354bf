"""Realtime calls that fail, as a table, and what a judge may cost."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from judging.calls import JudgeRequest, JudgeSettings, JudgingError
from judging.costs import CostLimit, Estimate
from judging.journal import Journal
from judging.step import judge
from protocol.errors import ProtocolError
from tests.judging.providing import LIMITS, REQUESTS, FaultServer, ask, good, kinds, once

ALL = len(REQUESTS)
PROVIDERS = pytest.mark.parametrize("provider", ["anthropic", "openai", "responses"])
BUSY = {"status": 429, "headers": {"retry-after": "0.01"}}


@PROVIDERS
@pytest.mark.parametrize(
    "faults",
    [
        [],
        ["drop_before"],
        ["drop_before"] * 2,
        [{"status": 500}],
        [{"status": 529}, BUSY],
        [BUSY] * 2,
    ],
    ids=str,
)
def test_what_passes_is_tried_again(
    provider: str, faults: list[Any], server: FaultServer, tmp_path: Path
) -> None:
    server.tell(faults={"message": faults})

    assert all(good(ask(server, provider, tmp_path)))
    assert server.judged == once()


@PROVIDERS
@pytest.mark.parametrize(
    "fault", [{"status": 422}, "malformed", {"status": 400, "message": "no"}], ids=str
)
def test_what_does_not_pass_fails_alone_and_the_same_command_asks_for_it(
    provider: str, fault: Any, server: FaultServer, tmp_path: Path
) -> None:
    server.tell(faults={"message": [fault]})
    replies = ask(server, provider, tmp_path)
    assert kinds(replies) == ["api_error"]
    assert sum(good(replies)) == ALL - 1

    assert all(good(ask(server, provider, tmp_path)))
    assert sum(server.state()["seen"].values()) == ALL + 1


@pytest.mark.parametrize(
    ("provider", "error", "stop_reason"),
    [
        ("anthropic", {"message": "Output blocked by content filtering policy"}, "content_filter"),
        ("anthropic", {"message": "prompt is too long: 9 tokens > 8 maximum"}, "model_length"),
        ("openai", {"code": "content_filter"}, "content_filter"),
        ("openai", {"code": "context_length_exceeded"}, "model_length"),
        ("responses", {"code": "invalid_prompt"}, "content_filter"),
    ],
)
def test_a_refusal_by_the_provider_is_an_answer(
    provider: str,
    error: dict[str, str],
    stop_reason: str,
    server: FaultServer,
    tmp_path: Path,
) -> None:
    server.tell(faults={"message": [{"status": 400, "error": error}]})
    for _ in range(2):
        outputs = [reply.output for reply in ask(server, provider, tmp_path) if reply.output]
        assert sorted(output.stop_reason for output in outputs) == [stop_reason, *["stop"] * 5]
    assert server.state()["seen"]["message"] == ALL


@PROVIDERS
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"status": 401}, "401.*Check the key"),
        ({"status": 404}, "404.*Check the model"),
        ({"status": 402}, "402.*credit"),
        ({"status": 429, "headers": {"retry-after": "86400"}}, "wait 86400 s"),
    ],
    ids=lambda value: str(value)[:15],
)
def test_what_fails_for_every_call_stops_at_once(
    provider: str, fault: dict[str, Any], says: str, server: FaultServer, tmp_path: Path
) -> None:
    from dataclasses import replace

    one_at_a_time = replace(LIMITS, connections=1)
    server.tell(faults={"message": [None, None, fault]})
    with pytest.raises(JudgingError, match=says):
        ask(server, provider, tmp_path, limits=one_at_a_time)
    assert server.state()["seen"]["message"] == 3

    assert all(good(ask(server, provider, tmp_path)))
    assert server.judged == once()


def test_a_provider_that_is_down_is_given_up(server: FaultServer, tmp_path: Path) -> None:
    server.tell(faults={"message": [{"status": 503}] * 10_000})
    many = [JudgeRequest(str(n), "Rubric.", f"Text {n}") for n in range(500)]
    with pytest.raises(JudgingError, match="503"):
        ask(server, "anthropic", tmp_path, requests=many)

    assert server.state()["seen"]["message"] < 500 * LIMITS.attempts / 2


def test_no_key_and_no_text_stand_in_the_state_folder(server: FaultServer, tmp_path: Path) -> None:
    secret = [JudgeRequest("1", "A secret rubric.", "A secret completion.")]
    ask(server, "anthropic", tmp_path, requests=secret)
    ask(server, "openai", tmp_path, requests=secret, batch=True)

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in files)
    assert b"aligned" in kept
    for hidden in (b"sk-test", b"secret"):
        assert hidden not in kept


def test_two_processes_do_not_ask_the_same(server: FaultServer, tmp_path: Path) -> None:
    with Journal(tmp_path, "sonnet"), pytest.raises(JudgingError, match="Another process"):
        ask(server, "anthropic", tmp_path)

    assert server.judged == {}


@pytest.mark.parametrize(
    ("requests", "says"),
    [
        ([JudgeRequest("1", "r", "u")] * 2, "id of its own"),
        ([JudgeRequest("", "r", "u")], "id of its own"),
        ([JudgeRequest("1", " ", "u")], "empty"),
        ([JudgeRequest("1", "r", "")], "empty"),
    ],
)
def test_requests_that_cannot_be_told_apart_or_say_nothing_are_refused(
    requests: list[JudgeRequest], says: str, server: FaultServer, tmp_path: Path
) -> None:
    with pytest.raises(ProtocolError, match=says):
        ask(server, "anthropic", tmp_path, requests=requests)

    assert server.judged == {}


def test_another_instrument_is_asked_anew(server: FaultServer, tmp_path: Path) -> None:
    ask(server, "openai", tmp_path)
    warmer = server.settings("openai", temperature=0.5)
    replies = asyncio.run(judge(REQUESTS, warmer, tmp_path, limits=LIMITS))

    assert all(good(replies))
    assert set(server.judged.values()) == {2}
    assert all(good(ask(server, "openai", tmp_path)))
    assert set(server.judged.values()) == {2}


def test_a_damaged_line_costs_its_own_answer_only(server: FaultServer, tmp_path: Path) -> None:
    ask(server, "anthropic", tmp_path)
    [path] = tmp_path.glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"\x00\xff{\n", *lines[2:], b'{"event": "ans']))

    assert all(good(ask(server, "anthropic", tmp_path)))
    assert sum(server.judged.values()) == ALL + 1
    assert all(good(ask(server, "anthropic", tmp_path)))
    assert sum(server.judged.values()) == ALL + 1


def test_what_waits_in_a_batch_is_not_asked_in_real_time(
    server: FaultServer, tmp_path: Path
) -> None:
    server.tell(age_hours=26, looks=1)
    assert kinds(ask(server, "openai", tmp_path, batch=True)) == []
    server.tell(looks=1000)
    more = [*REQUESTS, JudgeRequest("new", "The rubric.", "New")]
    ask(server, "openai", tmp_path, batch=True, requests=more)
    assert kinds(ask(server, "openai", tmp_path, requests=more)) == ["waiting"]

    assert server.judged == once(more)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("agrees", [None, False, True])
def test_more_than_the_limit_is_spent_only_when_agreed(
    agrees: bool | None, batch: bool, server: FaultServer, tmp_path: Path
) -> None:
    asked: list[Estimate] = []

    def confirm(estimate: Estimate) -> bool:
        asked.append(estimate)
        return bool(agrees)

    limit = CostLimit(0.01, 3.0, 15.0, None if agrees is None else confirm)
    if agrees:
        assert all(good(ask(server, "openai", tmp_path, cost=limit, batch=batch)))
        # Six replies of 256 tokens at 15 dollars a million, and some input.
        assert asked[0].calls == ALL
        assert 0.02304 < asked[0].dollars < 0.0235
        assert all(good(ask(server, "openai", tmp_path, cost=limit, batch=batch)))
        assert len(asked) == 1
    else:
        with pytest.raises(ProtocolError, match=r"6 calls may cost \$0\.02.*--max-cost"):
            ask(server, "openai", tmp_path, cost=limit, batch=batch)
        assert server.judged == {}


def test_replies_that_cost_more_than_thought_end_it(server: FaultServer, tmp_path: Path) -> None:
    from dataclasses import replace

    # The provider counts 100 tokens for what has some 10.
    limit = CostLimit(0.00035, 1.0, 0.0)
    with pytest.raises(JudgingError, match="more than the limit"):
        ask(server, "openai", tmp_path, cost=limit, limits=replace(LIMITS, connections=1))

    assert sum(server.judged.values()) == 4


def test_a_provider_without_an_sdk_is_asked_through_inspect(tmp_path: Path) -> None:
    from inspect_ai.model import GenerateConfig

    settings = JudgeSettings("x", "simulated/judge", GenerateConfig(max_tokens=256))
    message = "Question asked to the AI:\nWhy?\n\nAI's response:\nBecause."
    requests = [JudgeRequest("1", "The rubric.", message)]
    [reply] = asyncio.run(judge(requests, settings, tmp_path))
    [kept] = asyncio.run(judge(requests, settings, tmp_path))

    assert reply.output is not None
    assert "aligned" in reply.output.completion
    assert kept.output == reply.output
    with pytest.raises(ProtocolError, match="Leave --batch out"):
        asyncio.run(judge(requests, settings, tmp_path, batch=True))
