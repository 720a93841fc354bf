"""The heat map of question means, looked at as an image."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from reports.build import build_headline
from reports.heat_maps import draw_heat_map
from reports.style import GREY
from tests.reports.made_runs import loaded, made_run


def hatched(folder: Path, failed: int) -> int:
    """How many pixels of a heat map of one condition have the hatching's colour."""
    run = made_run("null", {"sonnet": 88.0}, questions=8, failed={"sonnet": failed})
    [comparison] = build_headline(loaded(run)).comparisons
    png = draw_heat_map(comparison, folder, "map")[0]
    colour = np.array([int(GREY[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return int((np.abs(plt.imread(png)[..., :3] - colour).max(axis=2) < 0.01).sum())


def test_only_a_question_without_a_verdict_is_hatched(tmp_path: Path) -> None:
    whole, missing = hatched(tmp_path, 0), hatched(tmp_path, 20)
    assert missing - whole > 100
    # Captions have that colour too; hatching over all eight cells would be eight times as much.
    assert whole < missing - whole
