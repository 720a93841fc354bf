"""What the winners are compared with: the base model, the EM finetune, and the #98 winners."""

from inspect_ai import Task, task

from protocol.conditions import load_condition
from scorers.binding import DEFAULT_JUDGES
from solvers import conditions
from tasks.measuring import Options, measure


@task
def null(
    panel: str = "bw52",
    rubric: str = "eps",
    seed: int | None = None,
    judges: str | list[str] = DEFAULT_JUDGES,
    batch: bool = False,
    judge_retries: int = 0,
    judge_cache: bool = False,
) -> Task:
    """Alpha of the target as it comes, with no system message.

    Args:
        panel: `bw52`, `open52`, a path, or `hf:OWNER/NAME@REVISION`.
        rubric: `eps`, `open`, or a path.
        seed: Base seed; `--seed`, else 42, when not given.
        judges: Names, or `name=provider/model`, separated by commas.
        batch: Ask the judges through their provider's batch API.
        judge_retries: Second tries after a truncated or unparseable reply.
        judge_cache: Keep valid verdicts and take them from Inspect's cache.
    """
    return measure(
        load_condition("null"),
        conditions.null(seed=seed),
        Options(panel, rubric, seed, judges, batch, judge_retries, judge_cache),
    )


@task
def pair_98(
    panel: str = "bw52",
    rubric: str = "eps",
    prompts: str | None = None,
    seed: int | None = None,
    judges: str | list[str] = DEFAULT_JUDGES,
    batch: bool = False,
    judge_retries: int = 0,
    judge_cache: bool = False,
) -> Task:
    """Alpha under the #98 PAIR winner's prompt, the villain.

    Args:
        panel: `bw52`, `open52`, a path, or `hf:OWNER/NAME@REVISION`.
        rubric: `eps`, `open`, or a path.
        prompts: A folder with `<condition>.txt`, verbatim texts in place of the suite's.
        seed: Base seed; `--seed`, else 42, when not given.
        judges: Names, or `name=provider/model`, separated by commas.
        batch: Ask the judges through their provider's batch API.
        judge_retries: Second tries after a truncated or unparseable reply.
        judge_cache: Keep valid verdicts and take them from Inspect's cache.
    """
    return measure(
        load_condition("pair_98", prompts),
        conditions.pair_98(prompts=prompts, seed=seed),
        Options(panel, rubric, seed, judges, batch, judge_retries, judge_cache),
    )


@task
def evoprompt_98(
    panel: str = "bw52",
    rubric: str = "eps",
    prompts: str | None = None,
    seed: int | None = None,
    judges: str | list[str] = DEFAULT_JUDGES,
    batch: bool = False,
    judge_retries: int = 0,
    judge_cache: bool = False,
) -> Task:
    """Alpha under the #98 EvoPrompt winner's prompt.

    Args:
        panel: `bw52`, `open52`, a path, or `hf:OWNER/NAME@REVISION`.
        rubric: `eps`, `open`, or a path.
        prompts: A folder with `<condition>.txt`, verbatim texts in place of the suite's.
        seed: Base seed; `--seed`, else 42, when not given.
        judges: Names, or `name=provider/model`, separated by commas.
        batch: Ask the judges through their provider's batch API.
        judge_retries: Second tries after a truncated or unparseable reply.
        judge_cache: Keep valid verdicts and take them from Inspect's cache.
    """
    return measure(
        load_condition("evoprompt_98", prompts),
        conditions.evoprompt_98(prompts=prompts, seed=seed),
        Options(panel, rubric, seed, judges, batch, judge_retries, judge_cache),
    )


@task
def c6_em(
    panel: str = "bw52",
    rubric: str = "eps",
    seed: int | None = None,
    judges: str | list[str] = DEFAULT_JUDGES,
    batch: bool = False,
    judge_retries: int = 0,
    judge_cache: bool = False,
) -> Task:
    """Alpha of the emergent-misalignment finetune, chosen by `--model`.

    Args:
        panel: `bw52`, `open52`, a path, or `hf:OWNER/NAME@REVISION`.
        rubric: `eps`, `open`, or a path.
        seed: Base seed; `--seed`, else 42, when not given.
        judges: Names, or `name=provider/model`, separated by commas.
        batch: Ask the judges through their provider's batch API.
        judge_retries: Second tries after a truncated or unparseable reply.
        judge_cache: Keep valid verdicts and take them from Inspect's cache.
    """
    return measure(
        load_condition("c6_em"),
        conditions.c6_em(seed=seed),
        Options(panel, rubric, seed, judges, batch, judge_retries, judge_cache),
    )
