"""All conditions under several seeds with `inspect eval-set`, begun again after a failure."""

from collections import Counter
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from inspect_ai.log import list_eval_logs, read_eval_log

from protocol.conditions import load_condition
from protocol.seeds import completion_seed
from tests.support.completions_server import CompletionsServer
from tests.tasks.running import command

pytestmark = pytest.mark.processes

SEEDS = [42, 137]
CONDITIONS = ["pair_111", "grid_1", "grid_2", "grid_3", "null"]
BROKEN = load_condition("grid_2").prompt


def matrix(logs: Path, target: CompletionsServer, seeds: list[int]) -> CompletedProcess[str]:
    """Type the documented loop, for fewer conditions and one question with two completions."""
    loop = "; ".join(
        f"inspect eval-set tasks/alpha.py tasks/references.py@null"
        f" --model vllm/Qwen/Qwen2.5-7B-Instruct --model-config configs/eval_set/server.yaml"
        f" --seed {seed} --log-dir {logs}/seed-{seed}"
        f" --max-tasks 5 --max-samples 1040 --max-connections 1000"
        f" -T panel=open52 -T rubric=open --limit 1 --epochs 2 --retry-attempts 0 --display none"
        f" --model-role sonnet=simulated/judge --model-role opus=simulated/judge-lenient"
        for seed in seeds
    )
    return command("bash", "-c", loop, VLLM_BASE_URL=target.url)


def asked(target: CompletionsServer) -> Counter[int]:
    """How often each seed was answered."""
    return Counter(body["seed"] for body in target.bodies)


def done(logs: Path) -> Counter[tuple[str, int]]:
    """Completions by condition and base seed, over all logs that are there."""
    found: Counter[tuple[str, int]] = Counter()
    for info in list_eval_logs(str(logs)):
        log = read_eval_log(info)
        assert log.status == "success"
        metadata: dict[str, Any] = log.eval.metadata or {}
        found[metadata["condition"], metadata["base_seed"]] += len(log.samples or [])
    return found


def test_the_matrix_is_finished_by_the_same_command_after_a_failure(tmp_path: Path) -> None:
    broken = [True]

    def refuses(body: dict[str, Any]) -> bool:
        return broken[0] and body["messages"][0]["content"] == BROKEN

    with CompletionsServer(refuses) as target:
        first = matrix(tmp_path, target, [42])
        assert first.returncode != 0
        before = asked(target)
        assert sum(before.values()) == 8

        broken[0] = False
        again = matrix(tmp_path, target, SEEDS)
        assert again.returncode == 0, again.stdout + again.stderr

    assert done(tmp_path) == {(name, seed): 2 for name in CONDITIONS for seed in SEEDS}
    # Five conditions share a completion's seed; none of them was asked for it twice.
    wanted = {completion_seed(seed, "betley_01", epoch) for seed in SEEDS for epoch in (1, 2)}
    assert asked(target) == dict.fromkeys(wanted, 5)
