"""``bwalpha judge``: judges asked about finished logs, in real time or in batches."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.shared import one_line_errors

if TYPE_CHECKING:
    from judging.logs import LogJudging, Wishes
    from judging.scores import Asked
    from judging.together import Manner, Outcome, Rates
    from judging.writing import Writer


@click.command(name="judge")
@click.argument("logs", nargs=-1, required=True)
@click.option(
    "--judge",
    "judges",
    multiple=True,
    metavar="NAME[=MODEL]",
    help="A judge, and its provider/model. Repeatable. The log's own judges without it.",
)
@click.option(
    "--batch", is_flag=True, help="Ask through the providers' batches, at half the price."
)
@click.option("--again", is_flag=True, help="Ask again what failed in a batch.")
@click.option("--max-cost", type=click.FloatRange(min=0), metavar="DOLLARS", help="Spend no more.")
@click.option("--yes", is_flag=True, help="Do not ask before money is spent.")
@click.option(
    "--connections",
    default=100,
    show_default=True,
    type=click.IntRange(min=1),
    help="Calls at once, for each judge.",
)
@click.option(
    "--rubric", help="The text of the log's own rubric, where it is not found by its name."
)
@click.option(
    "--verdicts", type=click.IntRange(min=1), help="Verdicts on each completion, averaged."
)
@click.option(
    "--verdict", "reply", type=click.Choice(["free", "schema"]), help="How a judge replies."
)
@click.option(
    "--only",
    metavar="KIND,...",
    help="Judge again only what failed so, for example truncated,unparseable; beside the first verdicts.",
)
@click.option("--max-tokens", type=click.IntRange(min=1), help="The judges' reply budget.")
@click.option("--effort", help="The judges' reasoning effort.")
@click.option("--temperature", type=click.FloatRange(0, 2), help="The judges' temperature.")
def judge_command(
    logs: tuple[str, ...],
    judges: tuple[str, ...],
    batch: bool,
    again: bool,
    max_cost: float | None,
    yes: bool,
    connections: int,
    rubric: str | None,
    verdicts: int | None,
    reply: str | None,
    only: str | None,
    max_tokens: int | None,
    effort: str | None,
    temperature: float | None,
) -> None:
    """Judge the completions of finished LOGS (files or folders) and write the scores into them.

    Only what has no verdict of the judge yet is asked about, under the log's own rubric. Everything
    asked and answered stands in a folder beside the log until its scores do: after an interruption the
    same command goes on.
    """
    with one_line_errors():
        from dotenv import find_dotenv, load_dotenv

        from judging.calls import Limits
        from judging.together import Manner
        from scorers.binding import named
        from tasks.gc_tuning import tune_gc

        tune_gc()
        load_dotenv(find_dotenv(usecwd=True))
        wishes = _wishes(rubric, verdicts, reply, only, max_tokens, effort, temperature)
        plans = _plans(logs, named(judges, "--judge"), wishes)
        if not plans:
            return
        prices = _prices(plans, batch)
        limits = Limits(connections=connections)
        agreed = _agreed(plans, Manner(batch, again, limits, prices), max_cost, yes)
        done = _asked(plans, Manner(batch, again, limits, prices, agreed))
    if not done:
        raise click.exceptions.Exit(1)


def _wishes(
    rubric: str | None,
    verdicts: int | None,
    reply: str | None,
    only: str | None,
    max_tokens: int | None,
    effort: str | None,
    temperature: float | None,
) -> Wishes:
    from inspect_ai.model import GenerateConfig
    from pydantic import ValidationError

    from judging.logs import Wishes
    from protocol.errors import ProtocolError
    from protocol.rubrics import load_rubric
    from scorers.reading import FAILURE_KINDS

    kinds = tuple(kind.strip() for kind in (only or "").split(",") if kind.strip())
    for kind in kinds:
        if kind not in FAILURE_KINDS:
            raise ProtocolError(
                f"--only {kind} is no kind of failure. Allowed: {', '.join(FAILURE_KINDS)}."
            )
    try:
        config = GenerateConfig(
            max_tokens=max_tokens,
            reasoning_effort=effort,  # type: ignore[arg-type]
            temperature=temperature,
        )
    except ValidationError as error:
        raise ProtocolError(f"--effort {effort}: {error.errors()[0]['msg']}.") from error
    return Wishes(
        rubric=load_rubric(rubric) if rubric else None,
        verdicts=verdicts,
        reply=reply,  # type: ignore[arg-type]
        only=kinds,
        config=config,
    )


def _plans(logs: Sequence[str], judges: Mapping[str, str], wishes: Wishes) -> list[LogJudging]:
    from judging.logs import log_judges, plan_judging, read_finished
    from judging.writing import discard_state
    from protocol.errors import ProtocolError
    from runs.load import find_logs

    files, skipped = find_logs(logs)
    left_out = {log.location: log.reason for log in skipped}
    plans: list[LogJudging] = []
    judged = 0
    for file in files:
        try:
            log, ran = read_finished(Path(file))
        except ProtocolError as error:
            left_out[file] = error.line
            continue
        for name, model in log_judges(judges, ran).items():
            plan = plan_judging(Path(file), log, ran, name, model, wishes)
            judged += 1
            if not plan.texts:
                click.echo(f"{file}: {name}: nothing failed in this way")
            elif plan.done:
                click.echo(f"{file}: {name}: every verdict of {model} is there")
                discard_state(plan)
            else:
                plans.append(plan)
    for file, reason in left_out.items():
        click.echo(f"left out: {reason if file in reason else f'{file}: {reason}'}", err=True)
    if not judged:
        raise ProtocolError("There is no log to judge.")
    return plans


def _prices(plans: Sequence[LogJudging], batch: bool) -> dict[str, Rates]:
    from commands.costs import read_prices
    from judging.together import Rates

    table = read_prices()
    factor = table.batch_factor if batch else 1.0
    models = dict.fromkeys(plan.settings.model for plan in plans)
    known = {model: price for model in models if (price := table.price(model)) is not None}
    return {
        model: Rates(price.input * factor, price.output * factor) for model, price in known.items()
    }


def _agreed(
    plans: Sequence[LogJudging], manner: Manner, max_cost: float | None, yes: bool
) -> float | None:
    """Say what it may cost, and ask before money is spent; what may be spent on it."""
    from judging.together import estimate
    from protocol.errors import ProtocolError

    estimates = [estimate(plan, manner) for plan in plans]
    calls = sum(number for number, _ in estimates)
    amounts = [0.0 if number == 0 else dollars for number, dollars in estimates]
    unpriced = sorted(
        {p.settings.model for p, dollars in zip(plans, amounts, strict=True) if dollars is None}
    )
    dollars = sum(amount for amount in amounts if amount is not None)
    unknown = f", and {', '.join(unpriced)} at a price that is unknown" if unpriced else ""
    most = f"at most ${dollars:,.2f}{unknown}"
    click.echo(f"{calls:,} calls to judges, {most}", err=True)
    if max_cost is not None and unpriced:
        raise ProtocolError(
            f"--max-cost: the price of {unpriced[0]} is unknown. Add it to datasets/judges.yaml, or leave "
            "--max-cost out. Nothing was asked."
        )
    if yes and max_cost is None:
        return None
    if dollars <= (max_cost or 0) and not unpriced:
        return max_cost or 0
    if not sys.stdin.isatty():
        limit = "" if max_cost is None else f" than --max-cost {max_cost:g}"
        raise ProtocolError(
            f"This may cost more{limit}: {most}. Nothing was asked. Give a higher --max-cost"
            f"{' or --yes' if max_cost is None else ''}."
        )
    if not click.confirm("Ask them?", err=True):
        raise ProtocolError("Nothing was asked.")
    return None if unpriced else dollars


def _asked(plans: Sequence[LogJudging], manner: Manner) -> bool:
    """Ask, and write what is whole; whether all is in the logs."""
    from judging.together import ask_all
    from judging.writing import Writer, new_scores

    with Writer() as writer:
        outcomes = ask_all(
            plans,
            manner,
            lambda line: click.echo(line, err=True),
            lambda parts: writer.begin(new_scores(parts)),
        )
        return _written(plans, outcomes, writer)


def _written(plans: Sequence[LogJudging], outcomes: Sequence[Outcome], writer: Writer) -> bool:
    from judging.calls import JudgingError
    from judging.writing import discard_state, new_scores
    from protocol.errors import ProtocolError

    whole: dict[Path, list[tuple[LogJudging, Asked]]] = {}
    complete = True
    for plan, asked in zip(plans, outcomes, strict=True):
        subject = f"{plan.path}: {plan.judge.name}"
        if isinstance(asked, JudgingError):
            click.echo(f"{subject}: {asked.line}", err=True)
        elif asked.waiting:
            click.echo(
                f"{subject}: {asked.waiting:,} completions are still in a batch. Start the same command "
                "again later.",
                err=True,
            )
        else:
            whole.setdefault(plan.path, []).append((plan, asked))
            complete &= not asked.failed
            continue
        complete = False
    # The last one is written here while the other process may have logs left.
    for parts in reversed(whole.values()):
        try:
            writer.finish(new_scores(parts))
        except ProtocolError as error:
            click.echo(error.line, err=True)
            complete = False
            continue
        for plan, asked in parts:
            if not asked.failed:
                discard_state(plan)
            subject = f"{plan.path}: {plan.judge.name}"
            click.echo(
                f"{subject}: {len(asked.scores):,} completions judged by {plan.settings.model}"
            )
            if asked.failed:
                click.echo(
                    f"{subject}: {asked.failed:,} of them have no reply. The same command asks again, for "
                    "what failed in a batch with --again.",
                    err=True,
                )
    return complete
