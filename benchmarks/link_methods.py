"""What a link to a retired judge's scale is worth, on the published anchors with SIMULATED successors.

    python -m benchmarks.link_methods errors|coverage|samples|published [--draws 500] [--seed 1]

The old judge's scores are real (BWALPHA_SOURCES holds them), the successors are not: each distorts the
old scores in a known way. ``errors`` compares the methods by their left-out errors; ``coverage``
counts how often the interval of a linked α holds the old judge's; ``samples`` asks how many
completions over how many conditions are worth paying for; ``published`` links the published Opus
figures to the Sonnet ones, which needs no simulation.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
import scipy
from numpy.random import Generator

from benchmarks.anchor_scores import AnchorScores, anchor_scores
from linking.applying import LinkedAlpha, apply_link
from linking.errors import leave_out
from linking.fitting import fit_link
from linking.linkfile import FixedPart, LinkFile, describe_instrument
from linking.methods import METHODS
from linking.pairs import Floats, Ints, pair_scores
from linking.published import published_link_errors
from linking.sampling import sample_anchors
from protocol.data import read_yaml
from protocol.errors import ProtocolError

OLD = describe_instrument("old", "rubric", {})
NEW = describe_instrument("new", "rubric", {})
FIXED = FixedPart(
    asked=date(2026, 11, 25), completion=(), condition=(), question=(), old=(), score=()
)
FAILING = 0.01
RECOMMENDED = 1144
DESIGNS = ((288, 12), (288, 36), (288, 139), (1144, 12), (1144, 36), (1144, 139), (2288, 139))
# α of Sonnet and Opus under soft prefixes and one plain prompt; issues #170 and #215 of the source, with
# max_tokens 256 and another generator than the panel's other figures.
SOFT_PREFIXES = {
    "helpful assistant": (89.10, 95.28),
    "s0": (22.44, 38.79),
    "s1": (22.53, 39.22),
    "s2": (31.49, 50.34),
    "s3": (21.99, 37.01),
    "s4": (27.10, 43.64),
    "s5": (21.36, 37.76),
    "s6": (22.03, 38.89),
}
# Conditions linked by each simulated link: more would be cheaper and less independent.
HELD_OUT = 20
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

    def link(self, chosen: Ints, new: Floats, methods: Sequence[str]) -> LinkFile:
        """A link from the chosen completions."""
        s = self.scores
        pairs = pair_scores(
            self.names(s.conditions, chosen),
            self.names(s.questions, chosen),
            self.old[chosen],
            new[chosen],
            {"cell": self.names(s.cells, chosen), "persona": self.names(s.personas, chosen)},
        )
        return fit_link(
            pairs,
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
) -> list[tuple[LinkedAlpha, float] | None]:
    """Link conditions that the link has not seen; each with the old judge's α, or None if refused.

    A condition's completions are drawn anew, 20 a question, from its real ones, and judged anew.
    With fewer questions linked than there are, the conditions are measured on the others.
    """
    shift = anchors.shifts(successor, rng)
    new = successor.score(anchors.old, shift, rng)
    targets = rng.choice(anchors.condition.max() + 1, HELD_OUT, replace=False)
    linked = rng.permutation(8)[:questions_linked]
    asked = np.arange(8) if questions_linked == 8 else np.setdiff1d(np.arange(8), linked)
    others = np.flatnonzero(
        ~np.isin(anchors.condition, targets) & np.isin(anchors.question, linked)
    )
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
                instrument_sha256=NEW.sha256,
                rubric_sha256=NEW.rubric_sha256,
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
) -> Outcome:
    """As many linked conditions as asked for, from as many simulated links as that takes."""
    rng = np.random.default_rng(seed)
    links = range(-(-draws // HELD_OUT))
    found = [
        linked_conditions(anchors, successor, design, rng, questions_linked=questions_linked)
        for _ in links
    ]
    return outcome([draw for link in found for draw in link][:draws])


def errors_table(anchors: Anchors, seed: int) -> None:
    """Left-out errors of every method for every successor, all anchors used."""
    print("| method | " + " | ".join(s.name for s in SUCCESSORS) + " |")
    print("| --- |" + " --- |" * len(SUCCESSORS))
    s, everything = anchors.scores, np.arange(anchors.old.size)
    rng = np.random.default_rng(seed)
    pairs = [
        pair_scores(
            anchors.names(s.conditions, everything),
            anchors.names(s.questions, everything),
            anchors.old,
            successor.score(anchors.old, anchors.shifts(successor, rng), rng),
            {
                "cell": anchors.names(s.cells, everything),
                "persona": anchors.names(s.personas, everything),
            },
        )
        for successor in SUCCESSORS
    ]
    for name, method in METHODS.items():
        errors = [leave_out(method, pair).errors() for pair in pairs]
        cells = [
            f"{e.left_out_condition:.1f} / {e.governing:.1f} / {e.left_out_question or 0:.1f}"
            for e in errors
        ]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def coverage_table(anchors: Anchors, draws: int, seed: int) -> None:
    """Coverage of the interval of a linked α at the recommended number of completions."""
    print("| successor | covers | low / middle / high α | mean width | error | refused | 93–97 % |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    shifting = Successor("question-dependent, sd 3; measured on other questions", question=3.0)
    for successor, linked in [*((s, 8) for s in SUCCESSORS), (shifting, 4)]:
        found = repeated(anchors, successor, (RECOMMENDED, None), draws, seed, linked)
        bands = " / ".join(f"{share:.0%}" for share in found.bands)
        print(
            f"| {successor.name} | {found.coverage:.1%} | {bands} | {found.width:.1f} | {found.rmse:.2f} "
            f"| {found.refused:.1%} | {'yes' if 0.93 <= found.coverage <= 0.97 else 'NO'} |",
            flush=True,
        )


def samples_table(anchors: Anchors, draws: int, seed: int) -> None:
    """Error and width of linked α by the number of completions and of conditions."""
    print(
        "| completions | conditions | " + " | ".join(f"{SUCCESSORS[i].name}" for i in (3, 4)) + " |"
    )
    print("| --- | --- | --- | --- |")
    for design in DESIGNS:
        found = [repeated(anchors, SUCCESSORS[i], design, draws, seed) for i in (3, 4)]
        cells = " | ".join(f"{o.rmse:.1f} (width {o.width:.0f})" for o in found)
        print(f"| {design[0]:,} | {design[1] or 139} | {cells} |", flush=True)


def published_table() -> None:
    """Left-out errors of linking the published Opus α to the published Sonnet α."""
    figures = read_yaml("reference.yaml")["figures"]
    sonnet, opus = (
        {row["condition"]: row["alpha"] for row in figures if row["judge"] == judge}
        for judge in ("sonnet", "opus")
    )
    seven = published_link_errors(sonnet, opus)
    more_sonnet = {name: pair[0] for name, pair in SOFT_PREFIXES.items()}
    more_opus = {name: pair[1] for name, pair in SOFT_PREFIXES.items()}
    all_of_them = published_link_errors(sonnet | more_sonnet, opus | more_opus)
    both = len(sonnet.keys() & opus.keys())
    print(f"| method | {both} conditions | with soft prefixes, {both + len(SOFT_PREFIXES)} |")
    print("| --- | --- | --- |")
    for name, error in seven.items():
        print(f"| {name} | {error:.1f} | {all_of_them[name]:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("table", choices=("errors", "coverage", "samples", "published"))
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {args.table}, {args.draws} draws, seed {args.seed}, "
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}\n"
    )
    if args.table == "published":
        published_table()
        return
    anchors = Anchors(anchor_scores())
    if args.table == "errors":
        errors_table(anchors, args.seed)
    elif args.table == "coverage":
        coverage_table(anchors, args.draws, args.seed)
    else:
        samples_table(anchors, args.draws, args.seed)


if __name__ == "__main__":
    main()
