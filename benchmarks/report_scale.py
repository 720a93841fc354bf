"""Wall time and peak memory of `bwalpha report` over many logs.

    python -m benchmarks.report_scale [--seeds 3] [--folder FOLDER]

Three seeds of the four conditions are 12 logs with 12,480 samples. The command runs in a process of
its own, tied to two cores where the system can do that, and the report is written with all figures.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click

from benchmarks.made_runs import make_runs

CORES = 2


def measure(folder: Path, out: Path) -> tuple[float, float]:
    """Seconds and peak MiB of one report over every log under a folder."""

    def two_cores() -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])

    command = [sys.executable, "-c", "from commands.main import main; main()"]
    started = time.perf_counter()
    # One child of this process only, so its peak is the largest of all children.
    subprocess.run(
        [*command, "report", str(folder), "--out", str(out)],
        check=True,
        stdout=subprocess.DEVNULL,
        preexec_fn=two_cores,
    )
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return seconds, peak / (2**20 if sys.platform == "darwin" else 2**10)


@click.command()
@click.option("--seeds", default=3, show_default=True, help="Four logs each.")
@click.option("--epochs", default=20, show_default=True, help="Completions a question.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), help="Keep the logs here."
)
def main(seeds: int, epochs: int, folder: Path | None) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        place = folder or Path(temporary) / "logs"
        logs = make_runs(place, seeds, epochs)
        seconds, peak = measure(place, Path(temporary) / "report")
    click.echo(
        f"{datetime.now(UTC):%Y-%m-%d}: bwalpha report over {len(logs)} SIMULATED logs, "
        f"{len(logs) * 52 * epochs:,} samples: {seconds:.1f} s, peak {peak:.0f} MiB, {CORES} cores, "
        f"Python {platform.python_version()}, inspect-ai {version('inspect-ai')}"
    )


if __name__ == "__main__":
    main()
