"""Every shipped run configuration, run as a user runs it, against local servers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log

from protocol.seeds import DEFAULT_SEED, completion_seed
from solvers.sampling import SAMPLING
from tasks.measuring import COMPLETIONS_PER_QUESTION
from tests.support.completions_server import CompletionsServer
from tests.support.judge_server import JudgeServer
from tests.tasks.running import ROOT, command

pytestmark = pytest.mark.processes

CONFIGS = ROOT / "configs"
FULL = [
    "published",
    "seed_137",
    "seed_256",
    "data_parallel",
    "tensor_parallel",
    "remote",
]
ONE_GPU = ["published", "seed_137", "seed_256"]
WINNERS = {"pair_111", "grid_1", "grid_2", "grid_3"}


def read(name: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text("utf-8"))
    return config


@pytest.fixture
def target() -> Iterator[CompletionsServer]:
    with CompletionsServer() as running:
        yield running


@pytest.fixture
def judges() -> Iterator[JudgeServer]:
    with JudgeServer() as running:
        yield running


def run_config(
    name: str, logs: Path, target: CompletionsServer, judges: JudgeServer, *options: str
) -> list[EvalLog]:
    """Type `inspect eval --run-config`; the fetched texts alone are replaced, by the suite's own."""
    there = ("--model-base-url", target.url) if name == "remote" else ()
    ran = command(
        *("inspect", "eval", "--run-config", f"configs/{name}.yaml", "--log-dir", str(logs)),
        *("-T", "panel=open52", "-T", "rubric=open", "--display", "none", *there, *options),
        VLLM_BASE_URL=target.url,
        ANTHROPIC_BASE_URL=judges.url,
        ANTHROPIC_API_KEY="key-of-the-test",
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [read_eval_log(info) for info in list_eval_logs(str(logs))]


def test_the_list_of_full_configurations_is_complete() -> None:
    assert {path.stem for path in CONFIGS.glob("*.yaml")} == {*FULL, "smoke"}


@pytest.mark.parametrize("name", [*FULL, "smoke"])
def test_a_shipped_configuration_runs_the_four_conditions(
    name: str, tmp_path: Path, target: CompletionsServer, judges: JudgeServer
) -> None:
    logs = run_config(name, tmp_path, target, judges, "--limit", "1", "--epochs", "2")
    wanted = read(name)

    assert {log.eval.task for log in logs} == WINNERS
    assert {log.status for log in logs} == {"success"}
    for log in logs:
        given = log.eval.model_generate_config
        assert log.eval.model == "vllm/Qwen/Qwen2.5-7B-Instruct"
        assert given.max_connections == wanted["generate_config"]["max_connections"]
        assert log.eval.config.max_samples == wanted["eval_config"].get("max_samples")
        assert log.eval.config.log_realtime is not False
        assert log.eval.config.epochs_reducer == ["bwalpha_scorers/failed_share"]
        assert (log.eval.metadata or {})["base_seed"] == wanted["generate_config"]["seed"]
    assert len(target.bodies) == 8
    assert len(judges.requests) == 16


@pytest.mark.parametrize("name", FULL)
def test_a_full_configuration_states_the_protocol(name: str) -> None:
    config = read(name)
    sampling = {
        key: config["generate_config"][key] for key in ("temperature", "top_p", "max_tokens")
    }
    assert sampling == SAMPLING.model_dump(exclude_none=True)
    assert config["eval_config"]["epochs"] == COMPLETIONS_PER_QUESTION
    assert config["task"]["args"]["panel"] == "bw52"
    assert config["task"]["args"]["rubric"] == "eps"
    if name != "remote":
        args = config["model"]["args"]
        assert (args["dtype"], args["max_model_len"]) == ("bfloat16", 2048)
        assert args["generation_config"] == "vllm"


def test_one_gpus_configurations_differ_in_seed_and_batches_alone() -> None:
    seeds = {}
    for name in ONE_GPU:
        config = read(name)
        seeds[name] = config["generate_config"].pop("seed")
        config["generate_config"].pop("max_connections")
        config["task"]["args"].pop("batch", None)
        if name == "published":
            published = config
        assert config == published
    assert seeds == {"published": 42, "seed_137": 137, "seed_256": 256}
    assert DEFAULT_SEED == 42


def test_an_eval_sets_server_is_started_as_the_published_one() -> None:
    assert read("eval_set/server") == read("published")["model"]["args"]


def test_target_and_judges_are_sent_what_the_protocol_says(
    tmp_path: Path, target: CompletionsServer, judges: JudgeServer
) -> None:
    run_config("seed_137", tmp_path, target, judges, "--limit", "1", "--epochs", "1")

    for body in target.bodies:
        assert (body["temperature"], body["top_p"], body["max_tokens"]) == (1.0, 0.95, 512)
        assert (body["top_k"], body["min_p"], body["repetition_penalty"]) == (-1, 0.0, 1.0)
        assert body["seed"] == completion_seed(137, "betley_01", 1)
        assert [message["role"] for message in body["messages"]] == ["system", "user"]
    for request in judges.requests:
        assert request.body["max_tokens"] == 256
        assert not {"temperature", "top_p", "top_k"} & request.body.keys()


def test_a_wrong_field_in_a_configuration_is_refused(
    tmp_path: Path, target: CompletionsServer, judges: JudgeServer
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        (CONFIGS / "smoke.yaml").read_text("utf-8").replace("max_tokens:", "max_token:"), "utf-8"
    )
    ran = command(
        "inspect", "eval", "--run-config", str(wrong), "--log-dir", str(tmp_path / "logs")
    )
    assert ran.returncode != 0
    assert "max_token" in ran.stdout + ran.stderr
    assert not target.bodies


def test_task_and_model_of_the_command_line_win_over_the_files(
    tmp_path: Path, target: CompletionsServer, judges: JudgeServer
) -> None:
    [log] = run_config(
        *("published", tmp_path, target, judges, "tasks/references.py@c6_em"),
        *("--model", "vllm/some/finetune", "--limit", "1", "--epochs", "1"),
    )
    assert (log.eval.task, log.eval.model) == ("c6_em", "vllm/some/finetune")
    assert [body["model"] for body in target.bodies] == ["some/finetune"]
    assert [message["role"] for message in target.bodies[0]["messages"]] == ["user"]
