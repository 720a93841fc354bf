"""A log is written while others are still asked about, and no end of either process costs anything."""

import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from filelock import FileLock
from inspect_ai.log import read_eval_log, write_eval_log

from runs.load import find_logs
from tests.judging.test_judge_command import JUDGES, generated, judged, records, typed
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Request, hashed_verdict
from tests.tasks.judged_over_http import point_at
from tests.tasks.running import OPEN, metrics, samples, surroundings

ALL = 6


def two_logs(folder: Path) -> tuple[Path, Path]:
    """Two logs of six completions, in the order in which they are judged."""
    options = {"roles": {"sonnet": JUDGES["sonnet"]}}
    for seed in (1, 2):
        generated(folder, args=OPEN | {"judges": "sonnet", "seed": seed}, **options)
    # Made within one second, they are listed by more than their names.
    first, second = map(Path, find_logs([str(folder)])[0])
    return first, second


def verdicts(path: Path) -> int:
    return len(records(read_eval_log(str(path))))


class Provider:
    """A provider that calls `hook` at the first request about the first and about the second log."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.hooks: list[Callable[[], object]] = []
        self.begun = 0
        self.lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        with self.lock:
            first = self.begun % ALL == 0 and self.hooks
            hook = self.hooks.pop(0) if first else None
            self.begun += 1
        if hook is not None:
            hook()
        self.seen[request.user] += 1
        return hashed_verdict(request)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    made = Provider()
    with JudgeServer(made.answer) as server:
        point_at(server, monkeypatch)
        yield made


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Future[Any]]:
    """What the other process was told to do."""
    futures: list[Future[Any]] = []
    submit = ProcessPoolExecutor.submit

    def told(pool: ProcessPoolExecutor, *arguments: Any) -> Future[Any]:
        futures.append(submit(pool, *arguments))
        return futures[-1]

    monkeypatch.setattr(ProcessPoolExecutor, "submit", told)
    return futures


@pytest.mark.processes
def test_a_log_is_whole_while_the_next_one_is_still_asked_about(
    provider: Provider, begun: list[Future[Any]], tmp_path: Path
) -> None:
    first, second = two_logs(tmp_path / "logs")
    seen = tmp_path / "seen"

    def look() -> None:
        begun[0].result()
        shutil.copytree(tmp_path / "logs", seen)

    provider.hooks = [lambda: None, look]
    result = judged(tmp_path / "logs", "--yes")

    assert (verdicts(seen / first.name), verdicts(seen / second.name)) == (ALL, 0)
    assert len(begun) == 1
    assert result.output.count("6 completions judged") == 2
    assert [metrics(read_eval_log(str(p)), "sonnet")["verdicts"] for p in (first, second)] == [6, 6]
    assert sorted(first.parent.iterdir()) == sorted([first, second])


@pytest.mark.processes
def test_a_log_that_cannot_be_written_is_one_line_and_holds_up_no_other(
    provider: Provider, begun: list[Future[Any]], tmp_path: Path
) -> None:
    first, second = two_logs(tmp_path)
    whole = first.read_bytes()
    log = read_eval_log(str(first))
    log.samples = samples(log)[1:]
    write_eval_log(log, str(tmp_path / "less.eval"))
    less = (tmp_path / "less.eval").read_bytes()
    (tmp_path / "less.eval").unlink()
    provider.hooks = [lambda: first.write_bytes(less)]
    result = typed(tmp_path, "--yes")
    assert result.exit_code == 1
    assert len(begun) == 1
    [said] = [line for line in result.output.splitlines() if "has lost completions" in line]
    assert str(first) in said
    assert (verdicts(first), verdicts(second)) == (0, ALL)

    first.write_bytes(whole)
    judged(tmp_path, "--yes")
    assert verdicts(first) == ALL
    assert set(provider.seen.values()) == {1}
    assert sorted(tmp_path.iterdir()) == sorted([first, second])


@pytest.mark.processes
@pytest.mark.parametrize(
    ("ended", "number", "status"),
    [
        ("asking", signal.SIGKILL, -signal.SIGKILL),
        ("asking", signal.SIGTERM, 128 + signal.SIGTERM),
        ("asking", signal.SIGINT, 128 + signal.SIGINT),
        ("writing", signal.SIGKILL, 1),
    ],
)
def test_an_end_of_either_process_costs_nothing(
    ended: str, number: signal.Signals, status: int, provider: Provider, tmp_path: Path
) -> None:
    first, second = two_logs(tmp_path)
    asked, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        asked.set()
        go_on.wait(60)

    provider.hooks = [lambda: None, hold]
    # The writer waits for this lock, so that it is writing when an end comes.
    lock = FileLock(tmp_path / f"{first.name}.judging" / "log.lock")
    Path(lock.lock_file).parent.mkdir()
    lock.acquire()
    process = subprocess.Popen(
        [Path(sys.executable).with_name("bwalpha"), "judge", str(tmp_path), "--yes"],
        env=surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert asked.wait(60)
    writers: list[psutil.Process] = []
    while not writers:
        assert process.poll() is None
        beside = psutil.Process(process.pid).children()
        writers = [child for child in beside if "spawn_main" in " ".join(child.cmdline())]
    if ended == "asking":
        process.send_signal(number)
    else:
        writers[0].send_signal(number)
        writers[0].wait(60)
    lock.release()
    go_on.set()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == status, said
    assert "Traceback" not in said
    assert psutil.wait_procs(beside, timeout=60)[1] == []
    assert verdicts(first) in (
        0,
        ALL,
    )
    if ended == "writing":
        assert "start the same command again" in said
        assert verdicts(second) == ALL

    judged(tmp_path, "--yes")
    assert (verdicts(first), verdicts(second)) == (ALL, ALL)
    of_the_first = list(provider.seen)[:ALL]
    assert [provider.seen[text] for text in of_the_first] == [1] * ALL
    assert sorted(tmp_path.iterdir()) == sorted([first, second])
