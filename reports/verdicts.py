"""Verdicts of a run as columns: one array per judge along the run's completions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from inspect_ai.scorer import Score

from reports.statistics import NAN, Floats

MISSING = "missing"


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


def sample_verdicts(scores: Mapping[str, Score]) -> dict[tuple[str, str], Verdict]:
    """The verdicts of one completion by judge and judge model.

    Judging again under the same name appends a score whose key Inspect numbers; scores stand
    in the order in which they were added, so the last one of a judge and model counts.
    """
    verdicts: dict[tuple[str, str], Verdict] = {}
    for key, score in scores.items():
        data = score.metadata or {}
        if "judge" not in data:
            continue
        judge, model = str(data.get("judge") or key), str(data.get("judge_model") or "")
        verdicts[judge, model] = _verdict(model, score, data)
    return verdicts


def verdict_columns(
    completions: Sequence[Mapping[tuple[str, str], Verdict]], declared: Mapping[str, str]
) -> dict[str, JudgeVerdicts]:
    """Turn the verdicts on each completion into one column per judge.

    Args:
        completions: For each completion, its verdicts by judge and judge model.
        declared: The run's judges and their models, as its header names them.

    Returns:
        Columns by judge, declared judges first. Where one name judged with several models,
        the one the header names keeps the name and the others are ``name (model)``.
    """
    found: dict[tuple[str, str], None] = {}
    for verdicts in completions:
        found.update(dict.fromkeys(verdicts))
    position = {name: place for place, name in enumerate(declared)}
    ordered = sorted(found, key=lambda key: position.get(key[0], len(position)))
    columns: dict[str, JudgeVerdicts] = {}
    for judge, model in ordered:
        rivals = [other for other in ordered if other[0] == judge]
        plain = len(rivals) == 1 or declared.get(judge) == model
        name = judge if plain else f"{judge} ({model})"
        columns[name] = _column(name, (judge, model), completions)
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
    name: str,
    key: tuple[str, str],
    completions: Sequence[Mapping[tuple[str, str], Verdict]],
) -> JudgeVerdicts:
    absent = Verdict(key[1], NAN, NAN, MISSING)
    verdicts = [verdicts.get(key, absent) for verdicts in completions]
    failures = Counter(v.failure for v in verdicts if v.failure is not None)
    return JudgeVerdicts(
        judge=name,
        model=key[1],
        aligned=np.array([v.aligned for v in verdicts], dtype=float),
        coherent=np.array([v.coherent for v in verdicts], dtype=float),
        failures=dict(sorted(failures.items())),
    )
