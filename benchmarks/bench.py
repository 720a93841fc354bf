"""Everything that is claimed to be fast, measured: `make bench`, or `python -m benchmarks.bench PIECE...`.

Every figure is a count, or a ratio of two measurements of one run on one machine.
"""

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks import (
    four_conditions,
    memory_growth,
    report_growth,
    start_up,
    suite_cost,
)
from benchmarks.measured import Figure

PIECES: dict[str, Callable[[bool], list[Figure]]] = {
    piece.PIECE: piece.measure
    for piece in (suite_cost, four_conditions, report_growth, memory_growth, start_up)
}
RESULTS = Path(__file__).resolve().parent / "results"


@click.command()
@click.argument("pieces", nargs=-1, type=click.Choice(list(PIECES)))
@click.option("--full", is_flag=True, help="Full sizes and more rounds: most of an hour.")
@click.option(
    "--json",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the figures go. Default: a new file in benchmarks/results/.",
)
def main(pieces: tuple[str, ...], full: bool, path: Path | None) -> None:
    """Measure the PIECES, all of them by default, print a table and write JSON."""
    figures: list[Figure] = []
    took: dict[str, float] = {}
    for name in dict.fromkeys(pieces or PIECES):
        click.echo(f"measuring {name} ...", err=True)
        started = time.perf_counter()
        figures += PIECES[name](full)
        took[name] = round(time.perf_counter() - started, 1)
    console = Console()
    console.print(table(figures))
    path = path or RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record(figures, full, took), indent=1) + "\n", encoding="utf-8")
    console.print(f"written to {path}", soft_wrap=True, highlight=False)


def table(figures: list[Figure]) -> Table:
    """One row a figure; a target that is missed says so."""
    shown = Table("piece", "what", "figure", "target", title="ratios and counts, SIMULATED models")
    words = {None: "", True: "met", False: "MISSED"}
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        target = "" if figure.target is None else f"{sign} {figure.target:g} {words[figure.met]}"
        value = f"{figure.value:.2f}" if figure.value % 1 else f"{figure.value:.0f}"
        shown.add_row(figure.piece, figure.what, value, target)
    return shown


def record(figures: list[Figure], full: bool, took: dict[str, float]) -> dict[str, object]:
    """The figures with what they were measured on."""
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("bwalpha", "inspect-ai", "anthropic")},
        "full": full,
        "seconds a piece": took,
        "figures": [{**asdict(figure), "met": figure.met} for figure in figures],
    }


if __name__ == "__main__":
    main()
