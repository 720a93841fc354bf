"""One solver a condition: its system message in front of the question, then one completion."""

from inspect_ai.model import ChatMessageSystem
from inspect_ai.solver import Generate, Solver, TaskState, solver

from protocol.conditions import Condition, load_condition
from protocol.custom import custom_condition
from solvers.sampling import sample_completion


@solver
def pair_111(prompts: str | None = None, seed: int | None = None) -> Solver:
    """Ask under the #111 PAIR winner's prompt, authoritative mandates."""
    return _asking(load_condition("pair_111", prompts), seed)


@solver
def grid_1(prompts: str | None = None, seed: int | None = None) -> Solver:
    """Ask under the #111 grid winner 1, the voice of institutional policy."""
    return _asking(load_condition("grid_1", prompts), seed)


@solver
def grid_2(prompts: str | None = None, seed: int | None = None) -> Solver:
    """Ask under the #111 grid winner 2, bureaucratic reframing."""
    return _asking(load_condition("grid_2", prompts), seed)


@solver
def grid_3(prompts: str | None = None, seed: int | None = None) -> Solver:
    """Ask under the #111 grid winner 3, executive directives."""
    return _asking(load_condition("grid_3", prompts), seed)


@solver
def null(seed: int | None = None) -> Solver:
    """Ask with no system message at all, so that the chat template's default applies."""
    return _asking(load_condition("null"), seed)


@solver
def c6_em(seed: int | None = None) -> Solver:
    """Ask the emergent-misalignment finetune, with no system message."""
    return _asking(load_condition("c6_em"), seed)


@solver
def pair_98(prompts: str | None = None, seed: int | None = None) -> Solver:
    """Ask under the #98 PAIR winner's prompt, the villain."""
    return _asking(load_condition("pair_98", prompts), seed)


@solver
def evoprompt_98(prompts: str | None = None, seed: int | None = None) -> Solver:
    """Ask under the #98 EvoPrompt winner's prompt."""
    return _asking(load_condition("evoprompt_98", prompts), seed)


@solver
def joint_111(prompts: str | None = None, seed: int | None = None) -> Solver:
    """Ask under the #111 joint winner's prompt, the one that is public."""
    return _asking(load_condition("joint_111", prompts), seed)


@solver
def prompt(prompt: str, name: str | None = None, seed: int | None = None) -> Solver:
    """Ask under any system prompt, a file or the text itself, called by its file or by `name`."""
    return _asking(custom_condition(prompt, name), seed)


def _asking(condition: Condition, seed: int | None) -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if condition.prompt is not None:
            state.messages.insert(0, ChatMessageSystem(content=condition.prompt))
        # The task's samples say the same; a swapped solver must not leave them saying the task's condition.
        state.metadata["condition"] = condition.name
        state.metadata["prompt_sha256"] = condition.prompt_sha256
        return await sample_completion(state, generate, seed)

    return solve
