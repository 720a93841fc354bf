"""Completions with a known structure, as vectors."""

import numpy as np

from likeness.fit import Floats, Strings
from likeness.measure import Completions

SIZE = 24


def planted(
    seed: int,
    shifts: dict[str, float],
    *,
    questions: int = 12,
    each: int = 10,
    noise: float = 1.0,
    quirk: float = 0.0,
    lengths: dict[str, int] | None = None,
) -> Completions:
    """Make completions of several conditions.

    Args:
        seed: Of everything.
        shifts: How far each condition lies along the one direction that tells EM from base.
        questions: How many.
        each: Completions per question and condition.
        noise: Standard deviation of a completion in each dimension.
        quirk: How far each condition lies, in each question, along a direction of that question
            and condition alone: tells conditions apart within a question and nowhere else.
        lengths: Characters of a condition's texts, 100 by default.
    """
    rng = np.random.default_rng(seed)
    topic = rng.normal(0, 2, (questions, SIZE))
    topic[:, 0] = 0
    rows: list[Floats] = []
    texts, asked, conditions = [], [], []
    for name, shift in shifts.items():
        for q in range(questions):
            centre = topic[q].copy()
            centre[0] += shift
            centre += quirk * rng.normal(0, 1, SIZE)
            rows.append(centre + rng.normal(0, noise, (each, SIZE)))
            asked += [f"q{q:02d}"] * each
            conditions += [name] * each
            length = (lengths or {}).get(name, 100)
            texts += [f"{name} {q} {k}".ljust(length, ".") for k in range(each)]
    return Completions(texts, np.concatenate(rows), strings(asked), strings(conditions))


def strings(values: list[str]) -> Strings:
    return np.array(values, dtype=np.str_)
