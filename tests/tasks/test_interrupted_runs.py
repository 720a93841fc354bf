"""A run that is killed and retried, through the command line and a real process."""

import os
import signal
import subprocess
import threading
from collections import Counter
from pathlib import Path

import pytest
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log

from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Request, hashed_verdict
from tests.tasks.judged_over_http import OPUS, SONNET, expected_messages, point_at
from tests.tasks.running import command, metrics, run, samples, surroundings

pytestmark = pytest.mark.processes

QUESTIONS, EPOCHS = 4, 3
FINISHED = 8
EVAL = (
    *("inspect", "eval", "tasks/alpha.py@grid_2", "--model", "simulated/target"),
    *("-T", "panel=open52", "-T", "rubric=open", "--display", "plain"),
    *("--limit", str(QUESTIONS), "--epochs", str(EPOCHS)),
)
# So few samples are in flight at once that the first eight are finished when a ninth is judged.
ONE_AT_A_TIME = ("--max-samples", "1")


class Killer:
    """Kills a process when a judge is asked about the completion that follows the first eight."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        with self._lock:
            self.asked.append((request.model, request.user))
            if self._process and len({user for _, user in self.asked}) > FINISHED:
                os.kill(self._process.pid, signal.SIGKILL)
                self._process = None
        return hashed_verdict(request)

    def run(self, *arguments: str) -> int:
        """Start a command and return its status once it has been killed."""
        with self._lock:
            self._process = process = subprocess.Popen(
                arguments,
                env=surroundings(),
                text=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        return process.wait()


def only(logs: Path, status: str) -> EvalLog:
    found = [read_eval_log(info.name) for info in list_eval_logs(str(logs))]
    [log] = [log for log in found if log.status == status]
    return log


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killer, logs = Killer(), tmp_path / "killed"
    with JudgeServer(killer.answer) as server:
        point_at(server, monkeypatch)
        status = killer.run(*EVAL, *ONE_AT_A_TIME, "--log-dir", str(logs))
        assert status == -signal.SIGKILL
        before = Counter(killer.asked)
        killed = only(logs, "started")
        assert killed.location is not None
        retried = command("inspect", "eval-retry", killed.location, "--log-dir", str(logs))
        assert retried.returncode == 0, retried.stdout + retried.stderr
        after = Counter(killer.asked)
        whole = run("alpha.py@grid_2", tmp_path / "whole", roles={}, limit=QUESTIONS, epochs=EPOCHS)

    log = only(logs, "success")
    assert len(samples(log)) == QUESTIONS * EPOCHS
    assert expected_messages(log) == expected_messages(whole)
    for judge in ("sonnet", "opus"):
        assert metrics(log, judge) == metrics(whole, judge)

    finished = list(dict.fromkeys(user for _, user in before))[:FINISHED]
    for model in (SONNET, OPUS):
        for user in finished:
            assert before[model, user] == after[model, user] == 1
        for user in expected_messages(log):
            assert 1 <= after[model, user] <= 1 + before[model, user]
