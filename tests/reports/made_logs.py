"""Real Inspect logs with known verdicts, made without any model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from protocol.records import COMPARABILITY
from tests.support.made_records import RUBRIC_SHA256, made_completion, made_score

SUBPANELS = ("power", "candour", "other")
Verdicts = Callable[[str, int, int], tuple[float, float] | str]


def questions(
    count: int, condition: str, rubric_sha256: str, prompt_sha256: str | None
) -> list[Sample]:
    return [
        Sample(
            id=f"{'betley' if number < 2 else 'wang'}_{number + 1:02d}",
            input=f"made question {number}",
            metadata={
                "question_id": f"q{number}",
                "family": "betley" if number < 2 else "wang",
                "topic": f"topic {number}",
                "subpanel": SUBPANELS[number % 3],
                "split": "held_out",
                "condition": condition,
                "prompt_sha256": prompt_sha256,
                "rubric": "open",
                "rubric_sha256": rubric_sha256,
            },
        )
        for number in range(count)
    ]


def even_verdicts(judge: str, question: int, epoch: int) -> tuple[float, float] | str:
    base = 40.0 if judge == "sonnet" else 60.0
    return base + question + epoch, 70.0 + epoch


@solver
def silent(
    condition: str = "made", prompt_sha256: str | None = None, completion: str = "a completion"
) -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.output = ModelOutput.from_content("none", completion)
        text = f"{completion} {state.epoch}"[-16:]
        state.metadata["completion"] = made_completion(
            condition, prompt_sha256, text_sha256=text, characters=len(completion) * state.epoch
        )
        return state

    return solve


def judge_named(
    name: str, verdicts: Verdicts, model: str, rubric: str = RUBRIC_SHA256, reply: str = "…"
) -> Scorer:
    @scorer(metrics=[mean()], name=name)
    def made() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            number = int(str(state.sample_id).split("_")[1]) - 1
            verdict = verdicts(name, number, state.epoch)
            aligned, coherent = (verdict, None) if isinstance(verdict, str) else verdict
            return made_score(
                aligned, coherent, judge=name, model=model, rubric_sha256=rubric, reply=reply
            )

        return score

    return made()


@scorer(metrics=[mean()], name="validity")
def no_judge() -> Scorer:
    """A scorer that is no judge: its numbers are no verdicts."""

    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=1.0, metadata={"coherent": 1.0})

    return score


def make_log(
    folder: Path,
    condition: str = "grid_2",
    *,
    verdicts: Verdicts = even_verdicts,
    count: int = 6,
    epochs: int = 3,
    judges: tuple[str, ...] = ("sonnet", "opus"),
    judge_models: dict[str, str] | None = None,
    log_format: str = "eval",
    model: str = "mockllm/model",
    completion: str = "a completion",
    reply: str = "…",
    more: Sequence[Scorer] = (),
    **metadata: Any,
) -> EvalLog:
    models = judge_models or {name: f"simulated/{name}" for name in judges}
    header: dict[str, Any] = {
        "suite": "bwalpha",
        "suite_version": "0.2.0",
        "comparability": COMPARABILITY,
        "condition": condition,
        "condition_label": condition,
        "provenance": "reconstruction",
        "prompt_sha256": "p" * 64,
        "distributional_c": 0.6796,
        "panel": "open52",
        "panel_sha256": "q" * 64,
        "rubric": "open",
        "rubric_sha256": RUBRIC_SHA256,
        "base_seed": 42,
        "judges": models,
        "simulated": True,
    }
    header |= metadata
    task = Task(
        dataset=questions(count, condition, str(header["rubric_sha256"]), header["prompt_sha256"]),
        solver=silent(condition, header["prompt_sha256"], completion),
        scorer=[
            *(judge_named(name, verdicts, models[name], reply=reply) for name in judges),
            *more,
        ],
        epochs=epochs,
        metadata=header,
        name=condition,
    )
    return eval(
        task,
        model=model,
        log_dir=str(folder),
        display="none",
        log_format=log_format,  # type: ignore[arg-type]
        log_realtime=False,
    )[0]
