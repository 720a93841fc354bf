"""``bwalpha report``: the headline of any logs."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared import NEW_FOLDER, common_folder, load, table_console


@click.command()
@click.argument("logs", nargs=-1, required=True)
@click.option(
    "--out", type=NEW_FOLDER, help="Write JSON, Markdown, CSV and figures into this folder."
)
def report(logs: tuple[str, ...], out: Path | None) -> None:
    """Print the headline table of the LOGS (log files or folders)."""
    from reports.build import build_headline
    from reports.tables import print_headline

    loaded = load(logs)
    console = table_console()
    headline = build_headline(loaded)
    if out is not None:
        # Written before it is printed, so that `| head` loses nothing.
        from reports.figures import draw_report
        from reports.writers import read_headline, write_headline

        write_headline(headline, out)
        draw_report(read_headline(out / "headline.json"), out)
    print_headline(headline, console)
    if out is not None:
        console.print(f"written to {out}", soft_wrap=True, highlight=False)
    console.print(
        f"inspect view --log-dir {common_folder(loaded)}", soft_wrap=True, highlight=False
    )
