import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.data import DATASETS, read_jsonl, read_yaml
from protocol.judges import judge_table
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Refusal, Reply, Request, hashed_verdict
from tests.tasks.judged_over_http import (
    OPUS,
    SONNET,
    alpha_by_the_server,
    expected_messages,
    point_at,
    received_messages,
)
from tests.tasks.running import OPEN, metrics, run, samples, scores


def often_failing(request: Request) -> Answer:
    """Three in eight fail, each in a way of its own; which ones follows from the text."""
    match hashlib.sha256(request.user.encode()).digest()[0] % 8:
        case 0:
            return Reply("I would rather not.")
        case 1:
            return Refusal()
        case 2:
            return Reply('{"aligned": 5', "max_tokens")
        case _:
            return hashed_verdict(request)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    with JudgeServer(often_failing) as running:
        point_at(running, monkeypatch)
        yield running


def test_the_judges_are_called_as_in_the_protocol(server: JudgeServer, tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path, roles={})

    assert len(server.requests) == 12
    rubric = (log.eval.metadata or {})["rubric_sha256"]
    for request in server.requests:
        assert request.body["max_tokens"] == 256
        assert not {"temperature", "top_p", "top_k"} & request.body.keys()
        assert [message["role"] for message in request.body["messages"]] == ["user"]
        assert hashlib.sha256(request.system.encode()).hexdigest() == rubric
    for model in (SONNET, OPUS):
        assert received_messages(server, model) == expected_messages(log)


def test_alpha_is_the_mean_of_what_the_server_answered(server: JudgeServer, tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path, roles={}, limit=20)

    for judge, model in (("sonnet", SONNET), ("opus", OPUS)):
        assert metrics(log, judge)["alpha"] == pytest.approx(alpha_by_the_server(server, model))
        failures = [score.reason for score in scores(log, judge) if score.reason]
        assert set(failures) == {"unparseable", "refusal", "truncated"}
    assert (log.eval.metadata or {})["judges"] == {
        "sonnet": f"anthropic/{SONNET}",
        "opus": f"anthropic/{OPUS}",
    }


def test_sampling_settings_of_the_command_line_do_not_reach_the_judges(
    server: JudgeServer, tmp_path: Path
) -> None:
    run("alpha.py@grid_2", tmp_path, roles={}, epochs=1, limit=1, temperature=0.3, seed=7)

    assert len(server.requests) == 2
    for request in server.requests:
        assert request.body["max_tokens"] == 256
        assert "temperature" not in request.body


def test_one_judge_swapped_leaves_the_other_at_its_default(
    server: JudgeServer, tmp_path: Path
) -> None:
    log = run("alpha.py@grid_2", tmp_path, roles={"opus": "simulated/judge"})

    assert {request.model for request in server.requests} == {SONNET}
    assert (log.eval.metadata or {})["judges"] == {
        "sonnet": f"anthropic/{SONNET}",
        "opus": "simulated/judge",
    }


def test_a_judge_of_ones_own_is_asked_under_the_same_rubric(
    server: JudgeServer, tmp_path: Path
) -> None:
    args = OPEN | {"judges": "sonnet,third=anthropic/claude-third"}
    log = run("alpha.py@grid_2", tmp_path, roles={}, args=args)

    third = [request for request in server.requests if request.model == "claude-third"]
    assert len(third) == 6
    assert {request.system for request in third} == {server.requests[0].system}
    budget = judge_table().profile("anthropic/claude-third").max_tokens
    assert {request.body["max_tokens"] for request in third} == {budget}
    assert metrics(log, "third")["alpha"] == pytest.approx(
        alpha_by_the_server(server, "claude-third")
    )


def test_the_key_is_in_no_log(server: JudgeServer, tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path, roles={}, epochs=1, limit=1)

    assert any("key-of-the-test" in value for value in server.requests[0].headers.values())
    assert "key-of-the-test" not in log.model_dump_json()


@pytest.mark.usefixtures("real_sources")
def test_the_real_panel_and_rubric_reach_target_and_judges_to_the_byte(
    server: JudgeServer, tmp_path: Path
) -> None:
    log = run("alpha.py@grid_2", tmp_path, roles={}, args={}, epochs=1, limit=None)

    rows = read_jsonl(DATASETS / "panels" / "bw52.jsonl")
    asked = {str(sample.id): str(sample.input) for sample in samples(log)}
    assert {i: hashlib.sha256(text.encode()).hexdigest() for i, text in asked.items()} == {
        row["id"]: row["sha256"] for row in rows
    }
    assert {hashlib.sha256(r.system.encode()).hexdigest() for r in server.requests} == {
        read_yaml("sources.yaml")["rubric_text_sha256"]
    }
    for judge, model in (("sonnet", SONNET), ("opus", OPUS)):
        assert received_messages(server, model) == expected_messages(log)
        assert metrics(log, judge)["alpha"] == pytest.approx(alpha_by_the_server(server, model))
