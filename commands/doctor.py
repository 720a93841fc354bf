"""``bwalpha doctor``: what a real run needs, whether it is there, and what it would cost."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import click

NARROW = 120


@click.command()
@click.option("--model", help="The target, provider/model.")
@click.option("--judges", help="As in -T judges.")
@click.option(
    "--model-role",
    "roles",
    multiple=True,
    metavar="NAME=MODEL",
    help="A judge's model. Repeatable.",
)
@click.option("--panel", default="bw52", show_default=True, help="As in -T panel.")
@click.option("--rubric", default="eps", show_default=True, help="As in -T rubric.")
@click.option("--prompts", help="As in -T prompts.")
@click.option("--epochs", default=20, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--conditions",
    default=4,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many conditions the run measures.",
)
@click.option("--batch", is_flag=True, help="The judges are asked with bwalpha judge --batch.")
@click.option("--ping", is_flag=True, help="Ask each judge one question; costs cents.")
@click.argument("run_options", nargs=-1, type=click.UNPROCESSED, metavar="[-- OPTIONS]...")
def doctor(
    model: str | None,
    judges: str | None,
    roles: tuple[str, ...],
    panel: str,
    rubric: str,
    prompts: str | None,
    epochs: int,
    conditions: int,
    batch: bool,
    ping: bool,
    run_options: tuple[str, ...],
) -> None:
    """Say what a real run needs, whether it is there, and what it would cost.

    Nothing is generated and, without --ping, no provider is asked; of a key only its presence is
    looked at. OPTIONS are those of the `inspect eval` that is to follow: its -T, --model-role and
    --epochs count here too.
    """
    from dotenv import find_dotenv, load_dotenv
    from rich.console import Console

    from commands.checkup import examine, print_checks
    from commands.costs import estimate_costs, print_costs, read_prices
    from commands.ping import ping_judges

    load_dotenv(find_dotenv(usecwd=True))
    prices = read_prices()
    target = model or os.environ.get("INSPECT_EVAL_MODEL") or None
    run = _of_the_run(run_options)
    task = dict(option.partition("=")[::2] for option in run.T)
    epochs = int(run.epochs) if run.epochs.isdigit() else epochs
    checkup = examine(
        target,
        task.get("judges", judges),
        [*roles, *run.model_role],
        task.get("panel", panel),
        task.get("rubric", rubric),
        task.get("prompts", prompts),
        epochs * conditions,
        prices,
    )
    console = Console(width=None if sys.stdout.isatty() else NARROW)
    print_checks(checkup.checks, console)
    costs = estimate_costs(checkup.plan, target, checkup.judges, prices) if checkup.plan else []
    print_costs(checkup.plan, costs, batch, prices, console)
    missing = dict.fromkeys(check.text for check in checkup.checks if check.state == "missing")
    for line in missing:
        click.echo(f"missing: {line}", err=True)
    if missing:
        raise click.exceptions.Exit(1)
    if ping and not ping_judges(checkup.judges, prices, click.echo):
        raise click.exceptions.Exit(1)


def _of_the_run(options: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-T", action="append", default=[])
    parser.add_argument("--model-role", action="append", default=[])
    parser.add_argument("--epochs", default="")
    return parser.parse_known_args(options)[0]
