"""``bwalpha reread``: logs of an older comparability under today's rules."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import click

from commands.shared import one_line_errors

OUTPUT = click.Path(file_okay=False, path_type=Path)
CHANGES = "changed_verdicts.csv"


@click.command(name="reread")
@click.argument("logs", nargs=-1, required=True)
@click.option("--out", type=OUTPUT, required=True, help="A folder for the new logs.")
def reread_command(logs: tuple[str, ...], out: Path) -> None:
    """Read the stored replies of older LOGS again under today's rules; nobody is asked.

    The old logs stay as they are. Which verdicts changed is said here by kind, and one by one in
    changed_verdicts.csv.
    """
    with one_line_errors():
        from protocol.errors import ProtocolError
        from runs.load import find_logs
        from runs.reread import reread

        if out.exists() and any(out.iterdir()):
            raise ProtocolError(f"{out} is not empty. Give a new folder.")
        files, missing = find_logs(logs)
        for log in missing:
            click.echo(f"left out: {log.location}: {log.reason}", err=True)
        made = []
        for file in files:
            try:
                made.append(reread(file, out))
            except ProtocolError as error:
                click.echo(f"left out: {error}", err=True)
        if not made:
            raise ProtocolError("There is no log here that could be read again.")
        with (out / CHANGES).open("w", encoding="utf-8", newline="") as file_out:
            rows = csv.writer(file_out)
            rows.writerow(["log", "judge", "question", "epoch", "before", "after"])
            for log_done in made:
                rows.writerows(
                    [log_done.written.name, c.judge, c.question, c.epoch, c.before, c.after]
                    for c in log_done.changes
                )
        for log_done in made:
            click.echo(
                f"{log_done.source} -> {log_done.written}: {log_done.verdicts:,} verdicts, "
                f"{len(log_done.changes):,} changed"
            )
            kinds = Counter((c.judge, _kind(c.before), _kind(c.after)) for c in log_done.changes)
            for (judge, before, after), count in sorted(kinds.items()):
                click.echo(f"  {judge}: {before} -> {after}: {count:,}")
            for what, count in sorted(log_done.unknown.items()):
                click.echo(f"  not known, {count:,} times: {what}")
        click.echo(f"each changed verdict: {out / CHANGES}")


def _kind(said: str) -> str:
    return "a number" if said.replace(".", "", 1).replace("-", "", 1).isdigit() else said
