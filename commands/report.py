"""``bwalpha report``: the headline of any logs."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared import NEW_FOLDER, common_folder, load, one_line_errors, table_console


@click.command()
@click.argument("logs", nargs=-1, required=True)
@click.option(
    "--out", type=NEW_FOLDER, help="Write JSON, Markdown, CSV and figures into this folder."
)
@click.option(
    "--compare",
    "pairs",
    multiple=True,
    metavar="A:B",
    help="Also compare condition A with condition B; as often as you like.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 100, min_open=True),
    help="Also test whether compared conditions lie within this many points of each other.",
)
@click.option("--published", is_flag=True, help="Show the published rows in any case.")
def report(
    logs: tuple[str, ...],
    out: Path | None,
    pairs: tuple[str, ...],
    margin: float | None,
    published: bool,
) -> None:
    """Print the headline table of the LOGS (log files or folders)."""
    from reports.build import build_headline
    from reports.differences import Asked
    from reports.tables import print_headline, say

    loaded = load(logs)
    console = table_console()
    with one_line_errors():
        headline = build_headline(loaded, Asked(pairs, margin), published)
        if out is not None:
            # Written before it is printed, so that `| head` loses nothing.
            from reports.writers import write_report

            write_report(headline, out)
    print_headline(headline, console)
    if out is not None:
        say(console, f"written to {out}", soft_wrap=True)
    say(console, f"inspect view --log-dir {common_folder(loaded)}", soft_wrap=True)
