"""The ``bwalpha`` command."""

from __future__ import annotations

import os
import sys

import click
from rich.console import Console
from rich.progress import Progress

from reports.build import build_headline
from reports.load import Loaded, load_runs
from reports.published import published_rows, read_rules
from reports.tables import print_headline, print_published

NARROW = 100


@click.group()
def main() -> None:
    """From the suite's logs to the headline α."""


@main.command()
@click.argument("logs", nargs=-1, required=True)
def report(logs: tuple[str, ...]) -> None:
    """Print the headline table of the LOGS (log files or folders)."""
    loaded = _load(logs)
    console = _console()
    print_headline(build_headline(loaded), console)
    console.print(f"inspect view --log-dir {_folder(loaded)}", soft_wrap=True, highlight=False)


@main.command()
def reference() -> None:
    """Print the published table, with no run at all."""
    print_published(published_rows(), read_rules().gate, _console())


def _load(logs: tuple[str, ...]) -> Loaded:
    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        bar = progress.add_task("reading logs", total=None)
        loaded = load_runs(
            logs, lambda done, total: progress.update(bar, completed=done, total=total)
        )
    if not loaded.runs:
        reasons = "; ".join(f"{log.location}: {log.reason}" for log in loaded.left_out)
        raise click.ClickException(f"no log of this suite to report on ({reasons})")
    return loaded


def _folder(loaded: Loaded) -> str:
    folders = [os.path.dirname(run.location) or "." for run in loaded.runs]
    return folders[0] if len(set(folders)) == 1 else os.path.commonpath(folders) or "."


def _console() -> Console:
    """A console that never folds the table's numbers when the output is a file or a pipe."""
    if sys.stdout.isatty():
        return Console()
    return Console(width=max(NARROW, int(os.environ.get("COLUMNS", "0") or 0)))
