"""``bwalpha published``: the published real cells as logs, with their report."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared import NEW_FOLDER, load, one_line_errors, table_console


@click.command()
@click.option(
    "--out",
    type=NEW_FOLDER,
    default=Path("published"),
    show_default=True,
    help="The folder for the logs and the report.",
)
def published(out: Path) -> None:
    """Import the 143 published real conditions and report them: no key, no GPU, no simulation.

    Completions of Qwen2.5-7B-Instruct and twelve finetunes, judged by the registered primary judge.
    The pinned files are fetched; logs that are there already are reported without being made again.
    """
    with one_line_errors():
        from rich.console import Console
        from rich.progress import Progress

        from exchange.eps.anchors import read_cell
        from exchange.eps.published_logs import check_means, published_logs
        from exchange.logs import write_logs
        from protocol.anchors import cells
        from protocol.errors import ProtocolError

        logs = out / "logs"
        there = sorted(logs.glob("*.eval")) if logs.is_dir() else []
        errors = Console(stderr=True)
        with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
            reading = progress.add_task("reading cells", total=None)
            conditions = []
            every = cells()
            for number, cell in enumerate(every, start=1):
                conditions += read_cell(cell)
                progress.update(reading, completed=number, total=len(every))
            if there and len(there) != len(conditions):
                raise ProtocolError(
                    f"{logs} holds {len(there)} logs and not the {len(conditions)} published ones. Name "
                    "another folder with --out."
                )
            if not there:
                writing = progress.add_task("writing logs", total=len(conditions))
                made = published_logs(conditions)
                write_logs(made, logs, lambda done: progress.update(writing, completed=done))
        loaded = load((str(logs),))
        largest = check_means(loaded.runs, conditions)

        from reports.build import build_headline
        from reports.published_cells import cell_points, draw_cells, print_cells
        from reports.writers import write_headline

        headline = build_headline(loaded)
        folder = out / "report"
        write_headline(headline, folder)
        points = cell_points(headline)
        draw_cells(points, folder)
    console = table_console()
    print_cells(points, console)
    console.print(
        f"every α and coherence equals its published mean (largest difference {largest:.1e})",
        soft_wrap=True,
        highlight=False,
    )
    console.print(f"written to {folder}", soft_wrap=True, highlight=False)
    console.print(f"inspect view --log-dir {logs}", soft_wrap=True, highlight=False)
