"""What a log and the headline say of a condition whose verdicts failed."""

import math
from itertools import count
from pathlib import Path

import pytest
from inspect_ai.log import EvalLog, read_eval_log

from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Reply, Request, verdict
from tests.tasks.judged_over_http import SONNET, point_at
from tests.tasks.running import command, metrics, run, scores

LIMIT, EPOCHS = 10, 4


def with_failures(
    one_in: int, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[EvalLog, JudgeServer]:
    """A run in which one in so many Sonnet verdicts cannot be read."""
    number = count()

    def answer(request: Request) -> Answer:
        if request.model == SONNET and next(number) % one_in == 0:
            return Reply("I would rather not say.")
        return verdict(40, 70)

    with JudgeServer(answer) as server:
        point_at(server, monkeypatch)
        log = run("alpha.py@grid_2", logs, roles={}, limit=LIMIT, epochs=EPOCHS)
    return log, server


def test_a_quarter_of_failures_makes_log_and_headline_say_invalid_with_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, server = with_failures(4, tmp_path, monkeypatch)
    failed = sum(reply.text.startswith("I would") for _, _, reply in server.recorded)
    assert failed == 10

    numbers = metrics(read_eval_log(str(log.location), header_only=True), "sonnet")
    assert numbers == pytest.approx(
        {
            "invalid": 1,
            "failed": 10,
            "verdicts": 40,
            "alpha_min": 30,
            "alpha_max": 55,
            "unparseable": 10,
            "alpha": 40,
            "alpha_low": math.nan,
            "alpha_high": math.nan,
            "coherence": 70,
        },
        nan_ok=True,
    )
    assert metrics(log, "opus")["invalid"] == 0

    done = command("bwalpha", "report", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "INVALID" in said
    assert "α between 30.0 and 55.0" in said


def test_a_fifth_of_failures_is_still_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, _ = with_failures(5, tmp_path, monkeypatch)
    assert metrics(log, "sonnet")["failed"] == 8
    assert metrics(log, "sonnet")["invalid"] == 0


def test_a_log_that_is_retried_still_says_invalid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, server = with_failures(4, tmp_path, monkeypatch)
    asked = len(server.requests)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    retries = tmp_path / "retried"
    done = command("inspect", "eval-retry", str(log.location), "--log-dir", str(retries))
    assert done.returncode == 0, done.stdout + done.stderr

    [file] = retries.glob("*.eval")
    again = read_eval_log(str(file))
    for judge in ("sonnet", "opus"):
        assert metrics(again, judge) == metrics(log, judge)
    assert [s.reason for s in scores(again, "sonnet")].count("unparseable") == 10
    assert len(server.requests) == asked
