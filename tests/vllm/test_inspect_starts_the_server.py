"""The shipped smoke run, for which Inspect starts `vllm serve` itself."""

import re
from pathlib import Path

import httpx
import pytest
from inspect_ai.log import list_eval_logs, read_eval_log

from tests.tasks.running import command
from tests.vllm.conftest import WHOLE_PROMPTS

pytestmark = pytest.mark.vllm


def test_one_server_is_started_for_the_four_conditions_and_ended_with_the_run(
    tiny: Path, tmp_path: Path
) -> None:
    ran = command(
        *("inspect", "eval", "--run-config", "configs/smoke.yaml", "--log-dir", str(tmp_path)),
        *("--model", f"vllm/{tiny}", "-M", "host=127.0.0.1"),
        *("-M", f"{WHOLE_PROMPTS.removeprefix('--').replace('-', '_')}=true"),
        *("--model-role", "sonnet=simulated/judge", "--model-role", "opus=simulated/judge-lenient"),
        *("--display", "plain", "--log-level", "info"),
    )
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said[-8000:]

    logs = [read_eval_log(info) for info in list_eval_logs(str(tmp_path))]
    assert sorted(log.eval.task for log in logs) == ["grid_1", "grid_2", "grid_3", "pair_111"]
    assert {log.status for log in logs} == {"success"}, said[-8000:]
    assert [len(log.samples or []) for log in logs] == [8, 8, 8, 8]
    assert {log.eval.model for log in logs} == {f"vllm/{tiny}"}
    [command_line] = re.findall(r"Started server with command: (.*(?:\n(?!\[).*)*)", said)
    for argument in ("--dtype bfloat16", "--max-model-len 2048", "--generation-config vllm"):
        assert argument in " ".join(command_line.split())
    assert "max_model_len=2048" in said
    [port] = re.findall(r"--port (\d+)", " ".join(command_line.split()))
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/v1/models")
