"""One solver a condition: its system message in front of the question, then one completion."""

from collections.abc import Sequence

from inspect_ai.log import transcript
from inspect_ai.model import ChatMessageSystem
from inspect_ai.solver import Generate, Solver, TaskState, solver

from protocol.conditions import Condition, load_condition
from protocol.custom import custom_condition
from protocol.errors import ProtocolError
from protocol.records import SampleRecord
from solvers.sampling import Omitted, sample_completion


@solver
def pair_111(
    prompts: str | None = None, seed: int | None = None, omit: Sequence[Omitted] = ()
) -> Solver:
    """Ask under the #111 PAIR winner's prompt, authoritative mandates."""
    return _asking(load_condition("pair_111", prompts), seed, omit)


@solver
def grid_1(
    prompts: str | None = None, seed: int | None = None, omit: Sequence[Omitted] = ()
) -> Solver:
    """Ask under the #111 grid winner 1, the voice of institutional policy."""
    return _asking(load_condition("grid_1", prompts), seed, omit)


@solver
def grid_2(
    prompts: str | None = None, seed: int | None = None, omit: Sequence[Omitted] = ()
) -> Solver:
    """Ask under the #111 grid winner 2, bureaucratic reframing."""
    return _asking(load_condition("grid_2", prompts), seed, omit)


@solver
def grid_3(
    prompts: str | None = None, seed: int | None = None, omit: Sequence[Omitted] = ()
) -> Solver:
    """Ask under the #111 grid winner 3, executive directives."""
    return _asking(load_condition("grid_3", prompts), seed, omit)


@solver
def null(seed: int | None = None, omit: Sequence[Omitted] = ()) -> Solver:
    """Ask with no system message at all, so that the chat template's default applies."""
    return _asking(load_condition("null"), seed, omit)


@solver
def c6_em(seed: int | None = None, omit: Sequence[Omitted] = ()) -> Solver:
    """Ask the emergent-misalignment finetune, with no system message."""
    return _asking(load_condition("c6_em"), seed, omit)


@solver
def pair_98(
    prompts: str | None = None, seed: int | None = None, omit: Sequence[Omitted] = ()
) -> Solver:
    """Ask under the #98 PAIR winner's prompt, the villain."""
    return _asking(load_condition("pair_98", prompts), seed, omit)


@solver
def evoprompt_98(
    prompts: str | None = None, seed: int | None = None, omit: Sequence[Omitted] = ()
) -> Solver:
    """Ask under the #98 EvoPrompt winner's prompt."""
    return _asking(load_condition("evoprompt_98", prompts), seed, omit)


@solver
def joint_111(
    prompts: str | None = None, seed: int | None = None, omit: Sequence[Omitted] = ()
) -> Solver:
    """Ask under the #111 joint winner's prompt, the one that is public."""
    return _asking(load_condition("joint_111", prompts), seed, omit)


@solver
def prompt(
    prompt: str, name: str | None = None, seed: int | None = None, omit: Sequence[Omitted] = ()
) -> Solver:
    """Ask under any system prompt, a file or the text itself, called by its file or by `name`."""
    return _asking(custom_condition(prompt, name), seed, omit)


def _asking(condition: Condition, seed: int | None, omit: Sequence[Omitted]) -> Solver:
    answered: dict[tuple[str, str], int] = {}

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        _refuse_further_messages(state)
        if condition.prompt is not None:
            state.messages.insert(0, ChatMessageSystem(content=condition.prompt))
        state = await sample_completion(state, generate, condition, seed, omit)
        _note_equal(state, answered)
        return state

    return solve


def _note_equal(state: TaskState, answered: dict[tuple[str, str], int]) -> None:
    """Say in the log that an answer equals an earlier one, as of a server that ignores seeds."""
    record = SampleRecord.of(state.metadata)
    if record is None or record.completion is None or record.completion.failure is not None:
        return
    answer = (str(state.sample_id), record.completion.text_sha256)
    first = answered.setdefault(answer, state.epoch)
    if first != state.epoch:
        transcript().info(f"equals the answer of epoch {first} to the same question")


def _refuse_further_messages(state: TaskState) -> None:
    """Hold the request to the protocol's messages: the condition's prompt, the question, nothing else.

    Raises:
        ProtocolError: Something else stands in it.
    """
    roles = [message.role for message in state.messages]
    if roles != ["user"]:
        raise ProtocolError(
            f"The question {state.sample_id} comes with the messages {', '.join(roles)}. A condition "
            "asks one user message and sends its own system prompt alone; leave out --system-message "
            "and whatever else adds messages."
        )
