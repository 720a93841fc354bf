"""How many batches a run makes, by the server's own count."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from inspect_ai._cli.util import parse_model_role_cli_args

from tests.support.judge_server import JudgeServer
from tests.support.messages_api import BAD_REQUEST, Answer, Reply, Request, Status, hashed_verdict
from tests.tasks.batching import hurry
from tests.tasks.judged_over_http import (
    OPUS,
    SONNET,
    alpha_by_the_server,
    point_at,
)
from tests.tasks.running import OPEN, metrics, run, run_all, scores

BATCHED = OPEN | {"batch": True}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    hurry(monkeypatch)
    with JudgeServer() as running:
        point_at(running, monkeypatch)
        yield running


def sizes(server: JudgeServer, model: str) -> list[int]:
    """How many calls each batch of a judge held."""
    return [len(batch.requests) for batch in server.batches if batch.requests[0].model == model]


def test_a_run_makes_one_batch_a_judge(server: JudgeServer, tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path, roles={}, args=BATCHED, epochs=4, limit=10)

    assert sizes(server, SONNET) == sizes(server, OPUS) == [40]
    for judge, model in (("sonnet", SONNET), ("opus", OPUS)):
        assert metrics(log, judge)["alpha"] == pytest.approx(alpha_by_the_server(server, model))


@pytest.mark.parametrize("options", [{}, {"max_tasks": 4}], ids=["one by one", "at once"])
def test_four_tasks_make_no_more_than_one_batch_a_judge_and_task(
    options: dict[str, Any],
    server: JudgeServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    logs = run_all("alpha.py", tmp_path, roles={}, args=BATCHED, limit=6, **options)

    assert [log.status for log in logs] == ["success"] * 4
    for model in (SONNET, OPUS):
        assert sum(sizes(server, model)) == 48
        assert len(sizes(server, model)) <= 4
    advised = [message for message in caplog.messages if "--max-tasks 4" in message]
    assert len(advised) == (0 if options else 1)


@pytest.mark.parametrize(
    "options", [{"max_connections": 3}, {"adaptive_connections": False}, {"max_connections": 500}]
)
def test_the_targets_connections_do_not_split_the_batch(
    options: dict[str, Any], server: JudgeServer, tmp_path: Path
) -> None:
    run("alpha.py@grid_2", tmp_path, roles={}, args=BATCHED, limit=8, **options)

    assert sizes(server, SONNET) == sizes(server, OPUS) == [16]


def test_samples_in_flight_that_the_user_limits_make_a_batch_each_time(
    server: JudgeServer, tmp_path: Path
) -> None:
    run("alpha.py@grid_2", tmp_path, roles={}, args=BATCHED, limit=10, max_samples=5)

    assert sizes(server, SONNET) == sizes(server, OPUS) == [5, 5, 5, 5]


def test_one_judge_is_batched_by_its_role(server: JudgeServer, tmp_path: Path) -> None:
    roles = parse_model_role_cli_args((f"sonnet={{model: anthropic/{SONNET}, batch: true}}",))
    run("alpha.py@grid_2", tmp_path, roles=roles, limit=8)

    assert sizes(server, SONNET) == [16]
    assert sizes(server, OPUS) == []
    assert Counter(request.model for request in server.requests) == {SONNET: 16, OPUS: 16}


def test_a_role_can_stay_out_of_the_batches(server: JudgeServer, tmp_path: Path) -> None:
    roles = parse_model_role_cli_args((f"opus={{model: anthropic/{OPUS}, batch: false}}",))
    run("alpha.py@grid_2", tmp_path, roles=roles, args=BATCHED, limit=10)

    assert sizes(server, SONNET) == [20]
    assert sizes(server, OPUS) == []


def test_a_completion_that_the_target_fails_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def answer(request: Request) -> Answer:
        if request.model != "target":
            return hashed_verdict(request)
        with lock:
            asked.append(request.user)
        return BAD_REQUEST if request.user == asked[0] else Reply("An answer.")

    asked: list[str] = []
    lock = Lock()
    hurry(monkeypatch)
    with JudgeServer(answer) as server:
        point_at(server, monkeypatch)
        [log] = run_all(
            "alpha.py@grid_2", tmp_path, model="anthropic/target", roles={}, args=BATCHED, limit=5
        )

    assert log.status == "error"
    assert sizes(server, SONNET) == sizes(server, OPUS) == [8]


def test_a_batch_that_cannot_be_created_costs_its_verdicts_and_not_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refusals = iter([Status(400, "credit balance is too low")])

    def refused_once(method: str, path: str) -> Status | None:
        return next(refusals, None) if method == "POST" else None

    hurry(monkeypatch)
    with JudgeServer(batch_fault=refused_once) as server:
        point_at(server, monkeypatch)
        log = run("alpha.py@grid_2", tmp_path, roles={}, args=BATCHED)

    assert len(server.batches) == 1
    judged = {"sonnet": SONNET, "opus": OPUS}
    [lost] = [judge for judge, model in judged.items() if not sizes(server, model)]
    assert {score.reason for score in scores(log, lost)} == {"api_error"}
    for score in scores(log, lost):
        assert "400" in (score.metadata or {})["detail"]
        assert "credit balance is too low" in (score.metadata or {})["detail"]
    [other] = judged.keys() - {lost}
    assert all(score.reason is None for score in scores(log, other))
