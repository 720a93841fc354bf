"""One run in a process of its own, which says what it cost: run as `python -m benchmarks.one_run`.

A first run of a few samples pays for imports and first uses, so that the second one's CPU time is the
samples' alone.
"""

import json
import os
import resource
import tempfile
import time
from typing import Any

import click
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog

from tasks.gc_tuning import tune_gc

TASKS = {"suite": "tasks/alpha.py@grid_2", "bare": "benchmarks/barest.py@barest"}
ARGS = {"suite": {"panel": "open52", "rubric": "open"}, "bare": {}}
ROLES = {"sonnet": "simulated/judge", "opus": "simulated/judge-lenient"}


def run(what: str, logs: str, epochs: int, options: dict[str, Any]) -> EvalLog:
    """Run one condition with simulated models."""
    [log] = inspect_eval(
        TASKS[what],
        task_args=ARGS[what],
        model="simulated/target",
        model_roles=dict(ROLES),
        log_dir=logs,
        display="none",
        epochs=epochs,
        **options,
    )
    assert log.status == "success", log.error
    return log


def spent() -> float:
    """Seconds of CPU of this process, its threads and its children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@click.command()
@click.argument("what", type=click.Choice(list(TASKS)))
@click.option("--epochs", default=20)
@click.option("--options", default="{}", help="More arguments of inspect_ai.eval, as JSON.")
@click.option("--seldom", is_flag=True, help="Set the garbage collector as the suite sets it.")
def main(what: str, epochs: int, options: str, seldom: bool) -> None:
    """Print CPU seconds, wall seconds, samples and peak memory as one line of JSON."""
    given = json.loads(options)
    with tempfile.TemporaryDirectory() as logs:
        run(what, logs, 1, given | {"limit": 5})
        if seldom:
            tune_gc()
        cpu, wall = spent(), time.perf_counter()
        log = run(what, logs, epochs, given)
        cost = {"cpu": spent() - cpu, "wall": time.perf_counter() - wall}
    assert log.results is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(cost | {"samples": log.results.completed_samples, "peak_mb": peak}))


if __name__ == "__main__":
    main()
