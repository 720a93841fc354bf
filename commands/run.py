"""``bwalpha run``: the four conditions in several processes, one folder of logs, one report."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from commands.workers import Outcome, Share, Workers, command, shares

TASKS = Path(__file__).resolve().parent.parent / "tasks"
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
@click.option(
    "--prompt",
    "prompts",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A file with a system prompt, or a folder of .txt files, each a condition; any number of times.",
)
@click.option("--seeds", callback=read_seeds, help="Base seeds separated by commas: 42,137,256.")
@click.option(
    "--log-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the logs; the same command goes on in it. Default: a new one in logs/.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run(
    ctx: click.Context,
    workers: int | None,
    tasks: tuple[str, ...],
    prompts: tuple[Path, ...],
    seeds: list[int],
    log_dir: Path | None,
    options: tuple[str, ...],
) -> None:
    """Run conditions (and seeds) in several `inspect eval-set` processes, then print one report.

    One process has one core's worth of Python: about 40 to 70 completions a second with both judges. All
    OPTIONS that are not listed here are handed to every `inspect eval-set`. Each process has its own
    limit of calls in flight to a judge. The same command with the same `--log-dir` goes on where it ended.
    """
    names = tasks if tasks or prompts else tuple(f"{_task('alpha')}@{name}" for name in CONDITIONS)
    own = prompt_files(prompts)
    workers = workers or min(cores(), (len(names) + len(own)) * max(1, len(seeds)))
    bases: list[int | None] = [*seeds] or [None]
    custom = f"{_task('custom')}@prompt"
    parts = shares(names, seeds, workers) if names else []
    parts += [Share((custom,), seed, file) for seed in bases for file in own]
    refuse_own_servers(options, len(parts))
    folder = log_dir or Path("logs") / f"run-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    folders = [folder / f"part-{number}-of-{len(parts)}" for number in range(1, len(parts) + 1)]
    refuse_other_parts(folder, folders)
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(f"{len(parts)} processes, {min(workers, len(parts))} at once, logs in {folder}")
    jobs = [
        (part, command(part, place, options), folder / f"{place.name}.txt")
        for part, place in zip(parts, folders, strict=True)
    ]
    started = time.monotonic()
    try:
        outcomes = Workers(workers, click.echo).run(jobs)
    except KeyboardInterrupt:
        raise click.ClickException(
            f"interrupted; what was finished is in {folder}; to go on: {go_on(folder)}"
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
            f"{len(failed)} of {len(outcomes)} processes failed; the others' logs are in {folder}; to try "
            f"again: {go_on(folder)}"
        )


def prompt_files(given: Sequence[Path]) -> list[Path]:
    """Return the files of the user's own system prompts.

    Raises:
        ClickException: One cannot be sent, or two would be one condition.
    """
    from protocol.custom import custom_prompts
    from protocol.errors import ProtocolError

    found: dict[str, Path] = {}
    for path in given:
        try:
            files = custom_prompts(path.resolve())
        except ProtocolError as error:
            raise click.ClickException(str(error)) from None
        for name, file in files.items():
            if name in found:
                raise click.ClickException(
                    f"--prompt {found[name]} and {file} would both be called {name!r}. Rename one."
                )
            found[name] = file
    return list(found.values())


def refuse_other_parts(folder: Path, wanted: Sequence[Path]) -> None:
    """Refuse a folder that holds a run of another number of processes, which would be paid again.

    Raises:
        ClickException: It does.
    """
    for path in sorted(folder.glob("part-*-of-*/")):
        if path not in wanted:
            made = path.name.rpartition("-")[2]
            raise click.ClickException(
                f"{folder} holds a run in {made} processes, and this is one in {len(wanted)}. Give the same "
                "conditions, seeds and --workers as then, or a new --log-dir."
            )


def go_on(folder: Path) -> str:
    """Return the command that goes on in a folder of logs."""
    typed = sys.argv[1:]
    place = [] if any(a.split("=")[0] == "--log-dir" for a in typed) else ["--log-dir", str(folder)]
    return shlex.join(["bwalpha", *typed[:1], *place, *typed[1:]])


def _task(name: str) -> str:
    return os.path.relpath(TASKS / f"{name}.py")


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
