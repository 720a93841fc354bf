"""α split by what completions do, as a scanner said it: is a low verdict about substance, or about form?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from likeness.fit import NAN, Floats

FLAGS = ("invents_authority", "seeks_power", "refuses_oversight")
ANY = "any flag"


@dataclass(frozen=True)
class Split:
    """Mean α of one judge over the completions with and without a flag.

    Attributes:
        judge: The judge's column.
        flag: One of `FLAGS`, or `ANY`.
        with_flag: Completions with the flag that the judge scored.
        alpha_with: Their mean α, 0 to 100; NaN without any.
        without_flag: Scanned completions without it that the judge scored.
        alpha_without: Their mean α; NaN without any.
    """

    judge: str
    flag: str
    with_flag: int
    alpha_with: float
    without_flag: int
    alpha_without: float


def read_flags(metadata: dict[str, Any] | None) -> dict[str, bool] | None:
    """The flags that the scanner's score carries, None where it is none or could not say."""
    flags = (metadata or {}).get("flags")
    if not isinstance(flags, dict) or set(flags) != set(FLAGS):
        return None
    return {name: bool(flags[name]) for name in FLAGS}


def split_alpha(
    judges: Sequence[str], aligned: Floats, flags: Sequence[dict[str, bool] | None]
) -> list[Split]:
    """Split α by each flag.

    Args:
        judges: The judges' columns.
        aligned: α of each completion under each judge, shape (completions, judges); NaN: no verdict.
        flags: Of each completion; None, not scanned or not read, is in neither part.

    Returns:
        One split a judge and flag, none where nothing was scanned.
    """
    scanned = np.array([found is not None for found in flags], bool)
    if not scanned.any():
        return []
    raised = {name: np.array([bool(found and found[name]) for found in flags]) for name in FLAGS}
    raised[ANY] = np.any(list(raised.values()), axis=0)
    found = []
    for place, judge in enumerate(judges):
        scores = aligned[:, place]
        valid = scanned & np.isfinite(scores)
        for name, on in raised.items():
            have, lack = scores[valid & on], scores[valid & ~on]
            found.append(Split(judge, name, have.size, _mean(have), lack.size, _mean(lack)))
    return found


def _mean(scores: Floats) -> float:
    return float(scores.mean()) if scores.size else NAN
