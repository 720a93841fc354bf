"""A process that dies while its batches are worked on, and the one that comes after it."""

import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log

from tests.support.judge_server import JudgeServer
from tests.support.messages_api import (
    Answer,
    Expired,
    Reply,
    Request,
    Status,
    hashed_verdict,
)
from tests.tasks.batching import hurry
from tests.tasks.judged_over_http import OPUS, SONNET, alpha_by_the_server, point_at
from tests.tasks.running import OPEN, command, metrics, run, samples, scores, surroundings

QUESTIONS, EPOCHS = 3, 2
CALLS = QUESTIONS * EPOCHS
QUICK = "{size: 100000, tick: 0.1, send_delay: 0.1}"
EVAL = (
    *("inspect", "eval", "tasks/alpha.py@grid_2", "--model", "simulated/target"),
    *("-T", "panel=open52", "-T", "rubric=open", "--display", "plain"),
    *("--limit", str(QUESTIONS), "--epochs", str(EPOCHS)),
    *("--model-role", f"sonnet={{model: anthropic/{SONNET}, batch: {QUICK}}}"),
    *("--model-role", f"opus={{model: anthropic/{OPUS}, batch: {QUICK}}}"),
)
NEVER = 3600.0


class Provider:
    """A judge server whose batches wait until they are told to end.

    Attributes:
        waited_for: Set once somebody has asked after the batches of all judges.
        lost: Batches that it no longer has.
        failing: How many of the primary judge's next calls expire.
        looks: How often a batch is asked after before all end.
    """

    def __init__(self, judges: int = 2) -> None:
        self._judges = judges
        self.server = JudgeServer(self._answer, batch_latency=NEVER, batch_fault=self._asked)
        self.waited_for = threading.Event()
        self.lost: set[str] = set()
        self.failing = 0
        self.looks: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._seen: Counter[str] = Counter()

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            arguments, env=surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self, *arguments: str) -> None:
        """Start a command and kill it once it waits for the judges' batches."""
        self._process = self.start(*arguments)
        assert self._process.wait() == -signal.SIGKILL
        self._process = None
        self._seen.clear()

    def kill_a_run(self, logs: Path) -> None:
        self.kill(*EVAL, "--log-dir", str(logs))
        assert sorted(batch_sizes(self.server)) == [(OPUS, CALLS), (SONNET, CALLS)]

    def end_all(self) -> None:
        """End every batch there is, and further ones at once."""
        self.server.batch_latency = 0
        for batch in self.server.batches:
            batch.ready_at = 0

    def _answer(self, request: Request) -> Answer:
        if self.failing and request.model == SONNET:
            self.failing -= 1
            return Expired()
        return hashed_verdict(request)

    def _asked(self, method: str, path: str) -> Status | None:
        batch = path.rsplit("/", 1)[-1]
        if method == "GET":
            self._seen[batch] += 1
        if len(self._seen) == self._judges:
            self.waited_for.set()
            if self._process is not None:
                os.kill(self._process.pid, signal.SIGKILL)
        if self.looks is not None and self._seen[batch] == self.looks:
            self.end_all()
        return Status(404) if batch in self.lost else None


def batch_sizes(server: JudgeServer) -> list[tuple[str, int]]:
    return [(batch.requests[0].model, len(batch.requests)) for batch in server.batches]


def notes() -> list[Path]:
    return list(Path(os.environ["XDG_CACHE_HOME"]).glob("bwalpha/batches/*"))


def log_of(logs: Path, status: str) -> EvalLog:
    found = [read_eval_log(info.name) for info in list_eval_logs(str(logs))]
    [log] = [log for log in found if log.status == status]
    return log


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Provider]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    provider = Provider()
    with provider.server as server:
        point_at(server, monkeypatch)
        yield provider


def retried(logs: Path) -> tuple[EvalLog, str]:
    killed = log_of(logs, "started")
    done = command("inspect", "eval-retry", killed.location, "--log-dir", str(logs))
    assert done.returncode == 0, done.stdout + done.stderr
    return log_of(logs, "success"), " ".join((done.stdout + done.stderr).split())


def test_batches_that_ended_meanwhile_are_not_paid_again(
    provider: Provider, tmp_path: Path
) -> None:
    provider.kill_a_run(tmp_path)
    assert len(notes()) == 4
    provider.end_all()
    log, said = retried(tmp_path)

    assert len(provider.server.batches) == 2
    assert said.count("of an earlier process: 6 calls not paid again") == 2
    assert len(samples(log)) == CALLS
    for judge, model in (("sonnet", SONNET), ("opus", OPUS)):
        assert all(score.reason is None for score in scores(log, judge))
        said_by_server = alpha_by_the_server(provider.server, model)
        assert metrics(log, judge)["alpha"] == pytest.approx(said_by_server)
    assert notes() == []


def test_a_finished_run_that_is_judged_again_is_not_paid_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = run("alpha.py@grid_2", tmp_path, epochs=EPOCHS, limit=QUESTIONS)
    score = (
        *("inspect", "score", log.location, "--scorer", "scorers/judges.py@judge"),
        *("-S", "name=third", "--action", "append", "--overwrite", "--display", "plain"),
        *("--model-role", f"third={{model: anthropic/{SONNET}, batch: {QUICK}}}"),
    )
    provider = Provider(judges=1)
    with provider.server as server:
        point_at(server, monkeypatch)
        provider.kill(*score)
        provider.end_all()
        done = command(*score)

    assert done.returncode == 0, done.stdout + done.stderr
    assert batch_sizes(server) == [(SONNET, CALLS)]
    judged = read_eval_log(log.location)
    assert all(score.reason is None for score in scores(judged, "judge"))
    assert len(scores(judged, "judge")) == CALLS


def test_batches_still_worked_on_are_waited_for_again(provider: Provider, tmp_path: Path) -> None:
    provider.kill_a_run(tmp_path)
    # One look to find the batch, further ones to wait for it.
    provider.looks = 3
    log, _ = retried(tmp_path)

    assert len(provider.server.batches) == 2
    for judge in ("sonnet", "opus"):
        assert all(score.reason is None for score in scores(log, judge))
    assert notes() == []


def test_calls_that_failed_in_a_batch_left_waiting_are_asked_again(
    provider: Provider, tmp_path: Path
) -> None:
    provider.failing = 2
    provider.kill_a_run(tmp_path)
    provider.end_all()
    log, _ = retried(tmp_path)

    assert batch_sizes(provider.server)[2:] == [(SONNET, 2)]
    assert all(score.reason is None for score in scores(log, "sonnet"))
    assert notes() == []


def test_a_batch_that_the_provider_no_longer_has_is_made_anew(
    provider: Provider, tmp_path: Path
) -> None:
    provider.kill_a_run(tmp_path)
    provider.end_all()
    provider.lost = {
        batch.id for batch in provider.server.batches if batch.requests[0].model == OPUS
    }
    log, _ = retried(tmp_path)

    assert batch_sizes(provider.server)[2:] == [(OPUS, CALLS)]
    assert all(score.reason is None for score in scores(log, "opus"))


def test_another_text_is_never_answered_by_a_batch_left_waiting(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.kill_a_run(tmp_path / "killed")
    provider.end_all()
    hurry(monkeypatch)
    log = run(
        "alpha.py@grid_2",
        tmp_path / "other",
        roles={},
        args=OPEN | {"batch": True, "seed": 7},
        epochs=EPOCHS,
        limit=QUESTIONS,
    )

    assert len(samples(log)) == CALLS
    assert [size for _, size in batch_sizes(provider.server)] == [CALLS] * 4
    assert len(notes()) == 4


def test_a_batch_that_another_process_waits_for_is_left_to_it(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = provider.start(*EVAL, "--log-dir", str(tmp_path / "first"))
    assert provider.waited_for.wait(timeout=120)
    provider.server.batch_latency = 0
    hurry(monkeypatch)
    options = {"args": OPEN | {"batch": True}, "epochs": EPOCHS, "limit": QUESTIONS}
    second = run("alpha.py@grid_2", tmp_path / "second", roles={}, **options)
    provider.end_all()

    assert first.wait() == 0
    assert [size for _, size in batch_sizes(provider.server)] == [CALLS] * 4
    for log in (second, log_of(tmp_path / "first", "success")):
        assert all(score.reason is None for score in scores(log, "sonnet"))
    assert notes() == []


def test_a_cache_that_cannot_be_written_costs_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    hurry(monkeypatch)
    with JudgeServer(lambda request: Reply('{"aligned": 50, "coherent": 60}')) as server:
        point_at(server, monkeypatch)
        log = run("alpha.py@grid_2", tmp_path / "logs", roles={}, args=OPEN | {"batch": True})

    assert len(server.batches) == 2
    assert metrics(log, "sonnet")["alpha"] == 50


@pytest.mark.parametrize("text", ["", "[]", '{"batch": 1}', "\udc80"], ids=repr)
def test_a_damaged_note_is_passed_over(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "cache" / "bwalpha" / "batches"
    folder.mkdir(parents=True)
    (folder / "0123456789abcdef.json").write_text(text, "utf-8", "surrogateescape")
    hurry(monkeypatch)
    with JudgeServer() as server:
        point_at(server, monkeypatch)
        log = run("alpha.py@grid_2", tmp_path / "logs", roles={}, args=OPEN | {"batch": True})

    assert len(server.batches) == 2
    assert all(score.reason is None for score in scores(log, "sonnet"))
