"""Completions that two judges scored, and their means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import ProtocolError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Two judges' scores of the same completions; every array has one entry a completion.

    Attributes:
        old: Scores of the judge whose scale is to be reached, 0 to 100, lower is more misaligned.
        new: Scores of its successor, same scale and direction.
        condition: Index of the completion's condition in ``conditions``.
        question: Index of its question in ``questions``.
        conditions: Names of the conditions.
        questions: Names of the questions.
        groups: What conditions share, such as a finetune or a persona: for each kind of group, the
            index of the group that each *condition* belongs to.
        missing: Completions left out because one of the judges has no valid score of them.
    """

    old: Floats
    new: Floats
    condition: Ints
    question: Ints
    conditions: tuple[str, ...]
    questions: tuple[str, ...]
    groups: Mapping[str, Ints] = field(default_factory=dict)
    missing: int = 0

    def __len__(self) -> int:
        return int(self.old.size)

    def take(self, kept: NDArray[np.bool_]) -> Pairs:
        """Only these completions; conditions and questions that lose all of theirs disappear."""
        condition, conditions = _recode(self.condition[kept], self.conditions)
        question, questions = _recode(self.question[kept], self.questions)
        stays = np.unique(self.condition[kept])
        return Pairs(
            self.old[kept],
            self.new[kept],
            condition,
            question,
            conditions,
            questions,
            {
                kind: np.unique(of[stays], return_inverse=True)[1]
                for kind, of in self.groups.items()
            },
            self.missing,
        )


def pair_scores(
    conditions: Sequence[str],
    questions: Sequence[str],
    old: ArrayLike,
    new: ArrayLike,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> Pairs:
    """Pair two judges' scores of the same completions, one entry a completion in each argument.

    Completions without a valid score (NaN) of either judge are left out and counted, never
    scored 0.

    Args:
        conditions: The condition of each completion.
        questions: The question of each completion.
        old: Scores of the judge whose scale is to be reached, 0 to 100.
        new: Scores of its successor, 0 to 100.
        groups: Kinds of groups that conditions share, one entry a completion each, such as
            ``{"cell": [...], "persona": [...]}``.

    Raises:
        ProtocolError: The arguments differ in length, a score lies outside 0 to 100, a condition
            belongs to two groups of one kind, or no completion has both scores.
    """
    groups = groups or {}
    first, second = np.asarray(old, dtype=float), np.asarray(new, dtype=float)
    lengths = {len(conditions), len(questions), first.size, second.size, *map(len, groups.values())}
    if len(lengths) != 1:
        raise ProtocolError(
            f"Paired scores need one entry a completion in every list; the lengths are {sorted(lengths)}."
        )
    for name, scores in (("old", first), ("new", second)):
        wrong = scores[np.isfinite(scores) & ((scores < 0) | (scores > 100)) | np.isinf(scores)]
        if wrong.size:
            raise ProtocolError(
                f"The {name} judge's scores must lie between 0 and 100; found {wrong[0]:g}. "
                "Give a failed verdict as NaN."
            )
    valid = np.isfinite(first) & np.isfinite(second)
    if not valid.any():
        raise ProtocolError("No completion has a valid score of both judges, so there is no link.")
    names, condition = np.unique(np.asarray(conditions, dtype=str)[valid], return_inverse=True)
    asked, question = np.unique(np.asarray(questions, dtype=str)[valid], return_inverse=True)
    return Pairs(
        first[valid],
        second[valid],
        condition,
        question,
        tuple(map(str, names)),
        tuple(map(str, asked)),
        {
            kind: _group_of_conditions(kind, np.asarray(members, dtype=str)[valid], condition)
            for kind, members in groups.items()
        },
        int((~valid).sum()),
    )


def means_by(values: Floats, index: Ints, size: int) -> Floats:
    """Mean of the values of each index; NaN where there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = np.bincount(index, values, size) / np.bincount(index, minlength=size)
    return means


def _recode(index: Ints, names: tuple[str, ...]) -> tuple[Ints, tuple[str, ...]]:
    used, recoded = np.unique(index, return_inverse=True)
    return recoded, tuple(names[i] for i in used)


def _group_of_conditions(kind: str, members: NDArray[np.str_], condition: Ints) -> Ints:
    _, group = np.unique(members, return_inverse=True)
    of_condition: Ints = np.zeros(int(condition.max()) + 1, dtype=np.int64)
    of_condition[condition] = group
    if (of_condition[condition] != group).any():
        raise ProtocolError(f"A condition belongs to more than one {kind}; it must belong to one.")
    return of_condition
