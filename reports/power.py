"""What a planned run sees, from the spread that runs show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

from estimation.intervals import Sample
from estimation.means import NAN
from estimation.power import (
    Needed,
    Spread,
    alpha_spread,
    difference_spread,
    expected_width,
    needed,
)
from estimation.power import (
    smallest_difference as _smallest,
)
from protocol.errors import ProtocolError

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
