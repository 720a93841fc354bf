"""``bwalpha import``: files of others become logs of this suite."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared import FILES, one_line_errors

OUTPUT = click.Path(path_type=Path)


@click.command(name="import")
@FILES
@click.option("--out", type=OUTPUT, required=True, help="The folder for the logs.")
@click.option("--condition", metavar="NAME", help="The files' condition, where they do not say it.")
@click.option(
    "--judge",
    "judges",
    multiple=True,
    metavar="NAME[=MODEL]",
    help="A file's judge, where it does not say it: sonnet=anthropic/claude-sonnet-4-5-20250929.",
)
@click.option("--seed", type=int, help="The run's seed.  [default: 42]")
@click.option("--target", metavar="MODEL", help="The model, for re-judged files by themselves.")
@click.option("--panel", help="The files' panel, where it is neither bw52 nor open52.")
@click.option("--rubric", help="The judges' rubric, where it is not the source's (eps).")
def import_command(
    files: tuple[Path, ...],
    out: Path,
    condition: str | None,
    judges: tuple[str, ...],
    seed: int | None,
    target: str | None,
    panel: str | None,
    rubric: str | None,
) -> None:
    """Make logs of the original scripts' alignment_*_detailed.json FILEs (or folders of them).

    Files of one condition by different judges become one log. Nothing is written unless all is well.
    """
    with one_line_errors():
        from exchange.eps.choices import Choices
        from exchange.eps.importing import import_files

        choices = Choices(condition, judges, seed, target, panel, rubric)
        made = import_files(files, out, choices)
        for imported in made:
            for warning in imported.warnings:
                click.echo(f"warning: {warning}", err=True)
            counts = ", ".join(
                f"{score.name} {score.metrics['verdicts'].value - score.metrics['failed'].value:g} scored, "
                f"{score.metrics['failed'].value:g} failed"
                for score in (imported.log.results.scores if imported.log.results else [])
                if "failed" in score.metrics
            )
            click.echo(f"{imported.path}: {imported.log.eval.task}, {counts}")
    click.echo(f"bwalpha report {out}")
