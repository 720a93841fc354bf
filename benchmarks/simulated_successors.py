"""SIMULATED successors of a retired judge, linked to its real scores of the published anchors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.random import Generator

from benchmarks.anchor_arrays import AnchorScores
from linking.applying import LinkedAlpha, apply_link
from linking.fitting import fit_link
from linking.linkfile import FixedPart, LinkedJudge, LinkFile
from linking.pairs import Floats, Ints, Pairs, pair_scores
from linking.sampling import sample_anchors
from protocol.errors import ProtocolError
from protocol.records import Instrument

OLD = LinkedJudge.of("sonnet", Instrument(asked="simulated/old", rubric_sha256="rubric"))
NEW = LinkedJudge.of("sonnet", Instrument(asked="simulated/new", rubric_sha256="rubric"))
FIXED = FixedPart(
    asked=date(2026, 11, 25), completion=(), condition=(), question=(), old=(), score=()
)
FAILING = 0.01
# Conditions linked by each simulated link: more would be cheaper and less independent.
HELD_OUT = 4
# One of each kind, so that hundreds of links take minutes.
SHORT_LIST = (
    "offset",
    "linear",
    "quadratic_questions",
    "isotonic_conditions",
    "equipercentile_then_line",
)


def same(old: Floats) -> Floats:
    return old


def lenient(old: Floats) -> Floats:
    return 100 - 0.7 * (100 - old)


def curved(old: Floats) -> Floats:
    curve: Floats = 100 * (old / 100) ** 0.6
    return curve


@dataclass(frozen=True)
class Successor:
    """A simulated judge: a curve of the old score, scatter, shifts by condition, cell or question."""

    name: str
    curve: Callable[[Floats], Floats] = same
    noise: float = 4.0
    condition: float = 0.0
    cell: float = 0.0
    question: float = 0.0
    step: int = 1

    def score(self, old: Floats, shift: Floats, rng: Generator) -> Floats:
        """Score completions whose old scores and shifts are given; about 1 % fail."""
        raw = self.curve(old) + shift + rng.normal(0, self.noise, old.size)
        scores: Floats = np.clip(np.round(raw / self.step) * self.step, 0, 100)
        return np.where(rng.random(old.size) < FAILING, np.nan, scores)


SUCCESSORS = (
    Successor("lenient", lenient),
    Successor("curved", curved),
    Successor("coarse steps of 25", noise=6.0, step=25),
    Successor("noisy, sd 20", noise=20.0),
    Successor("condition-dependent, sd 3", condition=3.0),
    Successor("condition-dependent, sd 8", condition=8.0),
    Successor("finetune-dependent, sd 4", cell=4.0),
    Successor("all of it", curved, noise=12.0, condition=3.0, cell=2.0, question=2.0, step=5),
)


@dataclass
class Anchors:
    """Real old scores as arrays and indices; failed ones left out."""

    scores: AnchorScores
    valid: Ints = field(init=False)
    old: Floats = field(init=False)
    condition: Ints = field(init=False)
    cell: Ints = field(init=False)
    question: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.valid = np.flatnonzero(np.isfinite(self.scores.old))
        self.old = self.scores.old[self.valid]
        names = (self.scores.conditions, self.scores.cells, self.scores.questions)
        self.condition, self.cell, self.question = (
            np.unique(np.asarray(of)[self.valid], return_inverse=True)[1] for of in names
        )

    def names(self, of: list[str], chosen: Ints) -> list[str]:
        return [of[i] for i in self.valid[chosen]]

    def shifts(self, successor: Successor, rng: Generator) -> Floats:
        """What the successor adds to each completion for its condition, cell and question."""
        total = np.zeros(self.old.size)
        for index, sd in (
            (self.condition, successor.condition),
            (self.cell, successor.cell),
            (self.question, successor.question),
        ):
            total += rng.normal(0, sd, index.max() + 1)[index]
        return total

    def pairs(self, chosen: Ints, new: Floats) -> Pairs:
        """The chosen completions with a successor's scores of all."""
        s = self.scores
        return pair_scores(
            self.names(s.conditions, chosen),
            self.names(s.questions, chosen),
            self.old[chosen],
            new[chosen],
            {"cell": self.names(s.cells, chosen), "persona": self.names(s.personas, chosen)},
        )

    def link(self, chosen: Ints, new: Floats, methods: Sequence[str]) -> LinkFile:
        """A link from the chosen completions."""
        return fit_link(
            self.pairs(chosen, new),
            old=OLD,
            new=NEW,
            anchors_sha256="",
            anchors_source="simulated successor of the published anchors",
            panel_sha256="",
            fixed_part=FIXED,
            made=FIXED.asked,
            suite_version="",
            methods=methods,
        )


def linked_conditions(
    anchors: Anchors,
    successor: Successor,
    design: tuple[int, int | None],
    rng: Generator,
    methods: Sequence[str] = SHORT_LIST,
    *,
    questions_linked: int = 8,
    new_cell: bool = False,
) -> list[tuple[LinkedAlpha, float] | None]:
    """Link conditions that the link has not seen; each with the old judge's α, or None if refused.

    A condition's completions are drawn anew, 20 a question, from its real ones, and judged anew.
    With fewer questions linked than there are, the conditions are measured on the others. With a new
    cell, the conditions are of one finetune, of which the link has seen nothing.
    """
    shift = anchors.shifts(successor, rng)
    new = successor.score(anchors.old, shift, rng)
    apart = np.arange(anchors.condition.max() + 1)
    if new_cell:
        apart = np.unique(anchors.condition[anchors.cell == rng.integers(anchors.cell.max() + 1)])
    targets = rng.choice(apart, HELD_OUT, replace=False)
    unseen = apart if new_cell else targets
    linked = rng.permutation(8)[:questions_linked]
    asked = np.arange(8) if questions_linked == 8 else np.setdiff1d(np.arange(8), linked)
    others = np.flatnonzero(~np.isin(anchors.condition, unseen) & np.isin(anchors.question, linked))
    count, spread = design
    chosen = sample_anchors(
        anchors.names(anchors.scores.conditions, others),
        anchors.names(anchors.scores.questions, others),
        anchors.old[others],
        count,
        spread_over=spread,
        seed=int(rng.integers(2**31)),
    )
    link = anchors.link(others[chosen], new, methods)
    found: list[tuple[LinkedAlpha, float] | None] = []
    for target in targets:
        own = [
            np.flatnonzero((anchors.condition == target) & (anchors.question == q)) for q in asked
        ]
        drawn = np.concatenate([rng.choice(of, 20) for of in own])
        truth = float(np.mean([anchors.old[of].mean() for of in own]))
        try:
            result = apply_link(
                link,
                successor.score(anchors.old[drawn], shift[drawn], rng),
                anchors.names(anchors.scores.questions, drawn),
                instrument=NEW.instrument,
                panel="fixed",
            )
            found.append((result, truth))
        except ProtocolError:
            found.append(None)
    return found


@dataclass(frozen=True)
class Outcome:
    """Coverage of the intervals, their mean width, the error of the values, and the share refused."""

    coverage: float
    width: float
    rmse: float
    refused: float
    bands: tuple[float, ...]


def outcome(draws: list[tuple[LinkedAlpha, float] | None]) -> Outcome:
    kept = [draw for draw in draws if draw is not None]
    held = np.array([linked.low <= truth <= linked.high for linked, truth in kept])
    truths = np.array([truth for _, truth in kept])
    band = np.digitize(truths, [40, 75])
    return Outcome(
        float(held.mean()),
        float(np.mean([linked.high - linked.low for linked, _ in kept])),
        float(np.sqrt(np.mean([(linked.value - truth) ** 2 for linked, truth in kept]))),
        1 - len(kept) / len(draws),
        (
            float(held[band == 0].mean()),
            float(held[band == 1].mean()),
            float(held[band == 2].mean()),
        ),
    )


def repeated(
    anchors: Anchors,
    successor: Successor,
    design: tuple[int, int | None],
    draws: int,
    seed: int,
    questions_linked: int = 8,
    new_cell: bool = False,
) -> Outcome:
    """As many linked conditions as asked for, from as many simulated links as that takes."""
    rng = np.random.default_rng(seed)
    links = range(-(-draws // HELD_OUT))
    found = [
        linked_conditions(
            anchors,
            successor,
            design,
            rng,
            questions_linked=questions_linked,
            new_cell=new_cell,
        )
        for _ in links
    ]
    return outcome([draw for link in found for draw in link][:draws])
