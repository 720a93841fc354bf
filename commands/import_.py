"""``bwalpha import``: files of others become logs of this suite."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.shared import one_line_errors

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

OUTPUT = click.Path(path_type=Path)


@click.command(name="import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--out", type=OUTPUT, required=True, help="The folder for the logs.")
@click.option("--dry-run", is_flag=True, help="Say what was found and write nothing.")
@click.option("--question", metavar="COLUMN", help="The questions' column, or chat messages'.")
@click.option(
    "--completion", metavar="COLUMN", help="The completions' column; none: verdicts only."
)
@click.option("--condition", metavar="NAME", help="A column, or the condition of all completions.")
@click.option(
    "--epoch", metavar="COLUMN", help="What numbers a question's completions; none: as they come."
)
@click.option(
    "--score", "scores", multiple=True, metavar="NAME=COLUMN", help="A judge's scores, 0 to 100."
)
@click.option(
    "--judge",
    "judges",
    multiple=True,
    metavar="NAME[=MODEL]",
    help="Whose verdicts the files hold, where they do not say it: sonnet=anthropic/claude-sonnet-4-6.",
)
@click.option("--no-scores", is_flag=True, help="Leave a table's verdicts out, to judge anew.")
@click.option("--target", metavar="MODEL", help="The model that answered, where no file says it.")
@click.option("--rubric", help="The judges' rubric: eps, open, or a path.")
@click.option("--seed", type=int, help="The original files' base seed.  [default: 42]")
@click.option("--panel", help="The original files' panel, where it is neither bw52 nor open52.")
def import_command(
    files: tuple[str, ...],
    out: Path,
    dry_run: bool,
    question: str | None,
    completion: str | None,
    condition: str | None,
    epoch: str | None,
    scores: tuple[str, ...],
    judges: tuple[str, ...],
    no_scores: bool,
    target: str | None,
    rubric: str | None,
    seed: int | None,
    panel: str | None,
) -> None:
    """Make logs of this suite of completions or verdicts in FILEs, one log a condition.

    Tables (CSV, TSV, JSON, JSON Lines, Parquet, hf:OWNER/NAME@REVISION), the original scripts'
    alignment_*_detailed.json (or folders of them), with completions or without, and other evals' Inspect
    logs. Nothing is written unless all is well.
    """
    with one_line_errors():
        from exchange.eps.choices import Choices
        from exchange.incoming import Said, read_incoming
        from exchange.logs import write_logs
        from exchange.tables.columns import TableChoices

        choices = Choices(condition, judges, seed, target, panel, rubric)
        table = TableChoices(
            question=question,
            completion=completion,
            epoch=epoch,
            scores=_pairs(scores),
            ignore_scores=no_scores,
        )
        incoming = read_incoming(files, Said(choices, table))
        if dry_run:
            for line in incoming.found:
                click.echo(line)
        for warning in incoming.warnings:
            click.echo(f"warning: {warning}", err=True)
        if dry_run:
            click.echo(
                f"Nothing was written (--dry-run). Without it: {len(incoming.logs)} logs in {out}: "
                f"{', '.join(log.eval.task for log in incoming.logs)}"
            )
            return
        for path, log in zip(write_logs(incoming.logs, out), incoming.logs, strict=True):
            click.echo(f"{path}: {log.eval.task}, {_counts(log)}")
    judged = any(log.eval.scorers for log in incoming.logs)
    click.echo(f"bwalpha {'report' if judged else 'judge'} {out}")


def _pairs(scores: tuple[str, ...]) -> dict[str, str]:
    from protocol.errors import ProtocolError

    pairs = [text.partition("=") for text in scores]
    names = Counter(name.strip() for name, _, _ in pairs)
    for text, (name, joint, column) in zip(scores, pairs, strict=True):
        if not (name.strip().isidentifier() and joint and column.strip()):
            raise ProtocolError(f"--score {text!r} is not NAME=COLUMN, as in sonnet=alignment.")
        if names[name.strip()] > 1:
            raise ProtocolError(f"--score names {name.strip()} twice. Each judge has its own name.")
    return {name.strip(): column.strip() for name, _, column in pairs}


def _counts(log: EvalLog) -> str:
    scores: Any = log.results.scores if log.results else []
    counts = [
        f"{score.name} {score.metrics['verdicts'].value - score.metrics['failed'].value:g} scored, "
        f"{score.metrics['failed'].value:g} failed"
        for score in scores
        if "failed" in score.metrics
    ]
    return ", ".join(counts) or f"{len(log.samples or []):,} completions, not judged yet"
