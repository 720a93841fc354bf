"""Instructions a sample, the suite over the barest task: what `cpu` measures, without a clock.

CPU time scatters by several per cent on a shared machine; the instructions that valgrind counts repeat to
half a per cent. They are no time: one that waits for memory counts like one that does not. Each figure is
a difference of two runs, so that start-up counts for neither.

Run as `python -m benchmarks.instructions`; it takes minutes.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
from rich.console import Console

from benchmarks.bench import table
from benchmarks.measured import Figure

QUESTIONS = 52
SHORT, LONG = 2, 8
# Live metrics come at set times, and a run under valgrind takes many times as long.
OPTIONS = {"log_realtime": False, "score_display": False}
# The barest task also with the garbage collector set as the suite sets it.
TASKS = {"suite": ["suite"], "bare": ["bare"], "bare, seldom": ["bare", "--seldom"]}
COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")


def instructions(what: str, epochs: int) -> int:
    """Count the instructions of one run in a process of its own.

    Raises:
        RuntimeError: The run failed, or valgrind did not count it.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "counted.txt"
        done = subprocess.run(
            [
                *("valgrind", "--tool=cachegrind", "--cache-sim=no"),
                *(f"--cachegrind-out-file={folder}/lines.txt", f"--log-file={log}"),
                *(sys.executable, "-m", "benchmarks.one_run", *TASKS[what]),
                *("--epochs", str(epochs)),
                *("--options", json.dumps(OPTIONS)),
            ],
            # Python's own sets and dicts would otherwise be laid out anew in each run.
            env=os.environ | {"PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
        )
        counted = COUNTED.findall(log.read_text()) if log.is_file() else []
    if done.returncode or not counted:
        raise RuntimeError(f"{what} was not counted:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return int(counted[-1].replace(",", ""))


def measure(at_once: int) -> list[Figure]:
    """Count a short and a long run of the suite and of the barest task, as it is and collecting alike."""
    runs = [(what, epochs) for what in TASKS for epochs in (SHORT, LONG)]
    with ThreadPoolExecutor(at_once) as pool:
        counts = dict(zip(runs, pool.map(lambda run: instructions(*run), runs), strict=True))
    more = QUESTIONS * (LONG - SHORT)
    each = {what: (counts[what, LONG] - counts[what, SHORT]) / more / 1e6 for what in TASKS}
    raw = {"million a sample": each}
    alike = each["suite"] / each["bare, seldom"]
    return [
        Figure("instructions", "suite / barest", each["suite"] / each["bare"], 1.10, raw=raw),
        Figure("instructions", "suite / barest with the suite's collector", alike),
    ]


@click.command()
@click.option("--at-once", default=2, help="Runs side by side; it changes no count.")
def main(at_once: int) -> None:
    """Print the ratio and the counts it rests on."""
    if shutil.which("valgrind") is None:
        raise click.ClickException("valgrind is not installed; `make bench BENCH=cpu` needs none.")
    figures = measure(at_once)
    console = Console()
    console.print(table(figures))
    console.print_json(json.dumps(figures[0].raw))


if __name__ == "__main__":
    main()
