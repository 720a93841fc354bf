"""Every way in which a judge's call fails, by what the server was told to do and counted itself."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import EvalLog
from inspect_ai.model import GenerateConfig, get_model

from protocol.panels import load_panel
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import (
    BAD_REQUEST,
    CONTENT_FILTER,
    OVERLOADED,
    SERVER_ERROR,
    Answer,
    DropConnection,
    Empty,
    Hang,
    Refusal,
    Reply,
    Request,
    Status,
    hashed_verdict,
    verdict,
)
from tests.tasks.judged_over_http import SONNET, alpha_by_the_server
from tests.tasks.running import JUDGES, OPEN, metrics, run, samples, scores

EPOCHS = 2
RATE_LIMITED = Status(429, "rate limit reached", retry_after=7)

ANSWERS: dict[str, tuple[Answer, str]] = {
    "429 with retry-after": (RATE_LIMITED, "api_error"),
    "529": (OVERLOADED, "api_error"),
    "500": (SERVER_ERROR, "api_error"),
    "400": (BAD_REQUEST, "api_error"),
    "401": (Status(401, "invalid x-api-key"), "api_error"),
    "400 of the content filter": (CONTENT_FILTER, "filtered"),
    "refusal": (Refusal(), "refusal"),
    "refusal with a reason": (Refusal("I cannot help with that."), "refusal"),
    "no content": (Empty(), "refusal"),
    "blanks": (Reply(" \n"), "refusal"),
    "cut JSON": (Reply('{"aligned": 5, "coh', "max_tokens"), "truncated"),
    "cut prose": (Reply("Let me think about", "max_tokens"), "truncated"),
    "prose": (Reply("I would say it is rather aligned."), "unparseable"),
    "wrong types": (Reply('{"aligned": "5", "coherent": true}'), "unparseable"),
    "a list": (Reply("[5, 90]"), "unparseable"),
    "above 100": (verdict(101, 50), "out_of_range"),
    "below 0": (verdict(50, -1), "out_of_range"),
    "dropped connection": (DropConnection(), "api_error"),
}
SAID = {
    "429 with retry-after": "429",
    "529": "Overloaded",
    "500": "Internal server error",
    "400": "something is wrong with them",
    "401": "invalid x-api-key",
    "dropped connection": "disconnected",
}


pytestmark = pytest.mark.usefixtures("no_waiting")


def by_question(faults: dict[str, tuple[Answer, str]]) -> dict[str, str]:
    """Give each fault a question of the panel, by the question's id."""
    return dict(zip((q.id for q in load_panel("open52").questions), faults, strict=False))


def failing(faults: dict[str, tuple[Answer, str]]) -> Callable[[Request], Answer]:
    """Answer each fault's question with it, and all others with a verdict."""
    questions = {q.input: q.id for q in load_panel("open52").questions}
    fault_of = by_question(faults)

    def answer(request: Request) -> Answer:
        question = request.user.split("\n")[1]
        fault = fault_of.get(questions[question])
        return hashed_verdict(request) if fault is None else faults[fault][0]

    return answer


def judged(
    server: JudgeServer,
    logs: Path,
    limit: int,
    retries: int = 0,
    timeout: int | None = None,
) -> EvalLog:
    """Judge a run by the server, with so many of Inspect's retries and none of the client's own."""
    config = GenerateConfig(max_retries=retries, attempt_timeout=timeout)
    client: dict[str, Any] = {"base_url": server.url, "api_key": "test", "max_retries": 0}
    sonnet = get_model(f"anthropic/{SONNET}", memoize=False, config=config, **client)
    return run(
        "alpha.py@grid_2",
        logs,
        roles=JUDGES | {"sonnet": sonnet},
        args=OPEN,
        epochs=EPOCHS,
        limit=limit,
    )


def test_every_fault_ends_in_its_kind_and_the_run_in_success(tmp_path: Path) -> None:
    faults = ANSWERS
    limit = len(faults) + 2
    with JudgeServer(failing(faults)) as server:
        log = judged(server, tmp_path, limit)

    fault_of = by_question(faults)
    found = {
        (fault_of.get(str(sample.id), "verdict"), (sample.scores or {})["sonnet"].reason)
        for sample in samples(log)
    }
    expected = {(fault, kind) for fault, (_, kind) in faults.items()} | {("verdict", None)}
    assert found == expected

    for sample in samples(log):
        said = SAID.get(fault_of.get(str(sample.id), ""), "")
        assert said in ((sample.scores or {})["sonnet"].metadata or {}).get("detail", "")

    kinds = Counter(kind for _, kind in faults.values())
    numbers = metrics(log, "sonnet")
    assert {kind: numbers[kind] for kind in kinds} == {
        kind: EPOCHS * count for kind, count in kinds.items()
    }
    answered = sum(isinstance(r.answer, Reply) for r in server.requests)
    replies = sum(isinstance(answer, Reply) for answer, _ in faults.values())
    assert len(server.requests) == numbers["verdicts"] == EPOCHS * limit
    assert answered == EPOCHS * (replies + 2)
    assert numbers["failed"] == EPOCHS * len(faults)
    assert numbers["alpha"] == pytest.approx(alpha_by_the_server(server, SONNET))
    assert metrics(log, "opus")["failed"] == 0


def test_a_fault_that_passes_costs_calls_and_no_verdict(tmp_path: Path) -> None:
    passing: list[Answer] = [RATE_LIMITED, OVERLOADED, SERVER_ERROR, DropConnection()]
    faults = {str(answer): (answer, "") for answer in passing}
    always = failing(faults)
    asked: Counter[str] = Counter()

    def at_first(request: Request) -> Answer:
        asked[request.user] += 1
        return always(request) if asked[request.user] == 1 else hashed_verdict(request)

    with JudgeServer(at_first) as server:
        log = judged(server, tmp_path, len(faults), retries=2)

    assert all(score.reason is None for score in scores(log, "sonnet"))
    faulted = len(set(asked))
    assert len(server.requests) == EPOCHS * len(faults) + faulted
    assert metrics(log, "sonnet")["alpha"] == pytest.approx(alpha_by_the_server(server, SONNET))


def test_a_call_is_given_up_after_the_retries_that_its_role_sets(tmp_path: Path) -> None:
    with JudgeServer(lambda _: OVERLOADED) as server:
        log = judged(server, tmp_path, 1, retries=2)

    assert len(server.requests) == 3 * EPOCHS
    assert {score.reason for score in scores(log, "sonnet")} == {"api_error"}


def test_a_call_that_hangs_is_given_up_after_its_time(tmp_path: Path) -> None:
    with JudgeServer(lambda _: Hang()) as server:
        log = judged(server, tmp_path, 1, timeout=1)

    assert len(server.requests) == EPOCHS
    for score in scores(log, "sonnet"):
        assert score.reason == "api_error"
        assert "attempt_timeout" in (score.metadata or {})["detail"]


def test_a_call_that_hung_once_is_judged_at_its_next_attempt(tmp_path: Path) -> None:
    asked: Counter[str] = Counter()

    def hangs_at_first(request: Request) -> Answer:
        asked[request.user] += 1
        return Hang() if asked[request.user] == 1 else hashed_verdict(request)

    with JudgeServer(hangs_at_first) as server:
        # A slow machine may need more than one second attempt.
        log = judged(server, tmp_path, 1, retries=20, timeout=2)

    assert all(score.reason is None for score in scores(log, "sonnet"))
    assert min(asked.values()) >= 2
