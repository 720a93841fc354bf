"""``bwalpha bundle``: logs as a static site, with their report beside it."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared import NEW_FOLDER, load, table_console


@click.command()
@click.argument("logs", nargs=-1, required=True)
@click.option("--out", type=NEW_FOLDER, required=True, help="A new folder, outside the LOGS.")
def bundle(logs: tuple[str, ...], out: Path) -> None:
    """Make a static site of the LOGS (files or folders), with the report beside it."""
    from commands.site import check_site_folder, make_site

    check_site_folder(logs, out)
    make_site(logs, load(logs), out)
    table_console().print(
        f"site in {out}, report in {out / 'report'}", soft_wrap=True, highlight=False
    )
