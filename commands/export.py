"""``bwalpha export``: runs as files that others read."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared import one_line_errors

OUTPUT = click.Path(path_type=Path)


@click.command(name="export")
@click.argument("logs", nargs=-1, required=True)
@click.option(
    "--format",
    "layout",
    type=click.Choice(["eps", "dataset", "table"]),
    required=True,
    help="The original scripts' files, a Hugging Face data set in Parquet, or one table.",
)
@click.option(
    "--out", type=OUTPUT, required=True, help="A new folder; a .csv, .jsonl or .parquet (table)."
)
@click.option("--columns", metavar="A,B,...", help="Only these columns (table).")
@click.option("--with-questions", is_flag=True, help="Keep the fetched panel's texts (dataset).")
@click.option("--push", "push_to", metavar="OWNER/NAME", help="Also upload to the Hub (dataset).")
def export_command(
    logs: tuple[str, ...],
    layout: str,
    out: Path,
    columns: str | None,
    with_questions: bool,
    push_to: str | None,
) -> None:
    """Write the LOGS (log files or folders) as files that others read."""
    if layout != "table" and columns is not None:
        raise click.UsageError("--columns goes with --format table only.")
    if layout != "dataset" and (with_questions or push_to):
        option = "--with-questions" if with_questions else "--push"
        raise click.UsageError(f"{option} goes with --format dataset only.")
    with one_line_errors():
        from exchange.folders import check_new
        from protocol.errors import ProtocolError
        from reports.judge_figures import printable
        from runs.load import load_runs

        if layout != "table":
            check_new(out)
        loaded = load_runs(logs)
        for log in (*loaded.skipped, *loaded.replaced):
            click.echo(printable(f"left out: {log.location}: {log.reason}"), err=True)
        if not loaded.runs:
            raise ProtocolError("There is no log of this suite to export.")
        for run in loaded.runs:
            for judge in run.judges.values():
                failed = sum(judge.failures.values())
                if failed * 5 > len(run.clusters):
                    click.echo(
                        f"warning: {printable(run.condition)}, {printable(judge.judge)}: {failed} of "
                        f"{len(run.clusters)} verdicts "
                        "failed, past the protocol's 20 %",
                        err=True,
                    )
        if layout == "eps":
            from exchange.eps.exporting import export_original

            written = export_original(loaded.runs, out)
        elif layout == "table":
            from exchange.tables.exporting import export_table

            written = [export_table(loaded.runs, out, columns)]
        else:
            from exchange.dataset.export import export_dataset, is_hub_name, push

            if push_to is not None and not is_hub_name(push_to):
                raise ProtocolError(f"--push {push_to!r} is not owner/name.")
            written = export_dataset(loaded.runs, out, with_questions)
        for path in written:
            click.echo(path)
        if layout == "dataset" and push_to is not None:
            click.echo(push(out, push_to))
