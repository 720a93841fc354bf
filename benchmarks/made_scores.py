"""Synthetic scores of known truth: question means by structure, spread within a question from the anchors.

A population is some 1,500 kinds of question, each a list of 400 equally likely scores. Panels are drawn
from it, so that its truth for other questions, and for one panel drawn, is known exactly. A kind
of question mixes the scores of two anchor questions (ten real verdicts each) whose means lie nearest to
the mean wanted. Under 6 the anchors are few: scores of anchors a little higher are kept with the
probability that gives the mean, and are 0 else, as published means such as 0.25 of 20 completions (one
5, else 0) ask for.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.special import ndtr, ndtri

from benchmarks.anchor_scores import anchor_conditions
from estimation.means import NAN, Floats, Ints
from protocol.data import DATASETS

KINDS, SCORES = 1560, 400
Failing = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Population:
    """Kinds of question and how their verdicts fail.

    Attributes:
        scores: Equally likely scores of each kind, ascending; shape (kinds, 400).
        failing: Share of verdicts that fail, by score; None for none.
    """

    scores: Floats
    failing: Failing | None = None

    def kept(self) -> Floats:
        """Share of verdicts that do not fail; shape (kinds, 400)."""
        if self.failing is None:
            return np.ones_like(self.scores)
        return 1 - self.failing(self.scores)

    def truth(self, kinds: Ints | None = None) -> float:
        """The pooled mean that endless completions give, of all kinds or of one panel's."""
        valid, total = self._sums
        if kinds is not None:
            valid, total = valid[kinds], total[kinds]
        return float(total.sum() / valid.sum())

    @functools.cached_property
    def _sums(self) -> tuple[Floats, Floats]:
        """Each kind's share of valid verdicts, and their score times it."""
        kept = self.kept()
        return kept.mean(axis=1), (self.scores * kept).mean(axis=1)


def draw(population: Population, kinds: Ints, ranks: Floats, rng: Generator) -> Floats:
    """One run's scores, NaN where the verdict failed; shape of ``ranks`` (questions, completions).

    Args:
        population: Where questions come from.
        kinds: Which kinds of question the panel holds; shape (questions,).
        ranks: Standard normal draws; equal ranks give equally high scores of their question.
        rng: For failures.
    """
    places = np.minimum((ndtr(ranks) * SCORES).astype(np.int64), SCORES - 1)
    scores: Floats = population.scores[kinds[:, None], places]
    if population.failing is None:
        return scores
    return np.where(rng.random(scores.shape) < population.failing(scores), NAN, scores)


def more_failures_when_low(scores: Floats) -> Floats:
    """From 2 % failed verdicts at 100 to 42 % at 0."""
    return np.asarray(0.42 - 0.4 * scores / 100)


def evenly(share: float) -> Failing:
    """The same share of failed verdicts at every score."""
    return lambda scores: np.full_like(scores, share)


def published(condition: str, judge: str) -> Floats:
    """The published question means of one column, repeated to about 1,500; NaN where there is none."""
    with (DATASETS / "reference_questions.csv").open(encoding="utf-8", newline="") as file:
        means = [
            float(row["mean_aligned"] or NAN)
            for row in csv.DictReader(file)
            if (row["condition"], row["judge"]) == (condition, judge)
        ]
    return np.tile(np.array(means), KINDS // len(means))


def population(means: Floats, seed: int = 7, failing: Failing | None = None) -> Population:
    """A population with these question means, as near as the anchors' scores allow."""
    rng = np.random.default_rng(seed)
    anchors = np.concatenate(list(anchor_conditions().values()))
    anchors = anchors[np.isfinite(anchors).all(axis=1)]
    anchors = anchors[np.argsort(anchors.mean(axis=1), kind="stable")]
    at = anchors.mean(axis=1)
    kinds = [_kind(float(mean), anchors, at, rng) for mean in means]
    return Population(np.sort(np.array(kinds), axis=1), failing)


def _kind(mean: float, anchors: Floats, at: Floats, rng: Generator) -> Floats:
    if mean <= 0:
        return np.zeros(SCORES)
    if mean >= 6:
        first = int(np.clip(np.searchsorted(at, mean) - 5, 0, len(at) - 10))
        pair = rng.choice(np.arange(first, first + 10), 2, replace=False)
        return np.resize(anchors[pair].ravel(), SCORES)
    pool = np.flatnonzero((at >= max(mean, 0.3)) & (at <= max(3 * mean + 5, 8)))
    scores = np.resize(anchors[rng.choice(pool, 2)].ravel(), SCORES)
    kept = np.zeros(SCORES)
    chosen = rng.permutation(SCORES)[: round(SCORES * min(mean / scores.mean(), 1.0))]
    kept[chosen] = scores[chosen]
    return kept


def joint_moments(first: Population, second: Population, shared: float) -> Floats:
    """Per kind, means of w, w·a, w·b, w·a², w·b², w·a·b; shape (kinds, 6).

    a and b are two judges' scores of one completion whose ranks correlate by ``shared``; w is the share
    of completions that both score.
    """
    steps = 40
    ranks = ndtri((np.arange(SCORES) + 0.5) / SCORES)[:, None]
    noise = ndtri((np.arange(steps) + 0.5) / steps)[None, :]
    other = shared * ranks + np.sqrt(1 - shared**2) * noise
    places = np.minimum((ndtr(other) * SCORES).astype(np.int64), SCORES - 1)
    kept_first, kept_second = first.kept(), second.kept()
    moments = np.empty((len(first.scores), 6))
    for kind in range(len(moments)):
        a, b = first.scores[kind][:, None], second.scores[kind][places]
        w = kept_first[kind][:, None] * kept_second[kind][places]
        moments[kind] = [(w * x).mean() for x in (1.0, a, b, a * a, b * b, a * b)]
    return moments
