"""What a planned run sees, from the spread that runs show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

import numpy as np

from estimation.intervals import Sample
from estimation.means import NAN
from estimation.power import (
    Needed,
    Spread,
    alpha_spread,
    components,
    difference_spread,
    expected_width,
    needed,
)
from estimation.power import (
    smallest_difference as _smallest,
)
from estimation.seeds import seed_spread
from protocol.errors import ProtocolError
from reports.estimates import question_numbers, sample
from runs.run import Run

# Differences of all pairs of so many conditions fill no more than a screen.
FEW = 8


@dataclass(frozen=True)
class Measured:
    """One α whose spread is known.

    Attributes:
        name: Its row.
        series: What two must share to be compared.
        judge: Who judged.
        sample: The scores.
    """

    name: str
    series: object
    judge: str
    sample: Sample


@dataclass(frozen=True)
class Planned:
    """What a run of the size asked for sees of one α or difference.

    Attributes:
        name: Of the condition, or of two.
        numbers: Standard deviation between questions and within them; smallest difference seen for other
            questions and for this panel (NaN for a single α).
        width: Expected width of the 95 % interval for other questions.
        needed: Questions, or else completions, for the width asked for.
    """

    name: str
    numbers: tuple[float, float, float, float]
    width: float
    needed: tuple[int | None, int | None]


def planned(
    found: Sequence[Measured],
    pairs: Sequence[str],
    questions: int,
    completions: int,
    power: float,
    width: float | None,
) -> list[Planned]:
    """Plan from the spread of every α and of the differences of those that may be compared.

    Raises:
        ProtocolError: A pair names what is not there.
    """
    spreads: list[tuple[str, Spread, bool]] = [
        (f"{one.name}, {one.judge}", alpha_spread(one.sample), False) for one in found
    ]
    known = {f"{a.name}:{b.name}" for a in found for b in found if a.series == b.series}
    for pair in pairs:
        if pair not in known:
            names = ", ".join(dict.fromkeys(one.name for one in found))
            raise ProtocolError(
                f"--compare {pair}: give two of {names} that share a judge and seed."
            )
    for a, b in combinations(found, 2):
        asked = f"{a.name}:{b.name}" in pairs or f"{b.name}:{a.name}" in pairs
        if a.series == b.series and (asked or (not pairs and len(found) <= FEW)):
            name = f"{a.name} − {b.name}, {a.judge}"
            spreads.append((name, difference_spread(a.sample, b.sample), True))
    return [
        Planned(
            name,
            (
                sqrt(spread.between),
                sqrt(spread.within),
                _smallest(spread, questions, completions, "questions", power) if paired else NAN,
                _smallest(spread, questions, completions, "panel", power) if paired else NAN,
            ),
            expected_width(spread, questions, completions),
            _needed(spread, width, questions, completions),
        )
        for name, spread, paired in spreads
    ]


def _needed(
    spread: Spread, width: float | None, questions: int, completions: int
) -> tuple[int | None, int | None]:
    if width is None or not spread.within >= 0 or not spread.between >= 0:
        return None, None
    found: Needed = needed(spread, width, questions, completions)
    return found.questions, found.completions


@dataclass(frozen=True)
class Component:
    """A standard deviation of which more questions and completions do not rid an α.

    Attributes:
        of: ``judges`` or ``seeds``.
        name: The condition, and the judge where it is one's.
        sd: In points; between judges of one completion beyond the gap of their means, or between the α of
            base seeds beyond new completions. NaN where the runs cannot tell it.
        rests_on: Which judges and how many completions, or which seeds; or why there is none.
    """

    of: str
    name: str
    sd: float
    rests_on: str


def judge_and_seed_components(runs: Sequence[Run]) -> list[Component]:
    """How far judges of the same completions, and seeds of the same condition, differ; or why it is open."""
    judges = [_between_judges(run) for run in runs if len(run.judges) > 1]
    seeds = _between_seeds(runs)
    return [
        *(judges or [Component("judges", "", NAN, "no run has two judges")]),
        *(seeds or [Component("seeds", "", NAN, "no condition has two seeds")]),
    ]


def _between_judges(run: Run) -> Component:
    ratings = np.column_stack([column.aligned for column in run.judges.values()])
    found = components(ratings, run.clusters, np.zeros_like(run.clusters))
    scored = int(np.isfinite(ratings).all(axis=1).sum())
    said = f"{' and '.join(run.judges)}, {scored:,} completions that all scored"
    name = run.condition if run.seed is None else f"{run.condition} seed {run.seed}"
    return Component("judges", name, sqrt(found.judge_by_question + found.residual), said)


def _between_seeds(runs: Sequence[Run]) -> list[Component]:
    numbers = question_numbers(runs)
    groups: dict[object, dict[int, Sample]] = {}
    names: dict[object, str] = {}
    for run in runs:
        for column in run.judges.values():
            alike = (run.comparison, run.condition, run.provenance, run.prompt_sha256, run.target)
            key = (*alike, run.sampling.settings, column.judge, column.instrument.sha256)
            names[key] = f"{run.condition}, {column.name}"
            if run.seed is not None:
                groups.setdefault(key, {})[run.seed] = sample(run, column, numbers)
    found = []
    for same, seeds in groups.items():
        if len(seeds) > 1:
            spread = seed_spread([seeds[seed] for seed in sorted(seeds)])
            beyond = sqrt(max(spread.sd**2 - spread.expected**2, 0.0))
            said = f"seeds {', '.join(map(str, sorted(seeds)))}: sd {spread.sd:.2f}, of which completions "
            said += f"make {spread.expected:.2f}"
            found.append(Component("seeds", names[same], beyond, said))
    return found
