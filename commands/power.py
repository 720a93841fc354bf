"""``bwalpha power``: what questions and completions can see, and which of the two to add."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from commands.shared import load, one_line_errors, table_console

if TYPE_CHECKING:
    from reports.power import Measured
    from runs.run import Run


@click.command()
@click.argument("logs", nargs=-1)
@click.option("--compare", "pairs", multiple=True, metavar="A:B", help="Only these differences.")
@click.option("--questions", type=click.IntRange(2), default=52, show_default=True)
@click.option("--completions", type=click.IntRange(2), default=20, show_default=True)
@click.option("--power", type=click.FloatRange(0.5, 0.999), default=0.8, show_default=True)
@click.option("--width", type=click.FloatRange(0, 100, min_open=True), help="Of α's 95 % interval.")
def power(
    logs: tuple[str, ...],
    pairs: tuple[str, ...],
    questions: int,
    completions: int,
    power: float,
    width: float | None,
) -> None:
    """Spread of α by question, completion, judge and seed in LOGS; the smallest difference that a run sees.

    Without LOGS, from the published cells of the registered judge.
    """
    from rich.table import Table
    from rich.text import Text

    from reports.power import judge_and_seed_components, planned

    with one_line_errors():
        runs = load(logs).runs if logs else ()
        samples = list(_of_runs(runs) if logs else _of_anchors())
        rows = planned(samples, pairs, questions, completions, power, width)
    table = Table(box=None, pad_edge=False)
    table.add_column(Text("α or difference"), overflow="fold")
    heads = ["sd between\nquestions", "sd within", "smallest\ndifference", "on this\npanel"]
    for head in heads + (["questions\nfor width", "completions\nfor width"] if width else []):
        table.add_column(Text(head), justify="right")
    for row in rows:
        cells = [row.name, *(_number(value) for value in row.numbers)]
        cells += [_count(count) for count in row.needed] if width else []
        table.add_row(*map(Text, cells))
    console = table_console()
    console.print(
        Text(
            f"{questions} questions × {completions} completions, power {power:g}, 5 % two-sided; "
            "for other questions of the same kind unless it says this panel"
        )
    )
    console.print(table)
    console.print(Text("\nsd beyond these, which neither questions nor completions take away"))
    beyond = Table(box=None, pad_edge=False)
    for head in ("between", "condition", "sd", "rests on"):
        beyond.add_column(head, overflow="fold", justify="right" if head == "sd" else "left")
    for one in judge_and_seed_components(runs):
        beyond.add_row(*map(Text, (one.of, one.name, _number(one.sd), one.rests_on)))
    console.print(beyond)


def _of_runs(runs: Sequence[Run]) -> Iterator[Measured]:
    from reports.estimates import question_numbers, sample
    from reports.power import Measured

    numbers, seeds = question_numbers(runs), len({run.seed for run in runs})
    for run in runs:
        name = run.condition if seeds == 1 else f"{run.condition} seed {run.seed}"
        for column in run.judges.values():
            alike = (run.comparison, column.judge, column.instrument, run.seed, run.target)
            yield Measured(name, alike, column.name, sample(run, column, numbers))


def _of_anchors() -> Iterator[Measured]:
    import numpy as np

    from estimation.intervals import Sample
    from exchange.eps.anchors import JUDGE, read_cells
    from reports.power import Measured

    for cell in read_cells():
        rows = cell.condition.rows
        names = {name: n for n, name in enumerate(dict.fromkeys(row.question_id for row in rows))}
        aligned = [row.scores[JUDGE].aligned for row in rows]
        yield Measured(
            cell.name,
            "anchors",
            JUDGE,
            Sample(
                np.array([np.nan if a is None else a for a in aligned]),
                np.array([names[row.question_id] for row in rows]),
            ),
        )


def _number(value: float) -> str:
    return f"{value:.2f}" if value == value else "–"


def _count(count: int | None) -> str:
    return "none" if count is None else f"{count:,}"
