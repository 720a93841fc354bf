"""How near `bwalpha judge` comes to the bound that the judges' latency and the connections set.

One command asks two judges about finished logs; the judges' server is a process of its own. From the first
call to the last answer no schedule can take less than `completions / connections` times the latency. Before
and after it the command reads logs, and writes scores into them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from inspect_ai import eval as inspect_eval

from benchmarks.lean_judges import lean_judges

JUDGES = {"sonnet": "anthropic/claude-sonnet-4-6", "opus": "anthropic/claude-opus-4-7"}
QUESTIONS = 52


@click.command()
@click.option("--logs", default=4, show_default=True)
@click.option("--completions", default=1040, show_default=True, help="In each log.")
@click.option("--latency", default=1.0, show_default=True, help="Seconds a verdict takes.")
@click.option(
    "--connections", default=100, show_default=True, help="Calls at once, for each judge."
)
@click.option(
    "--kept", type=click.Path(path_type=Path), help="A folder that keeps the unjudged logs."
)
def main(logs: int, completions: int, latency: float, connections: int, kept: Path | None) -> None:
    """Measure, and print one line."""
    os.environ |= {"ANTHROPIC_API_KEY": "none"}
    with lean_judges(latency) as server, tempfile.TemporaryDirectory() as folder:
        os.environ["ANTHROPIC_BASE_URL"] = server.url
        unjudged = kept or Path(folder) / "unjudged"
        if not unjudged.exists():
            generate(unjudged, logs, completions // QUESTIONS)
        shutil.copytree(unjudged, Path(folder) / "logs")
        bwalpha = Path(sys.executable).with_name("bwalpha")
        command = [bwalpha, "judge", f"{folder}/logs", "--yes"]
        before = os.times()
        started = time.perf_counter()
        subprocess.run([*command, "--connections", str(connections)], check=True)
        whole = time.perf_counter() - started
        seen, used = server.stats(), os.times()
    assert sum(seen["calls"].values()) == len(JUDGES) * logs * completions, seen["calls"]
    bound = logs * completions / connections * latency
    after = seen["clock"] - seen["first"] - seen["span"]
    cpu = used.children_user + used.children_system - before.children_user - before.children_system
    print(
        f"{logs} logs of {completions} completions, {len(JUDGES)} judges, {connections} calls at once to "
        f"each: bound {bound:.1f} s; first call to last answer {seen['span']:.1f} s = "
        f"{seen['span'] / bound:.2f} x; whole command {whole:.1f} s = {whole / bound:.2f} x, of it "
        f"{whole - seen['span'] - after:.1f} s before and {after:.1f} s after; CPU {cpu:.1f} s"
    )


def generate(folder: Path, logs: int, epochs: int) -> None:
    """Make finished logs without verdicts."""
    for seed in range(logs):
        [log] = inspect_eval(
            "tasks/alpha.py@grid_2",
            task_args={"panel": "open52", "rubric": "open", "seed": seed},
            model="simulated/target",
            model_roles=dict(JUDGES),
            log_dir=str(folder),
            display="none",
            epochs=epochs,
            score=False,
            log_realtime=False,
        )
        assert log.status == "success", log.error


if __name__ == "__main__":
    main()
