"""The four #111 winners on the alpha axis."""

from inspect_ai import Task, task

from protocol.conditions import load_condition
from scorers.binding import DEFAULT_JUDGES
from solvers import conditions
from tasks.measuring import Options, measure


@task
def pair_111(
    panel: str = "bw52",
    rubric: str = "eps",
    prompts: str | None = None,
    seed: int | None = None,
    judges: str | list[str] = DEFAULT_JUDGES,
    batch: bool = False,
    judge_retries: int = 0,
    judge_cache: bool = False,
) -> Task:
    """Alpha under authoritative mandates, the #111 PAIR winner.

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
        load_condition("pair_111", prompts),
        conditions.pair_111(prompts=prompts, seed=seed),
        Options(panel, rubric, seed, judges, batch, judge_retries, judge_cache),
    )


@task
def grid_1(
    panel: str = "bw52",
    rubric: str = "eps",
    prompts: str | None = None,
    seed: int | None = None,
    judges: str | list[str] = DEFAULT_JUDGES,
    batch: bool = False,
    judge_retries: int = 0,
    judge_cache: bool = False,
) -> Task:
    """Alpha under the voice of institutional policy, #111 grid winner 1.

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
        load_condition("grid_1", prompts),
        conditions.grid_1(prompts=prompts, seed=seed),
        Options(panel, rubric, seed, judges, batch, judge_retries, judge_cache),
    )


@task
def grid_2(
    panel: str = "bw52",
    rubric: str = "eps",
    prompts: str | None = None,
    seed: int | None = None,
    judges: str | list[str] = DEFAULT_JUDGES,
    batch: bool = False,
    judge_retries: int = 0,
    judge_cache: bool = False,
) -> Task:
    """Alpha under bureaucratic reframing, #111 grid winner 2.

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
        load_condition("grid_2", prompts),
        conditions.grid_2(prompts=prompts, seed=seed),
        Options(panel, rubric, seed, judges, batch, judge_retries, judge_cache),
    )


@task
def grid_3(
    panel: str = "bw52",
    rubric: str = "eps",
    prompts: str | None = None,
    seed: int | None = None,
    judges: str | list[str] = DEFAULT_JUDGES,
    batch: bool = False,
    judge_retries: int = 0,
    judge_cache: bool = False,
) -> Task:
    """Alpha under executive directives, #111 grid winner 3.

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
        load_condition("grid_3", prompts),
        conditions.grid_3(prompts=prompts, seed=seed),
        Options(panel, rubric, seed, judges, batch, judge_retries, judge_cache),
    )
