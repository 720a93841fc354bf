"""A run sets the garbage collector; each case is a process of its own, which keeps what was set."""

import json
import sys

import pytest

from tasks.gc_tuning import GEN0_THRESHOLD
from tests.tasks.running import command

pytestmark = pytest.mark.processes

RUN = """
import gc, json, sys, tempfile
from inspect_ai import eval
{before}
found = gc.get_threshold()
with tempfile.TemporaryDirectory() as logs:
    logs = eval(
        "tasks/alpha.py@grid_2", model="simulated/target", epochs=1, limit=1, log_dir=logs,
        model_roles=dict(sonnet="simulated/judge", opus="simulated/judge-lenient"),
        task_args=dict(panel="open52", rubric="open"), display="none", log_realtime=False,
    )
said = dict(
    status=logs[0].status, found=found, set=gc.get_threshold(), frozen=gc.get_freeze_count(),
    enabled=gc.isenabled(),
)
print(json.dumps(said))
"""


def run_after(before: str) -> dict[str, object]:
    """Run a sample in a process that did something to its collector first."""
    done = command(sys.executable, "-c", RUN.format(before=before))
    assert done.returncode == 0, done.stderr
    said: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    assert said.pop("status") == "success"
    return said


def test_a_run_collects_seldom_and_never_what_was_imported() -> None:
    said = run_after("")

    assert isinstance(said["found"], list)
    assert said["set"] == [GEN0_THRESHOLD, *said["found"][1:]]
    assert isinstance(said["frozen"], int)
    assert said["frozen"] > 100_000
    assert said["enabled"] is True


@pytest.mark.parametrize(
    "before",
    ["gc.disable()", "gc.set_threshold(0, 5, 5)", "gc.set_threshold(50_000, 5, 5)"],
    ids=["off", "never", "more seldom"],
)
def test_a_collector_that_the_user_set_stays_as_it_is(before: str) -> None:
    said = run_after(before)

    assert said["set"] == said["found"]
    assert said["frozen"] == 0
    assert said["enabled"] is ("disable" not in before)
