"""Two vLLM servers behind one address: one run over both, and one of them killed half way."""

import os
import signal
import subprocess
import sys
import time
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
from tests.vllm.router import Router
from tests.vllm.server import VllmServer

pytestmark = pytest.mark.vllm

QUESTIONS, EPOCHS = 26, 3
COMPLETIONS = QUESTIONS * EPOCHS
SERVER = (
    *("--max-model-len", "2048", "--dtype", "bfloat16", "--enforce-eager"),
    # Few at once, so that a replica is busy with a run's requests for seconds and not for a moment.
    *("--max-num-seqs", "4", WHOLE_PROMPTS),
)
# Requests that a replica still holds when it is killed.
LOST = 8
# Both would take the same core otherwise.
CORES = ("0", "1")
ROUTING = ("--policy", "round_robin", "--health-check-interval-secs", "1")


@dataclass(frozen=True)
class Replicas:
    """Two servers with the same model, and the one address in front of them."""

    servers: tuple[VllmServer, VllmServer]
    router: Router

    @property
    def model(self) -> str:
        return f"vllm/{self.servers[0].model}"


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
        router = Router([first.url, second.url], folder / "router.log", *ROUTING)
        yield Replicas((first, second), stack.enter_context(router))


def measured(server: VllmServer, *metrics: str) -> list[float]:
    """Metrics of the server at one moment, each added up over its labels."""
    text = httpx.get(f"{server.url.removesuffix('/v1')}/metrics", timeout=30).text
    return [
        sum(
            float(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if line.startswith(f"{metric}{{")
        )
        for metric in metrics
    ]


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
    """How many requests the server has answered since it started; 0 for one that is down."""
    return round(measured(server, "vllm:request_success_total")[0]) if server.pid else 0


def served(replicas: Replicas) -> list[int]:
    """How many requests each replica that is up has answered."""
    return [answered(server) for server in replicas.servers]


def kill_half_way(server: VllmServer, process: "subprocess.Popen[str]") -> None:
    """Kill a server that has answered some of a run's requests and holds more."""
    before = answered(server)
    while True:
        assert process.poll() is None, process.communicate()
        done, running, waiting = measured(
            server,
            "vllm:request_success_total",
            "vllm:num_requests_running",
            "vllm:num_requests_waiting",
        )
        if done >= before + 2 and running + waiting >= LOST:
            break
        time.sleep(0.1)
    assert server.pid is not None
    os.killpg(server.pid, signal.SIGKILL)
    server.stop()


def test_one_run_over_two_replicas_has_every_completion_once_and_uses_both(
    replicas: Replicas, tmp_path: Path
) -> None:
    before = served(replicas)
    ended(started(replicas, tmp_path), tmp_path)

    shares = [new - old for new, old in zip(served(replicas), before, strict=True)]
    print("served by each", shares)
    assert sum(shares) == COMPLETIONS
    assert min(shares) >= COMPLETIONS * 0.4


def test_a_run_whose_replica_is_killed_half_way_finishes_with_nothing_lost(
    replicas: Replicas, tmp_path: Path
) -> None:
    survivor, other = replicas.servers
    before = answered(survivor)
    process = started(replicas, tmp_path)
    kill_half_way(other, process)
    ended(process, tmp_path)

    share = answered(survivor) - before
    print("served by the survivor", share)
    assert COMPLETIONS / 2 < share < COMPLETIONS


def test_a_run_without_any_replica_waits_until_one_is_back(
    replicas: Replicas, tmp_path: Path
) -> None:
    only, back = replicas.servers
    back.stop()
    process = started(replicas, tmp_path)
    kill_half_way(only, process)
    with back:
        ended(process, tmp_path)
        print("served after the restart", answered(back))
        assert 0 < answered(back) < COMPLETIONS
