"""Any system prompt on the same axis."""

from inspect_ai import Task, task

from protocol.conditions import custom_condition
from protocol.errors import ProtocolError
from scorers.binding import DEFAULT_JUDGES
from solvers import conditions
from tasks.measuring import Options, measure


@task
def prompt(
    prompt: str | list[str] | None = None,
    panel: str = "bw52",
    rubric: str = "eps",
    seed: int | None = None,
    judges: str | list[str] = DEFAULT_JUDGES,
    batch: bool = False,
    judge_retries: int = 0,
    judge_cache: bool = False,
) -> Task:
    """Alpha under a system prompt of the user's own.

    Args:
        prompt: The path of a UTF-8 file, taken to the letter, or the text itself.
        panel: `bw52`, `open52`, a path, or `hf:OWNER/NAME@REVISION`.
        rubric: `eps`, `open`, or a path.
        seed: Base seed; `--seed`, else 42, when not given.
        judges: Names, or `name=provider/model`, separated by commas.
        batch: Ask the judges through their provider's batch API.
        judge_retries: Second tries after a truncated or unparseable reply.
        judge_cache: Keep valid verdicts and take them from Inspect's cache.
    """
    text = given_text(prompt)
    return measure(
        custom_condition(text),
        conditions.prompt(text, seed=seed),
        Options(panel, rubric, seed, judges, batch, judge_retries, judge_cache),
    )


def given_text(prompt: object) -> str:
    """Return the prompt as typed; Inspect splits an unquoted value at its commas.

    Raises:
        ProtocolError: There is none, or it was read as something other than text.
    """
    if prompt is None:
        raise ProtocolError("No prompt. Give -T prompt=FILE or -T prompt='some text'.")
    if isinstance(prompt, list) and all(isinstance(part, str) for part in prompt):
        return ",".join(prompt)
    if not isinstance(prompt, str):
        raise ProtocolError(
            f"-T prompt was read as {type(prompt).__name__}, not as text. Put it into a file and "
            "give the file's path."
        )
    return prompt
