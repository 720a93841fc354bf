"""Any system prompt on the same axis."""

from functools import partial
from typing import Any

from inspect_ai import Task, task

from protocol.custom import custom_condition
from protocol.errors import ProtocolError
from solvers import conditions
from tasks.measuring import measure
from tasks.options import read_options


@task
def prompt(
    prompt: str | list[str] | None = None, name: str | int | None = None, **options: Any
) -> Task:
    """Alpha under a system prompt of the user's own.

    Args:
        prompt: The path of a UTF-8 file, taken to the letter, or the text itself.
        name: What the condition is called; the file's stem, or `prompt` for a text, when None.
        **options: See `tasks.options.Options`.
    """
    text = given_text(prompt)
    called = None if name is None else str(name)
    return measure(
        custom_condition(text, called),
        partial(conditions.prompt, text, called),
        read_options(options, "prompt", "name"),
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
