"""`inspect eval bwalpha/NAME` works from any folder."""

from pathlib import Path

import pytest
from inspect_ai import list_tasks
from inspect_ai.log import list_eval_logs, read_eval_log

from bwalpha._registry import TASKS
from tests.tasks.running import ROOT, command


def test_every_task_of_the_suite_has_a_registered_name() -> None:
    found = {(Path(t.file).stem, t.name) for t in list_tasks(["tasks"], root_dir=ROOT)}
    assert found == {(file, name) for file, names in TASKS.items() for name in names}


@pytest.mark.processes
def test_a_registered_task_runs_from_another_folder(tmp_path: Path) -> None:
    done = command(
        *("inspect", "eval", "bwalpha/grid_2", "--model", "simulated/target"),
        *("--model-role", "sonnet=simulated/judge"),
        *("--model-role", "opus=simulated/judge-lenient"),
        *("-T", "panel=open52", "-T", "rubric=open", "--epochs", "1", "--limit", "2"),
        *("--log-dir", "here", "--display", "plain"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [info] = list_eval_logs(str(tmp_path / "here"))
    log = read_eval_log(info, header_only=True)
    assert (log.status, (log.eval.metadata or {})["condition"]) == ("success", "grid_2")
