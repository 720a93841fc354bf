"""Two vLLM servers behind one address: one run over both, and one of them killed half way."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log

from tests.tasks.running import OPEN, ROOT, samples
from tests.vllm.conftest import WHOLE_PROMPTS
from tests.vllm.door import Door
from tests.vllm.router import Router
from tests.vllm.server import VllmServer

pytestmark = pytest.mark.vllm

QUESTIONS, EPOCHS = 26, 3
COMPLETIONS = QUESTIONS * EPOCHS
SERVER = (
    *("--max-model-len", "2048", "--dtype", "bfloat16", "--enforce-eager"),
    *("--max-num-seqs", "16", WHOLE_PROMPTS),
)
# Both would take the same core otherwise.
CORES = ("0", "1")
ANSWERED = "vllm:request_success_total"
ROUTING = ("--policy", "round_robin", "--health-check-interval-secs", "1")


@dataclass(frozen=True)
class Replicas:
    """Two servers with the same model, and the one address in front of them."""

    doors: tuple[Door, Door]
    router: Router

    @property
    def model(self) -> str:
        return f"vllm/{self.servers[0].model}"

    @property
    def servers(self) -> tuple[VllmServer, VllmServer]:
        first, second = self.doors
        return first.server, second.server


@pytest.fixture(scope="module")
def replicas(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    folder = tmp_path_factory.mktemp("replicas")
    with ExitStack() as stack:
        first, second = (
            VllmServer(
                tiny,
                folder / f"on-core-{core}.log",
                *SERVER,
                environment={"VLLM_CPU_OMP_THREADS_BIND": core},
            )
            for core in CORES
        )
        for server in (first, second):
            stack.callback(server.stop)
        with ThreadPoolExecutor() as both:
            list(both.map(VllmServer.__enter__, (first, second)))
        doors = Door(first), Door(second)
        for door in doors:
            stack.enter_context(door)
        router = Router([door.url for door in doors], folder / "router.log", *ROUTING)
        yield Replicas(doors, stack.enter_context(router))


def started(replicas: Replicas, logs: Path) -> "subprocess.Popen[str]":
    """Start a run over both replicas."""
    return subprocess.Popen(
        [
            *(str(Path(sys.executable).with_name("inspect")), "eval", "tasks/alpha.py@grid_2"),
            *("--model", replicas.model, "--log-dir", str(logs)),
            *("--model-role", "sonnet=simulated/judge", "-T", "judges=sonnet"),
            *(word for name, value in OPEN.items() for word in ("-T", f"{name}={value}")),
            *("--limit", str(QUESTIONS), "--epochs", str(EPOCHS), "--max-tokens", "256"),
            *("--no-log-realtime", "--display", "plain"),
        ],
        cwd=ROOT,
        env=os.environ | {"VLLM_BASE_URL": replicas.router.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: "subprocess.Popen[str]", logs: Path) -> EvalLog:
    """Wait for a run and return its log, which must hold every completion once."""
    said, _ = process.communicate()
    assert process.returncode == 0, said
    [info] = list_eval_logs(str(logs))
    log = read_eval_log(info)
    assert log.status == "success", log.error
    places = Counter((sample.id, sample.epoch) for sample in samples(log))
    assert len(places) == COMPLETIONS
    assert set(places.values()) == {1}
    assert all(sample.output.completion for sample in samples(log))
    return log


def answered(server: VllmServer) -> int:
    """How many requests the server has answered since it started."""
    text = httpx.get(f"{server.url.removesuffix('/v1')}/metrics", timeout=30).text
    counts = [line for line in text.splitlines() if line.startswith(f"{ANSWERED}{{")]
    return sum(round(float(line.rsplit(" ", 1)[1])) for line in counts)


def wait_until_killed(door: Door, process: "subprocess.Popen[str]") -> None:
    """Return once the server behind a door was killed, which a run must live to see."""
    while not door.killed.wait(timeout=0.1):
        assert process.poll() is None, process.communicate()
    door.server.stop()


def test_one_run_over_two_replicas_has_every_completion_once_and_uses_both(
    replicas: Replicas, tmp_path: Path
) -> None:
    before = [answered(server) for server in replicas.servers]
    ended(started(replicas, tmp_path), tmp_path)

    after = [answered(server) for server in replicas.servers]
    shares = [new - old for new, old in zip(after, before, strict=True)]
    print("served by each", shares)
    assert sum(shares) == COMPLETIONS
    assert min(shares) >= COMPLETIONS * 0.4


def test_a_run_whose_replica_is_killed_half_way_finishes_with_nothing_lost(
    replicas: Replicas, tmp_path: Path
) -> None:
    survivor, _ = replicas.servers
    before = answered(survivor)
    _, door = replicas.doors
    door.kill_half_way()
    process = started(replicas, tmp_path)
    wait_until_killed(door, process)
    ended(process, tmp_path)

    share = answered(survivor) - before
    print("served by the survivor", share)
    assert COMPLETIONS / 2 < share < COMPLETIONS


def test_a_run_without_any_replica_waits_until_one_is_back(
    replicas: Replicas, tmp_path: Path
) -> None:
    door, _ = replicas.doors
    _, back = replicas.servers
    back.stop()
    door.kill_half_way()
    process = started(replicas, tmp_path)
    wait_until_killed(door, process)
    with back:
        ended(process, tmp_path)
        print("served after the restart", answered(back))
        assert 0 < answered(back) < COMPLETIONS
