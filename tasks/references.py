"""What the winners are compared with: the base model, the EM finetune, and the #98 winners."""

from functools import partial
from typing import Any

from inspect_ai import Task, task

from protocol.conditions import load_condition
from solvers import conditions
from tasks.measuring import measure
from tasks.options import read_options


@task
def null(**options: Any) -> Task:
    """Alpha of the target as it comes, with no system message.

    Args:
        **options: See `tasks.options.Options`.
    """
    return measure(load_condition("null"), conditions.null, read_options(options))


@task
def pair_98(prompts: str | None = None, **options: Any) -> Task:
    """Alpha under the #98 PAIR winner's prompt, the villain.

    Args:
        prompts: A folder with `pair_98.txt`, the verbatim text in place of the suite's.
        **options: See `tasks.options.Options`.
    """
    return measure(
        load_condition("pair_98", prompts),
        partial(conditions.pair_98, prompts),
        read_options(options, "prompts"),
    )


@task
def evoprompt_98(prompts: str | None = None, **options: Any) -> Task:
    """Alpha under the #98 EvoPrompt winner's prompt.

    Args:
        prompts: A folder with `evoprompt_98.txt`, the verbatim text in place of the suite's.
        **options: See `tasks.options.Options`.
    """
    return measure(
        load_condition("evoprompt_98", prompts),
        partial(conditions.evoprompt_98, prompts),
        read_options(options, "prompts"),
    )


@task
def joint_111(prompts: str | None = None, **options: Any) -> Task:
    """Alpha under the #111 joint winner, the one of that search whose text is public.

    Args:
        prompts: A folder with `joint_111.txt`, to be used instead of the pinned text.
        **options: See `tasks.options.Options`.
    """
    return measure(
        load_condition("joint_111", prompts),
        partial(conditions.joint_111, prompts),
        read_options(options, "prompts"),
    )


@task
def c6_em(**options: Any) -> Task:
    """Alpha of the emergent-misalignment finetune, chosen by `--model`.

    Args:
        **options: See `tasks.options.Options`.
    """
    return measure(load_condition("c6_em"), conditions.c6_em, read_options(options))
