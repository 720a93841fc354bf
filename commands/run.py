"""``bwalpha run``: the four conditions in several processes, one folder of logs, one report."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from commands.workers import Outcome, Workers, command, shares

ALPHA = Path(__file__).resolve().parent.parent / "tasks" / "alpha.py"
CONDITIONS = ("pair_111", "grid_1", "grid_2", "grid_3")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_seeds(ctx: click.Context, option: click.Parameter, given: str | None) -> list[int]:
    """Read `--seeds`: whole numbers separated by commas, each once."""
    if given is None:
        return []
    try:
        seeds = [int(part) for part in given.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"{given!r} is not whole numbers separated by commas, for example 42,137,256."
        ) from None
    if len(set(seeds)) < len(seeds):
        raise click.BadParameter(f"{given!r} names a seed twice.")
    return seeds


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes at once. Default: one a core, at most one a condition and seed.",
)
@click.option(
    "--task",
    "tasks",
    multiple=True,
    metavar="FILE.py@NAME",
    help="A task to run, any number of times. Default: the four of tasks/alpha.py.",
)
@click.option("--seeds", callback=read_seeds, help="Base seeds separated by commas: 42,137,256.")
@click.option(
    "--log-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the logs. Default: a new one in logs/.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run(
    ctx: click.Context,
    workers: int | None,
    tasks: tuple[str, ...],
    seeds: list[int],
    log_dir: Path | None,
    options: tuple[str, ...],
) -> None:
    """Run conditions (and seeds) in several `inspect eval` processes, then print one report.

    One process has one core's worth of Python: about 40 to 70 completions a second with both judges. All
    OPTIONS that are not listed here are handed to every `inspect eval`. Each process has its own
    limit of calls in flight to a judge.
    """
    names = tasks or tuple(f"{os.path.relpath(ALPHA)}@{name}" for name in CONDITIONS)
    workers = workers or min(cores(), len(names) * max(1, len(seeds)))
    parts = shares(names, seeds, workers)
    refuse_own_servers(options, len(parts))
    folder = log_dir or Path("logs") / f"run-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(f"{len(parts)} processes, {min(workers, len(parts))} at once, logs in {folder}")
    jobs = [
        (part, command(part, folder, options), folder / f"worker-{number}.txt")
        for number, part in enumerate(parts, start=1)
    ]
    started = time.monotonic()
    try:
        outcomes = Workers(workers, click.echo).run(jobs)
    except KeyboardInterrupt:
        unfinished = shlex.join(unfinished_logs(folder))
        todo = f"; to go on: inspect eval-retry {unfinished} --log-dir {shlex.quote(str(folder))}"
        raise click.ClickException(
            f"interrupted; what was finished is in {folder}{todo if unfinished else ''}"
        ) from None
    click.echo(f"run in {time.monotonic() - started:.0f} s")
    failed = [outcome for outcome in outcomes if outcome.status]
    for outcome in failed:
        click.echo(said(outcome), err=True)
    if len(failed) < len(outcomes):
        from commands.report import report

        ctx.invoke(report, logs=(str(folder),))
    if failed:
        raise click.ClickException(
            f"{len(failed)} of {len(outcomes)} processes failed; the others' logs are in {folder}"
        )


def unfinished_logs(folder: Path) -> list[str]:
    """Return the logs of runs that began and did not end in success."""
    from inspect_ai.log import list_eval_logs, read_eval_log

    logs = [info.name.removeprefix("file://") for info in list_eval_logs(str(folder))]
    return [log for log in logs if read_eval_log(log, header_only=True).status != "success"]


def said(outcome: Outcome) -> str:
    """Say which process failed and what it wrote last."""
    lines = "".join(f"\n  {line}" for line in outcome.last_lines)
    return (
        f"failed with status {outcome.status}: {outcome.share.label} "
        f"(all its output: {outcome.output}){lines}"
    )


def refuse_own_servers(options: Sequence[str], processes: int) -> None:
    """Refuse a vLLM that each process would start for itself.

    Raises:
        ClickException: Several processes would start a server each.
    """
    model = next(
        (
            value.removeprefix("--model=")
            for flag, value in zip(("", *options), options, strict=False)
            if flag == "--model" or value.startswith("--model=")
        ),
        os.environ.get("INSPECT_EVAL_MODEL", ""),
    )
    served = os.environ.get("VLLM_BASE_URL") or any("--model-base-url" in o for o in options)
    if processes > 1 and model.startswith("vllm/") and not served:
        raise click.ClickException(
            f"{processes} processes would each start a vLLM server of their own. Start one with "
            "`vllm serve` and set VLLM_BASE_URL, or give --workers 1."
        )
