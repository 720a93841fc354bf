"""``bwalpha prompts``: verbatim texts out of search results."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared import FILES, one_line_errors

OUTPUT = click.Path(path_type=Path)


@click.command(name="prompts")
@FILES
@click.option("--out", type=OUTPUT, required=True, help="A new folder, for -T prompts=.")
def prompts_command(files: tuple[Path, ...], out: Path) -> None:
    """Make a prompts folder of <condition>.txt FILEs and of JSON that holds a pinned prompt."""
    with one_line_errors():
        from exchange.prompts import write_prompts

        found, warnings = write_prompts(files, out)
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)
        for name, prompt in found.items():
            click.echo(f"{name}: {prompt.place}")
    click.echo(f"-T prompts={out}")
