"""``bwalpha verify``: is every number of a write-up in the report?"""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared import load, one_line_errors


@click.command()
@click.argument("text", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("logs", nargs=-1, required=True, metavar="LOGS|headline.json")
@click.option("--compare", "pairs", multiple=True, metavar="A:B", help="As in `bwalpha report`.")
@click.option("--margin", type=click.FloatRange(0, 100, min_open=True), help="As there.")
def verify(text: Path, logs: tuple[str, ...], pairs: tuple[str, ...], margin: float | None) -> None:
    """Look up every number of the Markdown file TEXT in the report of the LOGS, or in its headline.json.

    Numbers in code, links, dates and versions are passed over. Exit status 1 when one is not found.
    """
    from pydantic import ValidationError

    from reports.build import build_headline
    from reports.differences import Asked
    from reports.judge_figures import printable
    from reports.verify import verify as look_up
    from reports.writers import read_headline

    with one_line_errors():
        if len(logs) == 1 and Path(logs[0]).name.endswith("headline.json"):
            try:
                headline = read_headline(Path(logs[0]))
            except ValidationError as error:
                raise click.ClickException(
                    f"{logs[0]} is no headline.json of this version; write it again with bwalpha report"
                ) from error
        else:
            headline = build_headline(load(logs), Asked(pairs, margin))
        found, missing = look_up(text.read_text(encoding="utf-8"), headline)
    for one in missing:
        nearest = (
            "stands nowhere"
            if one.nearest is None
            else f"differs from {one.nearest:g} ({one.where})"
        )
        click.echo(printable(f"{text.name}:{one.line}: {one.text} {nearest}"))
    click.echo(f"{found} numbers found, {len(missing)} not")
    if missing:
        raise SystemExit(1)
