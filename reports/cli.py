"""The ``bwalpha`` command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reports.lazy import LazyGroup

if TYPE_CHECKING:
    from rich.console import Console

    from reports.runs import Loaded

# Imported when used, and so are the libraries of the commands below: they take seconds to import.
ELSEWHERE = {
    "doctor": "reports.doctor:doctor",
    "run": "reports.running:run",
    "import": "exchange.commands:import_command",
    "export": "exchange.commands:export_command",
    "prompts": "exchange.commands:prompts_command",
}
SUMMARIES = {
    "doctor": "Say what a real run needs, whether it is there, and what it would cost.",
    "run": "Run conditions (and seeds) in several `inspect eval` processes, then print...",
    "import": "Make logs of the original scripts' alignment_*_detailed.json FILEs (or...",
    "export": "Write the LOGS (log files or folders) as files that others read.",
    "prompts": "Make a prompts folder of <condition>.txt FILEs and of JSON that holds a pinned...",
}
NARROW = 100
OUT = click.Path(file_okay=False, path_type=Path)


@click.group(cls=LazyGroup, lazy=ELSEWHERE, summaries=SUMMARIES)
def main() -> None:
    """From the suite's logs to the headline α, and in and out of other layouts."""


@main.command()
@click.argument("logs", nargs=-1, required=True)
@click.option("--out", type=OUT, help="Write JSON, Markdown, CSV and figures into this folder.")
def report(logs: tuple[str, ...], out: Path | None) -> None:
    """Print the headline table of the LOGS (log files or folders)."""
    from reports.build import build_headline
    from reports.tables import print_headline

    loaded = _load(logs)
    console = _console()
    headline = build_headline(loaded)
    print_headline(headline, console)
    if out is not None:
        # matplotlib takes longer to import than a report without figures takes to print.
        from reports.figures import draw_report
        from reports.written import read_headline, write_headline

        write_headline(headline, out)
        draw_report(read_headline(out / "headline.json"), out)
        console.print(f"written to {out}", soft_wrap=True, highlight=False)
    console.print(f"inspect view --log-dir {_folder(loaded)}", soft_wrap=True, highlight=False)


@main.command()
@click.option("--out", type=OUT, help="Draw the published figures into this folder.")
def reference(out: Path | None) -> None:
    """Print the published table, with no run at all."""
    from reports.published import published_rows, read_rules
    from reports.tables import print_published

    rows, rules, console = published_rows(), read_rules(), _console()
    print_published(rows, rules.gate, console)
    if out is not None:
        from reports.figures import draw_reference

        draw_reference(rows, rules.em_alpha, out)
        console.print(f"written to {out}", soft_wrap=True, highlight=False)


@main.command()
@click.argument("logs", nargs=-1, required=True)
@click.option("--out", type=OUT, required=True, help="A new folder, outside the LOGS.")
def bundle(logs: tuple[str, ...], out: Path) -> None:
    """Make a static site of the LOGS (files or folders), with the report beside it."""
    from reports.site import check_site_folder, make_site

    check_site_folder(logs, out)
    make_site(logs, _load(logs), out)
    _console().print(f"site in {out}, report in {out / 'report'}", soft_wrap=True, highlight=False)


def _load(logs: tuple[str, ...]) -> Loaded:
    from rich.console import Console
    from rich.progress import Progress

    from reports.load import load_runs

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
    if len(set(folders)) == 1 or any("://" in folder for folder in folders):
        return folders[0]
    common = Path(os.path.commonpath([os.path.abspath(folder) for folder in folders]))
    return str(common.relative_to(Path.cwd()) if common.is_relative_to(Path.cwd()) else common)


def _console() -> Console:
    """A console that never folds the table's numbers when the output is a file or a pipe."""
    from rich.console import Console

    if sys.stdout.isatty():
        return Console()
    return Console(width=max(NARROW, int(os.environ.get("COLUMNS", "0") or 0)))
