"""``bwalpha reference``: the published table and figure, with no run at all."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared import NEW_FOLDER, table_console


@click.command()
@click.option("--out", type=NEW_FOLDER, help="Draw the published figures into this folder.")
def reference(out: Path | None) -> None:
    """Print the published table, with no run at all."""
    from protocol.later_figures import later_figures
    from reports.published import published_rows, read_rules
    from reports.tables import print_later, print_published

    rows, rules, console = published_rows(), read_rules(), table_console()
    if out is not None:
        from reports.figures import draw_reference

        draw_reference(rows, rules.em_alpha, out)
    print_published(rows, rules.gate, console)
    print_later(later_figures(), console)
    if out is not None:
        console.print(f"written to {out}", soft_wrap=True, highlight=False)
