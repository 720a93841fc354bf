"""A process that is killed, told to end, or finds the disk full; and the same command after it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.judging.fault_server import verdict
from tests.judging.providing import REQUESTS, FaultServer, ask, good, once, requests

pytestmark = pytest.mark.processes

PROVIDERS = pytest.mark.parametrize("provider", ["anthropic", "openai"])
ALL = len(REQUESTS)
GOOD = [verdict(request.user) for request in REQUESTS]


def start(server: FaultServer, provider: str, folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "tests.judging.driver",
        provider,
        server.url,
        str(folder),
        "--wait",
    ]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [*command, *options], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
    server.tell(pid=process.pid)
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return process


def finish(process: subprocess.Popen[str]) -> tuple[int, Any, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, json.loads(out) if out.strip() else None, err


MOMENTS: dict[str, dict[str, list[Any]]] = {
    "before the batch is created": {"create": ["kill_before"]},
    "after it is created, before its id is known": {"create": ["kill_after"]},
    "while it is waited for": {"look": [None, "kill_after"]},
    "while results are fetched": {"results": ["kill_during"]},
    "after the results, before the end": {"results": ["missing", "kill_after"]},
}


@PROVIDERS
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_costs_nothing(
    moment: str, provider: str, server: FaultServer, tmp_path: Path
) -> None:
    server.tell(faults=MOMENTS[moment], looks=3)
    status, _, _ = finish(start(server, provider, tmp_path, "--batch"))
    assert status == -signal.SIGKILL

    for _ in range(2):
        assert all(good(ask(server, provider, tmp_path, batch=True)))
        assert server.batches == [ALL]
        assert server.judged == once()


@PROVIDERS
def test_a_kill_in_real_time_costs_no_answer_that_came(
    provider: str, server: FaultServer, tmp_path: Path
) -> None:
    server.tell(faults={"message": [None, None, "hang", "kill_after"]})
    assert finish(start(server, provider, tmp_path))[0] == -signal.SIGKILL
    kept = {line for path in tmp_path.glob("*.jsonl") for line in path.open() if '"answer"' in line}
    assert all(good(ask(server, provider, tmp_path)))

    # Calls that were on their way when it was killed are lost; what was on disk was not asked again.
    assert server.state()["seen"]["message"] <= 2 * ALL - len(kept)
    assert set(server.judged) == set(once())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("batch", [False, True])
def test_a_signal_ends_it_once_calls_in_flight_are_answered(
    batch: bool, number: signal.Signals, server: FaultServer, tmp_path: Path
) -> None:
    server.tell(latency=0.5, looks=1000)
    process = start(server, "anthropic", tmp_path, *(["--batch"] if batch else []))
    point = "look" if batch else "message"
    while not server.state()["seen"].get(point):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    assert finish(process)[0] == 128 + number

    if batch:
        # The same batch is waited for on, with some looks to go.
        assert server.batches == [ALL]
    else:
        assert all(good(ask(server, "anthropic", tmp_path)))
    assert server.judged == once()


def test_one_judge_that_cannot_go_on_does_not_stop_the_other(
    server: FaultServer, tmp_path: Path
) -> None:
    server.tell(faults={"create": [{"status": 401}]})
    process = start(server, "openai", tmp_path, "--batch", "--names", "sonnet,opus")
    status, _, said = finish(process)
    assert status == 1
    assert "Check the key" in said
    assert "Traceback" not in said
    assert server.batches == [ALL]

    process = start(server, "openai", tmp_path, "--batch", "--names", "sonnet,opus")
    assert finish(process) == (0, [GOOD, GOOD], "")
    assert server.batches == [ALL, ALL]


def mounted(folder: Path, megabytes: int) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.parametrize("batch", [False, True])
def test_a_full_disk_loses_no_answer(batch: bool, server: FaultServer, tmp_path: Path) -> None:
    if not mounted(tmp_path, 9):
        pytest.skip("a disk that can fill up cannot be mounted here")
    many = requests(80)
    options = ["--number", "80", *(["--batch"] if batch else [])]
    point, calls = ("results", 1) if batch else ("message", 80)
    filler = tmp_path / "filler"
    try:
        server.tell(closed=point)
        process = start(server, "anthropic", tmp_path, *options)
        while server.state()["seen"].get(point, 0) < calls:
            assert process.poll() is None
            time.sleep(0.02)
        fill(filler)
        server.tell(closed="")
        status, _, said = finish(process)
        assert status == 1
        assert "same command again" in said
        assert "Traceback" not in said

        filler.unlink()
        replies = ask(server, "anthropic", tmp_path, batch=batch, requests=many)
        assert all(good(replies, many))
        assert server.judged == once(many)
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=False)


def fill(path: Path) -> None:
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 8, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


def test_a_disk_that_is_full_from_the_start_asks_nothing(
    server: FaultServer, tmp_path: Path
) -> None:
    if not mounted(tmp_path, 2):
        pytest.skip("a disk that can fill up cannot be mounted here")
    try:
        status, _, said = finish(start(server, "anthropic", tmp_path))
        assert status == 1
        assert "No space left" in said
        assert server.judged == Counter()
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=False)


def test_a_state_folder_that_cannot_be_written_asks_nothing(
    server: FaultServer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    status, _, said = finish(start(server, "anthropic", tmp_path / "file"))

    assert status == 1
    assert os.fspath(tmp_path / "file") in said
    assert "Traceback" not in said
    assert server.judged == Counter()
