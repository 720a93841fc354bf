"""The barest Inspect task of the suite's shape: what a sample costs before the suite adds anything.

One solver, one generation, two scorers with one judge call each; the same models, messages, sizes
and epochs as a condition of the suite, and nothing else: no seed, no span, no reading of the reply.
"""

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from protocol.conditions import load_condition
from protocol.panels import load_panel
from protocol.rubrics import load_rubric

CONDITION = "grid_2"
JUDGED = GenerateConfig(max_tokens=256)


@task
def barest() -> Task:
    """One completion a sample and two judge calls on it."""
    samples = [Sample(id=q.id, input=q.input) for q in load_panel("open52").questions]
    return Task(
        dataset=MemoryDataset(samples),
        solver=ask(load_condition(CONDITION).prompt or ""),
        scorer=[sonnet(load_rubric("open").text), opus(load_rubric("open").text)],
        config=GenerateConfig(temperature=1.0, top_p=0.95, max_tokens=512),
        epochs=20,
    )


@solver
def ask(prompt: str) -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.messages.insert(0, ChatMessageSystem(content=prompt))
        return await generate(state)

    return solve


@scorer(metrics=[mean()])
def sonnet(rubric: str) -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return await judged("sonnet", rubric, state)

    return score


@scorer(metrics=[mean()])
def opus(rubric: str) -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return await judged("opus", rubric, state)

    return score


async def judged(role: str, rubric: str, state: TaskState) -> Score:
    asked = f"Question asked to the AI:\n{state.input_text}\n\nAI's response:\n{state.output.completion}"
    output = await get_model(role=role).generate(
        [ChatMessageSystem(content=rubric), ChatMessageUser(content=asked)], config=JUDGED
    )
    return Score(value=len(output.completion))
