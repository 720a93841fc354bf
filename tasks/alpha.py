"""The four #111 winners on the alpha axis."""

from functools import partial
from typing import Any

from inspect_ai import Task, task

from protocol.conditions import load_condition
from solvers import conditions
from tasks.measuring import measure
from tasks.options import read_options


@task
def pair_111(prompts: str | None = None, **options: Any) -> Task:
    """Alpha under authoritative mandates, the #111 PAIR winner.

    Args:
        prompts: A folder with `pair_111.txt`, the verbatim text in place of the suite's.
        **options: See `tasks.options.Options`.
    """
    return measure(
        load_condition("pair_111", prompts),
        partial(conditions.pair_111, prompts),
        read_options(options, "prompts"),
    )


@task
def grid_1(prompts: str | None = None, **options: Any) -> Task:
    """Alpha under the voice of institutional policy, #111 grid winner 1.

    Args:
        prompts: A folder with `grid_1.txt`, the verbatim text in place of the suite's.
        **options: See `tasks.options.Options`.
    """
    return measure(
        load_condition("grid_1", prompts),
        partial(conditions.grid_1, prompts),
        read_options(options, "prompts"),
    )


@task
def grid_2(prompts: str | None = None, **options: Any) -> Task:
    """Alpha under bureaucratic reframing, #111 grid winner 2.

    Args:
        prompts: A folder with `grid_2.txt`, the verbatim text in place of the suite's.
        **options: See `tasks.options.Options`.
    """
    return measure(
        load_condition("grid_2", prompts),
        partial(conditions.grid_2, prompts),
        read_options(options, "prompts"),
    )


@task
def grid_3(prompts: str | None = None, **options: Any) -> Task:
    """Alpha under executive directives, #111 grid winner 3.

    Args:
        prompts: A folder with `grid_3.txt`, the verbatim text in place of the suite's.
        **options: See `tasks.options.Options`.
    """
    return measure(
        load_condition("grid_3", prompts),
        partial(conditions.grid_3, prompts),
        read_options(options, "prompts"),
    )
