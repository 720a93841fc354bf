"""``bwalpha link``: a successor's α on a retired judge's scale."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.shared import load, one_line_errors

if TYPE_CHECKING:
    from judging.costs import CostLimit, Estimate
    from linking.linkfile import LinkFile
    from linking.successor import Successor, Verdicts

FILE = click.Path(dir_okay=False, path_type=Path)


def asking_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what both commands take that ask a judge."""
    for option in (
        click.option("--again", is_flag=True, help="Send calls once more that failed for good."),
        click.option("--yes", is_flag=True, help="Do not ask before money is spent."),
        click.option("--max-cost", type=float, metavar="X", help="Spend at most X dollars."),
        click.option(
            "--prices",
            type=float,
            nargs=2,
            metavar="IN OUT",
            help="Dollars per million tokens sent and received, where datasets/judges.yaml has none.",
        ),
        click.option("--batch", is_flag=True, help="Ask through the provider's batches."),
    ):
        command = option(command)
    return command


@click.group()
def link() -> None:
    """Carry a successor's α to a retired judge's scale; see docs/succession.md."""


@link.command()
@click.option("--judge", metavar="NAME=PROVIDER/MODEL", help="The successor; it is asked.")
@click.option("--completions", default=1152, show_default=True, help="How many it judges.")
@click.option("--conditions", default=36, show_default=True, help="Of how many conditions.")
@click.option("--retest", default=0, metavar="N", help="Ask for N of the verdicts twice.")
@click.option("--anchors", multiple=True, metavar="LOGS", help="Logs with both judges' verdicts.")
@click.option("--old", default="sonnet", show_default=True, help="The old judge's column in LOGS.")
@click.option("--new", metavar="COLUMN", help="The successor's column in LOGS.")
@click.option("--out", type=FILE, required=True, help="The link file.")
@asking_options
def make(
    judge: str | None,
    completions: int,
    conditions: int,
    retest: int,
    anchors: tuple[str, ...],
    old: str,
    new: str | None,
    out: Path,
    **asking: Any,
) -> None:
    """Let a successor judge anchors that the old judge judged, and fit the link.

    The state stands beside the link file: the same command goes on where it was ended.
    """
    from linking.linkfile import write_link
    from linking.wording import link_lines

    failures: dict[str, int] = {}
    with one_line_errors():
        _refuse_existing(out)
        if anchors:
            if judge is not None or new is None:
                raise click.ClickException(
                    "--anchors takes the verdicts that the logs hold: give the successor's column with "
                    "--new, and no --judge. bwalpha judge LOG adds a judge's verdicts to logs."
                )
            made = _from_logs(anchors, old, new)
        elif judge is None:
            raise click.ClickException(
                "Say who is to be linked: --judge NAME=PROVIDER/MODEL, or --anchors LOGS --new COLUMN."
            )
        else:
            made, failures = _from_judge(judge, completions, conditions, retest, out, asking)
        write_link(made, out)
    for line in link_lines(made, failures):
        click.echo(line)
    click.echo(f"written to {out}")


@link.command()
@click.argument("file", type=FILE)
@click.option("--judge", metavar="NAME=PROVIDER/MODEL", help="The successor, where it moved.")
@click.option("--rubric", default="eps", show_default=True, help="The link's rubric.")
@click.option("--anchors", multiple=True, metavar="LOGS", help="The logs it was made from.")
@asking_options
def check(
    file: Path, judge: str | None, rubric: str, anchors: tuple[str, ...], **asking: Any
) -> None:
    """Ask the successor again on the link's fixed part; exit status 1 when it drifted."""
    from linking.anchors import anchors_of_runs, published_anchors
    from linking.drift import check_drift, refuse_other
    from linking.linkfile import read_link
    from linking.making import find_fixed_part
    from linking.successor import bind_successor, write_requests
    from linking.wording import drift_lines
    from protocol.rubrics import load_rubric

    with one_line_errors():
        linked = read_link(file)
        name = judge or f"{linked.new.name}={linked.new.instrument.asked}"
        successor = bind_successor(name, load_rubric(rubric))
        # The model that answers is known only once it has.
        refuse_other(linked, successor.instrument, answered=False)
        found = (
            anchors_of_runs(load(anchors).runs, linked.old.name) if anchors else published_anchors()
        )
        part = find_fixed_part(linked, found)
        requests = write_requests(successor, part.ids, part.texts)
        today = date.today()
        state = file.with_name(f"{file.stem}.check-{today}.state")
        verdicts = _ask(successor, requests, part.texts, state, len(part.ids), asking)
        drift = check_drift(
            linked,
            dict(zip(part.ids, verdicts.scores.tolist(), strict=True)),
            instrument=verdicts.instrument,
            now=today,
        )
    for line in drift_lines(drift):
        click.echo(line)
    if drift.outcome == "drifted":
        raise SystemExit(1)


def _from_judge(
    judge: str, completions: int, conditions: int, retest: int, out: Path, asking: dict[str, Any]
) -> tuple[LinkFile, dict[str, int]]:
    import numpy as np

    from linking.anchors import published_anchors
    from linking.linkfile import LinkedJudge
    from linking.making import choose_anchors, make_link
    from linking.successor import bind_successor, write_requests
    from protocol.rubrics import load_rubric

    if not 0 <= retest <= completions:
        raise click.ClickException(
            f"--retest {retest}: give 0 to {completions}, of the completions."
        )
    successor = bind_successor(judge, load_rubric("eps"))
    chosen = choose_anchors(published_anchors(), completions, conditions)
    twice = [round(i) for i in np.linspace(0, len(chosen.ids) - 1, retest)]
    part = chosen.take(twice)
    requests = write_requests(successor, chosen.ids, chosen.texts)
    requests += write_requests(successor, part.ids, part.texts, mark="/again")
    texts = [*chosen.texts, *part.texts]
    state = out.with_suffix(".state")
    verdicts = _ask(successor, requests, texts, state, len(chosen.ids), asking)
    new = LinkedJudge.of(successor.name, verdicts.instrument)
    pairs = np.column_stack([verdicts.scores[twice], verdicts.again]) if twice else None
    return make_link(chosen, new, verdicts.scores, date.today(), pairs), verdicts.failures


def _from_logs(logs: tuple[str, ...], old: str, new: str) -> LinkFile:
    from linking.anchors import anchors_of_runs, successor_scores
    from linking.linkfile import LinkedJudge
    from linking.making import make_link

    runs = load(logs).runs
    instrument, scores = successor_scores(runs, old, new)
    asked = date.fromisoformat(max(run.created for run in runs)[:10])
    return make_link(anchors_of_runs(runs, old), LinkedJudge.of(new, instrument), scores, asked)


def _ask(
    successor: Successor,
    requests: list[Any],
    texts: list[tuple[str, str]],
    state: Path,
    first: int,
    asking: dict[str, Any],
) -> Verdicts:
    from linking.successor import ask_successor

    cost = _say_cost(successor, requests, asking)
    return ask_successor(
        successor,
        requests,
        texts,
        state,
        first=first,
        batch=asking["batch"],
        again=asking["again"],
        cost=cost,
        say=click.echo,
    )


def _say_cost(
    successor: Successor, requests: list[Any], asking: dict[str, Any]
) -> CostLimit | None:
    """Say the cost, and give the limit that the judging step keeps to; it asks where nothing is said."""
    from commands.costs import read_prices
    from judging.costs import CostLimit
    from linking.sampling import estimate_cost
    from linking.wording import cost_lines
    from protocol.judges import JudgePrice

    model, most, given = str(successor.model), asking["max_cost"], asking["prices"]
    prices = read_prices()
    price = (
        JudgePrice(input=given[0], output=given[1], date="today", source="--prices")
        if given
        else prices.price(model)
    )
    batched = asking["batch"] and model.partition("/")[0] in prices.batch_providers
    share = (prices.batch_factor if batched else 1.0) * (price.tokenizer_factor if price else 1.0)
    cost = estimate_cost(
        [len(request.user) for request in requests],
        len(successor.rubric.text),
        input_price=price.input if price else 0.0,
        output_price=price.output if price else 0.0,
        price_factor=share,
    )
    for line in cost_lines(cost, model, price is not None, asking["batch"]):
        click.echo(line)
    if price is None:
        if most is not None:
            raise click.ClickException(
                f"--max-cost: the price of {model} is not in datasets/judges.yaml. Give it with --prices IN "
                "OUT, in dollars per million tokens."
            )
        if not asking["yes"]:
            click.confirm("Go on?", abort=True)
        return None
    if asking["yes"] and most is None:
        return None

    def agreed(estimate: Estimate) -> bool:
        return click.confirm(
            f"{estimate.calls:,} calls are left, at most ${estimate.dollars:,.2f}. Go on?"
        )

    return CostLimit(
        dollars=most or 0.0,
        input_price=price.input * share,
        output_price=price.output * share,
        confirm=agreed if most is None else None,
    )


def _refuse_existing(out: Path) -> None:
    if out.exists():
        raise click.ClickException(
            f"{out} exists, and a link file is never overwritten. Name another."
        )
    if not out.absolute().parent.is_dir():
        raise click.ClickException(f"{out.parent} is no folder; make it first.")
