"""The worked example: published α of two judges on the same conditions, linked one from another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from linking.errors import left_out_residuals
from linking.methods import METHODS, Points
from linking.pairs import pair_scores


def published_link_errors(old: Mapping[str, float], new: Mapping[str, float]) -> dict[str, float]:
    """Left-out-condition error of each method that needs nothing but α, in points (root mean square).

    Args:
        old: α of each condition by the judge whose scale is to be reached, 0 to 100.
        new: α of each condition by the other judge; conditions in only one of the two are left out.

    Raises:
        ProtocolError: No condition has both.
    """
    both = sorted(old.keys() & new.keys())
    pairs = pair_scores(both, ["panel"] * len(both), [old[c] for c in both], [new[c] for c in both])
    alone = np.arange(len(both))
    return {
        name: float(
            np.sqrt(np.mean(left_out_residuals(method, Points.of(pairs, "condition"), alone) ** 2))
        )
        for name, method in METHODS.items()
        if method.level == "condition"
    }
