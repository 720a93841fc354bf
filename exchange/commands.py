"""The commands `bwalpha import`, `bwalpha export` and `bwalpha prompts`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

FILES = click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
OUT = click.Path(path_type=Path)


@click.command(name="import")
@FILES
@click.option("--out", type=OUT, required=True, help="The folder for the logs.")
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
    with _one_line():
        from exchange.choices import Choices
        from exchange.importing import import_files

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


@click.command(name="export")
@click.argument("logs", nargs=-1, required=True)
@click.option(
    "--format",
    "layout",
    type=click.Choice(["eps", "dataset"]),
    required=True,
    help="The original scripts' files, or a Hugging Face data set in Parquet.",
)
@click.option("--out", type=OUT, required=True, help="A new folder.")
@click.option("--with-questions", is_flag=True, help="Keep the fetched panel's texts (dataset).")
@click.option("--push", "push_to", metavar="OWNER/NAME", help="Also upload to the Hub (dataset).")
def export_command(
    logs: tuple[str, ...], layout: str, out: Path, with_questions: bool, push_to: str | None
) -> None:
    """Write the LOGS (log files or folders) as files that others read."""
    if layout == "eps" and (with_questions or push_to):
        option = "--with-questions" if with_questions else "--push"
        raise click.UsageError(f"{option} goes with --format dataset only.")
    with _one_line():
        from exchange.folders import check_new
        from protocol.errors import ProtocolError
        from reports.load import load_runs

        check_new(out)
        loaded = load_runs(logs)
        for log in (*loaded.left_out, *loaded.replaced):
            click.echo(f"left out: {log.location}: {log.reason}", err=True)
        if not loaded.runs:
            raise ProtocolError("There is no log of this suite to export.")
        for run in loaded.runs:
            for judge in run.judges.values():
                failed = sum(judge.failures.values())
                if failed * 5 > len(run.clusters):
                    click.echo(
                        f"warning: {run.condition}, {judge.judge}: {failed} of {len(run.clusters)} verdicts "
                        "failed, past the protocol's 20 %",
                        err=True,
                    )
        if layout == "eps":
            from exchange.exporting import export_original

            written = export_original(loaded.runs, out)
        else:
            from exchange.dataset import export_dataset, is_hub_name, push

            if push_to is not None and not is_hub_name(push_to):
                raise ProtocolError(f"--push {push_to!r} is not owner/name.")
            written = export_dataset(loaded.runs, out, with_questions)
        for path in written:
            click.echo(path)
        if layout == "dataset" and push_to is not None:
            click.echo(push(out, push_to))


@click.command(name="prompts")
@FILES
@click.option("--out", type=OUT, required=True, help="A new folder, for -T prompts=.")
def prompts_command(files: tuple[Path, ...], out: Path) -> None:
    """Make a prompts folder of <condition>.txt FILEs and of JSON that holds a pinned prompt.

    A FILE may be a folder of them. In JSON a text is known by its pinned hash, wherever it stands.
    """
    with _one_line():
        from exchange.prompts import write_prompts

        found, warnings = write_prompts(files, out)
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)
        for name, prompt in found.items():
            click.echo(f"{name}: {prompt.place}")
    click.echo(f"-T prompts={out}")


@contextmanager
def _one_line() -> Iterator[None]:
    # Imported here, as in the commands: Inspect takes seconds to import.
    from protocol.errors import ProtocolError

    try:
        yield
    except ProtocolError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'a file'}: {error.strerror}") from error
