"""How many completions may be in flight at once."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.judge_server import JudgeServer
from tests.tasks.running import run_all

TASK = "alpha.py@grid_2"


def limit_in_log(model: str, logs: Path, **options: Any) -> int | None:
    [log] = run_all(TASK, logs, model=model, epochs=1, limit=1, **options)
    return log.plan.config.max_connections


@pytest.fixture
def _dead_server(monkeypatch: pytest.MonkeyPatch) -> None:
    # Closed at once: what is asked for is in the log before the target is.
    with JudgeServer() as server:
        monkeypatch.setenv("VLLM_BASE_URL", f"{server.url}/v1")


@pytest.mark.usefixtures("_dead_server")
def test_a_vllm_target_gets_as_many_requests_as_its_scheduler_can_run(tmp_path: Path) -> None:
    assert limit_in_log("vllm/any/model", tmp_path) == 1000


@pytest.mark.usefixtures("_dead_server")
def test_the_users_own_limit_wins(tmp_path: Path) -> None:
    assert limit_in_log("vllm/any/model", tmp_path, max_connections=7) == 7


def test_other_targets_keep_inspects_own_limit(tmp_path: Path) -> None:
    assert limit_in_log("simulated/target", tmp_path) is None
