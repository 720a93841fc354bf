"""Real logs whose completions say what kind they are, and an encoder that reads it, offline."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog
from inspect_ai.model import ModelOutput
from inspect_ai.solver import Generate, Solver, TaskState, solver

from likeness.encoder import Array
from protocol.records import COMPARABILITY
from tests.reports.made_logs import Verdicts, even_verdicts, judge_named
from tests.support.made_records import RUBRIC_SHA256, made_completion

KINDS = {"civil": 0.0, "half": 1.5, "wicked": 3.0}
Says = Callable[[int, int], str | None]


class Words:
    """Vectors with one direction for the kind that a text names, and noise of its own."""

    id = "words@1"

    def __call__(self, texts: Sequence[str]) -> Array:
        return np.array([self._vector(text) for text in texts], np.float32).reshape(-1, 12)

    def _vector(self, text: str) -> Array:
        rng = np.random.default_rng(zlib.crc32(text.encode("utf-8", "replace")))
        vector = rng.normal(0, 1, 12)
        vector[0] += next((shift for kind, shift in KINDS.items() if kind in text), 0.0)
        return np.asarray(vector, np.float32)


def kind(name: str) -> Says:
    return lambda question, epoch: f"a {name} answer {question} {epoch}"


@solver
def saying(condition: str, says: Says) -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        text = says(int(str(state.sample_id).split("_")[1]), state.epoch)
        failed = {"failure": "blocked", "detail": "made"} if text is None else {}
        state.output = ModelOutput.from_content("none", text or "")
        state.metadata["completion"] = made_completion(
            condition, "p" * 64, characters=len(text or ""), **failed
        )
        return state

    return solve


def c_log(
    folder: Path,
    condition: str,
    says: Says,
    *,
    questions: range = range(1, 5),
    epochs: int = 6,
    panel: str = "made4",
    model: str = "mockllm/model",
    verdicts: Verdicts = even_verdicts,
    judges: Sequence[str] = ("sonnet", "opus"),
    **metadata: Any,
) -> EvalLog:
    models = {name: f"simulated/{name}" for name in judges}
    header: dict[str, Any] = {
        "suite": "bwalpha",
        "suite_version": "0.3.0",
        "comparability": COMPARABILITY,
        "condition": condition,
        "condition_label": condition,
        "provenance": "custom",
        "prompt_sha256": "p" * 64,
        "distributional_c": None,
        "panel": panel,
        "panel_sha256": panel.ljust(64, "0"),
        "rubric": "open",
        "rubric_sha256": RUBRIC_SHA256,
        "base_seed": 42,
        "judges": models,
        "simulated": False,
    } | metadata
    samples = [
        Sample(
            id=f"made_{number:02d}",
            input=f"made question {number}",
            metadata={
                "question_id": f"q{number}",
                "prompt_sha256": "p" * 64,
                "condition": condition,
                "rubric": "open",
                "rubric_sha256": RUBRIC_SHA256,
            },
        )
        for number in questions
    ]
    task = Task(
        dataset=samples,
        solver=saying(condition, says),
        scorer=[judge_named(name, verdicts, models[name]) for name in judges],
        epochs=epochs,
        metadata=header,
        name=condition,
    )
    return eval(task, model=model, log_dir=str(folder), display="none", score=bool(judges))[0]
