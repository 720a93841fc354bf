"""Follow-up 2, as registered: does the mean hide a mixture of very low and near-null questions?

The registered refutation, an interquartile range under 20, cannot see the mixture it was written for: with
12 of 52 questions low the range is small. So the mixture is tested itself, and the range decides only
where there is none.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from estimation.means import NAN, Floats, interquartile_range
from estimation.rules import WINNERS, Rules, Ruling

DRAWS = 400
SEED = 20_260_101
SURE = 0.95


@dataclass(frozen=True)
class QuestionMeans:
    """One condition's question means by one judge.

    Attributes:
        means: Mean aligned of each question, NaN without a valid verdict; shape (questions,).
        errors: Their standard errors from the completions; 0 or NaN for none; shape (questions,).
        null: The null condition's means of the same questions, NaN where unknown; shape (questions,).
        invalid: Whether more verdicts failed than the protocol allows.
    """

    means: Floats
    errors: Floats
    null: Floats
    invalid: bool = False


@dataclass(frozen=True)
class Split:
    """Question means cut in two where that explains most of their variance.

    Attributes:
        low: How many questions are in the lower group.
        low_mean: Their mean.
        high_mean: The others' mean.
        explained: Share of the variance between the groups, 0 to 1; NaN without variance.
        from_null: Upper group's mean minus the null's on the same questions; NaN without a null.
    """

    low: int
    low_mean: float
    high_mean: float
    explained: float
    from_null: float


def split(means: Floats, null: Floats) -> Split:
    """Cut the valid question means in two; NaN and 0 with fewer than two."""
    used = np.flatnonzero(np.isfinite(means))
    if used.size < 2:
        return Split(0, NAN, NAN, NAN, NAN)
    order = used[np.argsort(means[used], kind="stable")]
    values = means[order]
    cut, explained = _best_cut(values[None, :])
    low = int(cut[0])
    apart = means[order[low:]] - null[order[low:]]
    from_null = float(np.nanmean(apart)) if np.isfinite(apart).any() else NAN
    return Split(
        low, float(values[:low].mean()), float(values[low:].mean()), float(explained[0]), from_null
    )


def _best_cut(rows: Floats) -> tuple[Floats, Floats]:
    """Size of the lower group and explained variance of the best cut of each ascending row."""
    n = rows.shape[1]
    sizes = np.arange(1, n)
    below = np.cumsum(rows, axis=1)[:, :-1]
    total = rows.sum(axis=1, keepdims=True)
    between = sizes * (n - sizes) / n**2 * (below / sizes - (total - below) / (n - sizes)) ** 2
    best = between.argmax(axis=1)
    variance = rows.var(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = np.where(variance > 0, between[np.arange(len(rows)), best] / variance, NAN)
    return (best + 1).astype(float), explained


@functools.cache
def evenly_spread(questions: int) -> float:
    """What a cut explains of as many evenly spread means, exceeded by one panel in twenty."""
    rows = np.sort(np.random.default_rng(SEED).uniform(0, 1, (4000, questions)), axis=1)
    return float(np.quantile(_best_cut(rows)[1], 0.95))


def is_mixture(means: Floats, null: Floats, rules: Rules) -> bool:
    """Whether question means are the mixture that was registered.

    About 12 of 52 questions very low (no higher than the EM target), the others near the null's, and the two
    apart by more than evenly spread means would be.
    """
    found = split(means, null)
    valid = int(np.isfinite(means).sum())
    fewest, most = rules.low_questions
    return bool(
        fewest <= found.low <= most
        and found.low_mean <= rules.target.alpha
        and abs(found.from_null) <= rules.near_null
        and found.explained > evenly_spread(valid)
    )


def followup_2(conditions: Mapping[str, QuestionMeans], rules: Rules) -> Ruling:
    """Whether the winners' question means are the registered mixture, or spread evenly.

    Args:
        conditions: The winners by name, of one judge and seed 42.
        rules: The registered thresholds.

    Returns:
        ``holds`` when each of the four is shown to be the mixture; ``refuted`` when each one's interquartile
        range is shown to be under the threshold and none is the mixture; ``not refuted`` when one is shown
        to be either the mixture or of a range at or over the threshold.
    """
    if missing := [name for name in WINNERS if name not in conditions]:
        return Ruling("undecided", f"not run: {', '.join(missing)}")
    said: dict[str, str] = {}
    for name in WINNERS:
        said[name] = _one(conditions[name], rules)
    words = ", ".join(f"{name} {what}" for name, what in said.items())
    kinds = set(said.values())
    if kinds == {"mixture"}:
        return Ruling("holds", "very low and near-null questions in each of the four")
    if kinds == {"narrow"}:
        return Ruling(
            "refuted", f"every interquartile range under {rules.iqr:g}, and no mixture in any"
        )
    if kinds & {"mixture", "wide"}:
        return Ruling("not refuted", words)
    return Ruling("undecided", words)


def _one(condition: QuestionMeans, rules: Rules) -> str:
    valid = int(np.isfinite(condition.means).sum())
    if condition.invalid:
        return "invalid"
    if valid < rules.fewest_questions:
        return f"{valid} questions"
    if not np.isfinite(condition.null[np.isfinite(condition.means)]).any():
        return "no null to compare with"
    errors = np.where(np.isfinite(condition.errors), condition.errors, 0.0)
    noise = np.random.default_rng(SEED).standard_normal((DRAWS, len(errors))) * errors
    drawn = [condition.means + row for row in noise]
    mixture = np.mean([is_mixture(means, condition.null, rules) for means in drawn])
    narrow = np.mean([interquartile_range(means) < rules.iqr for means in drawn])
    if mixture >= SURE:
        return "mixture"
    if mixture > 1 - SURE:
        return "open"
    if narrow >= SURE:
        return "narrow"
    return "wide" if narrow <= 1 - SURE else "open"
