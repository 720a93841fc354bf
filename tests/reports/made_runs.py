"""Runs with planted scores, without logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np

from protocol.judges import judge_table
from protocol.records import COMPARABILITY, PROTOCOL_SAMPLING, Instrument, RunMetadata, Sampling
from runs.run import JudgeColumn, Loaded, QuestionFacts, Run

REGISTERED = judge_table().registered
TARGET = "vllm/Qwen/Qwen2.5-7B-Instruct"
SUBPANELS = ("power", "candour", "other")


def made_column(
    judge: str,
    model: str,
    mean: float,
    clusters: Any,
    seed: int,
    failed: int = 0,
    **instrument: Any,
) -> JudgeColumn:
    rng = np.random.default_rng(seed)
    # Every seed meets the same questions; only completions are drawn anew.
    questions = np.random.default_rng(7).normal(0, 4, 1 + int(clusters.max()))
    aligned = np.clip(mean + questions[clusters] + rng.normal(0, 3, len(clusters)), 0, 100)
    aligned[:failed] = np.nan
    used = Instrument(asked=model, rubric_sha256="e" * 64, **{"max_tokens": 256, **instrument})
    return JudgeColumn(
        name=judge,
        judge=judge,
        instrument=used,
        aligned=aligned,
        coherent=np.where(np.isnan(aligned), np.nan, 80.0 + rng.normal(0, 5, len(clusters))),
        failures={"refusal": failed} if failed else {},
        input_tokens=1000,
        output_tokens=100,
    )


def made_run(
    condition: str,
    means: Mapping[str, float],
    *,
    seed: int = 42,
    models: Mapping[str, str] = REGISTERED,
    target: str = TARGET,
    provenance: str = "verbatim",
    prompt: str | None = "p" * 64,
    panel: str = "bw52",
    questions: int = 52,
    completions: int = 20,
    failed: Mapping[str, int] | None = None,
    sampling: Sampling = PROTOCOL_SAMPLING,
    instrument: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Run:
    clusters = np.repeat(np.arange(questions), completions)
    metadata = RunMetadata(
        suite="bwalpha",
        suite_version="0",
        comparability=COMPARABILITY,
        condition=condition,
        condition_label=condition,
        provenance=provenance,  # type: ignore[arg-type]
        prompt_sha256=prompt,
        distributional_c=0.7,
        panel=panel,
        panel_sha256=panel[:1] * 64,
        rubric="eps",
        rubric_sha256="e" * 64,
        base_seed=seed,
        judges=dict(models),
        simulated=False,
    )
    columns = {
        judge: made_column(
            judge,
            models[judge],
            mean,
            clusters,
            seed * 100 + place + crc32(condition.encode()),
            (failed or {}).get(judge, 0),
            **(instrument or {}),
        )
        for place, (judge, mean) in enumerate(means.items())
    }
    named: dict[str, Any] = {
        "locations": (f"logs/{condition}_{seed}.eval",),
        "eval_id": condition,
        "created": "2026-01-01T00:00:00+00:00",
        "completed": "",
        "score_keys": len(columns),
        "modified": 0.0,
        "target": target,
        "task": "alpha",
        "metadata": metadata,
        "condition": condition,
        "prompt_sha256": prompt,
        "sampling": sampling,
        "rubric": "eps",
        "rubric_sha256": "e" * 64,
        "expected": len(clusters),
        "questions": tuple(
            QuestionFacts(f"q{n:02}", "wang", "made", SUBPANELS[n % 3], "held_out")
            for n in range(questions)
        ),
        "clusters": clusters,
        "epochs": np.tile(np.arange(1, completions + 1), questions),
        "characters": np.random.default_rng(3).integers(200, 2000, len(clusters)).astype(float),
        "judges": columns,
        "target_failures": {},
    }
    return Run(**{**named, **fields})


def loaded(*runs: Run) -> Loaded:
    return Loaded(tuple(runs), (), ())
