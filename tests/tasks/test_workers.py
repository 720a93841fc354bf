"""Several workers, each a process of its own, on one shared folder of logs."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log
from moto.server import ThreadedMotoServer

from runs.load import load_runs
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Hang, Request, hashed_verdict
from tests.tasks.running import OPEN, ROOT, samples

pytestmark = pytest.mark.processes

QUESTIONS, EPOCHS, SEEDS = 3, 2, (42, 137)
COMPLETIONS = QUESTIONS * EPOCHS
CONDITIONS = ("pair_111", "grid_1", "grid_2", "grid_3")
SIMULATED = ("sonnet=simulated/judge", "opus=simulated/judge-lenient")
OVER_HTTP = ("sonnet=anthropic/claude-sonnet-test",)
BUCKET = "alpha-logs"
Place = tuple[str, int, str, int]


@pytest.fixture(scope="module")
def object_storage() -> Iterator[str]:
    """The address of a local S3 with one bucket."""
    storage = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    storage.start()
    host, port = storage.get_host_and_port()
    httpx.put(f"http://{host}:{port}/{BUCKET}").raise_for_status()
    yield f"http://{host}:{port}"
    storage.stop()


@pytest.fixture(params=["a folder", "an S3 bucket"])
def shared(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the workers' logs go, on disk and on object storage."""
    if request.param == "a folder":
        return str(tmp_path)
    for name, value in {
        "AWS_ENDPOINT_URL": request.getfixturevalue("object_storage"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{tmp_path.name}"


def worker(
    verb: str,
    tasks: list[str],
    logs: str,
    *more: str,
    judges: tuple[str, ...] = SIMULATED,
    limit: int = QUESTIONS,
) -> "subprocess.Popen[str]":
    """Start `inspect eval` or `inspect eval-set` as a machine of its own would."""
    return subprocess.Popen(
        [
            *(str(Path(sys.executable).with_name("inspect")), verb),
            *(f"tasks/alpha.py{f'@{task}' if task else ''}" for task in tasks),
            *("--model", "simulated/target", "--log-dir", logs),
            *(word for role in judges for word in ("--model-role", role)),
            *("-T", f"judges={','.join(role.split('=')[0] for role in judges)}"),
            *(word for name, value in OPEN.items() for word in ("-T", f"{name}={value}")),
            *("--limit", str(limit), "--epochs", str(EPOCHS)),
            *("--no-log-realtime", "--display", "plain", *more),
        ],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "300"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: "subprocess.Popen[str]") -> str:
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return said


def finished(folder: str) -> list[EvalLog]:
    logs = [read_eval_log(info) for info in list_eval_logs(folder)]
    return [log for log in logs if log.status == "success"]


def places(logs: list[EvalLog]) -> Counter[Place]:
    """How often each completion, by condition, seed, question and epoch, is in the logs."""
    return Counter(
        (log.eval.task, int((log.eval.metadata or {})["base_seed"]), str(s.id), s.epoch)
        for log in logs
        for s in samples(log)
    )


def test_workers_with_folders_of_their_own_below_one_share_the_matrix(shared: str) -> None:
    started = [
        worker("eval-set", [""], f"{shared}/seed-{seed}", "--seed", str(seed)) for seed in SEEDS
    ]
    for process in started:
        ended(process)

    found = places(finished(shared))
    assert set(found.values()) == {1}
    assert Counter((task, seed) for task, seed, _, _ in found) == {
        (task, seed): COMPLETIONS for task in CONDITIONS for seed in SEEDS
    }
    loaded = load_runs([shared])
    assert {(run.condition, run.seed) for run in loaded.runs} == {
        (task, seed) for task in CONDITIONS for seed in SEEDS
    }
    assert not loaded.skipped
    assert not loaded.replaced


def test_plain_runs_of_two_workers_do_not_collide_in_one_folder(tmp_path: Path) -> None:
    started = [worker("eval", [task], str(tmp_path)) for task in ("grid_1", "grid_2")]
    for process in started:
        ended(process)

    found = places(finished(str(tmp_path)))
    assert set(found.values()) == {1}
    assert Counter(task for task, *_ in found) == {"grid_1": COMPLETIONS, "grid_2": COMPLETIONS}


def test_a_folder_that_holds_another_eval_set_is_refused(tmp_path: Path) -> None:
    ended(worker("eval-set", ["grid_1"], str(tmp_path)))
    second = worker("eval-set", ["grid_2"], str(tmp_path))
    said, _ = second.communicate()

    assert second.returncode != 0
    assert "fresh log directory" in " ".join(said.split())
    assert {task for task, *_ in places(finished(str(tmp_path)))} == {"grid_1"}


def test_a_killed_worker_started_again_finishes_and_asks_only_for_the_rest(
    shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions, answered = 10, 15
    stuck, again = threading.Event(), threading.Event()

    def answer(request: Request) -> Answer:
        if again.is_set() or len(server.recorded) < answered:
            return hashed_verdict(request)
        stuck.set()
        return Hang()

    with JudgeServer(answer) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-test")
        first = worker(
            *("eval-set", ["grid_1"], shared, "--max-samples", "2", "--log-buffer", "1"),
            judges=OVER_HTTP,
            limit=questions,
        )
        assert stuck.wait(600)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        [killed] = list_eval_logs(shared)
        kept = places([read_eval_log(killed)])
        asked = len(server.requests)
        again.set()
        ended(worker("eval-set", ["grid_1"], shared, judges=OVER_HTTP, limit=questions))

        found = places(finished(shared))
        assert set(found.values()) == {1}
        assert len(found) == questions * EPOCHS
        assert len(server.requests) - asked == len(found) - len(kept)
        assert set(kept) <= set(found)
        assert len(kept) >= answered // 2
