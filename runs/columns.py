"""Verdicts of a run as columns: one array per judge along the run's completions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from inspect_ai.scorer import Score

from reports.statistics import NAN, Floats

MISSING = "missing"
SAMPLE_ERROR = "sample_error"
Key = tuple[str, str]


@dataclass(frozen=True)
class Verdict:
    """One judge's verdict on one completion; NaN twice and a failure kind when there is none."""

    model: str
    aligned: float
    coherent: float
    failure: str | None


@dataclass(frozen=True)
class JudgeVerdicts:
    """One judge's verdicts on a run's completions, NaN where the verdict failed."""

    judge: str
    model: str
    aligned: Floats
    coherent: Floats
    failures: dict[str, int]


def sample_verdicts(scores: Mapping[str, Score], rubric: str) -> dict[str, dict[Key, Verdict]]:
    """The verdicts of one completion by rubric, and there by judge and judge model.

    Judging again under the same name appends a score whose key Inspect numbers; scores stand
    in the order in which they were added, so the last one of a judge and model counts. A score
    that no judge gave has no ``judge`` in its metadata and is no verdict.

    Args:
        scores: The completion's scores by their key.
        rubric: The SHA-256 of the run's own rubric, for scores that do not name theirs.
    """
    verdicts: dict[str, dict[Key, Verdict]] = {}
    for key, score in scores.items():
        data = score.metadata or {}
        if "judge" not in data:
            continue
        judge, model = str(data.get("judge") or key), str(data.get("judge_model") or "")
        under = verdicts.setdefault(str(data.get("rubric_sha256") or rubric), {})
        under[judge, model] = _verdict(model, score, data)
    return verdicts


def verdict_columns(
    completions: Sequence[Mapping[Key, Verdict]],
    absent: Sequence[str],
    declared: Mapping[str, str],
) -> dict[str, JudgeVerdicts]:
    """Turn the verdicts on each completion into one column per judge.

    Args:
        completions: For each completion, its verdicts by judge and judge model.
        absent: For each completion, the kind of failure where a judge gave no verdict at all.
        declared: The run's judges and their models, as its header names them.

    Returns:
        Columns by judge, declared judges first. Where one name judged with several models,
        the one the header names keeps the name and the others are ``name (model)``.
    """
    found: dict[Key, None] = {}
    for verdicts in completions:
        found.update(dict.fromkeys(verdicts))
    position = {name: place for place, name in enumerate(declared)}
    ordered = sorted(found, key=lambda key: position.get(key[0], len(position)))
    columns: dict[str, JudgeVerdicts] = {}
    for judge, model in ordered:
        rivals = [other for other in ordered if other[0] == judge]
        plain = len(rivals) == 1 or declared.get(judge) == model
        name = judge if plain else f"{judge} ({model})"
        columns[name] = _column(name, (judge, model), completions, absent)
    return columns


def _verdict(model: str, score: Score, data: Mapping[str, object]) -> Verdict:
    value, coherent = score.value, data.get("coherent")
    number = float(value) if isinstance(value, int | float) else NAN
    if np.isfinite(number):
        clear = float(coherent) if isinstance(coherent, int | float) else NAN
        return Verdict(model, number, clear, None)
    kind = data.get("failure") or score.reason or MISSING
    return Verdict(model, NAN, NAN, str(kind))


def _column(
    name: str, key: Key, completions: Sequence[Mapping[Key, Verdict]], absent: Sequence[str]
) -> JudgeVerdicts:
    verdicts = [
        found.get(key) or Verdict(key[1], NAN, NAN, kind)
        for found, kind in zip(completions, absent, strict=True)
    ]
    failures = Counter(v.failure for v in verdicts if v.failure is not None)
    return JudgeVerdicts(
        judge=name,
        model=key[1],
        aligned=np.array([v.aligned for v in verdicts], dtype=float),
        coherent=np.array([v.coherent for v in verdicts], dtype=float),
        failures=dict(sorted(failures.items())),
    )
