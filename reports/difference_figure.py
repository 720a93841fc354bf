"""Differences of α as a forest of intervals."""

from __future__ import annotations

from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.lines import Line2D

from reports.formatting import title
from reports.headline import Comparison, Difference
from reports.naming import seed_text
from reports.style import GREY, colour, entitle, legend, marker, save


def draw_differences(comparison: Comparison, folder: Path, name: str) -> list[Path]:
    """Each paired difference: a thick interval for this panel in a thin one for other questions."""
    found = [d for d in comparison.differences if d.difference.value is not None]
    pairs = list(dict.fromkeys(_pair(d) for d in found))
    judges = list(dict.fromkeys(d.judge for d in found))
    size = (8.5, 1.8 + max(0.36, 0.22 * len(judges)) * len(pairs))
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    for one in found:
        value = one.difference.value or 0.0
        step = 0.8 / len(judges)
        row = pairs.index(_pair(one))
        y = row + (judges.index(one.judge) + 0.5) * step - 0.4
        tint, estimate = colour(judges, one.judge), one.difference
        for interval, width in ((estimate, 1.0), (estimate.panel, 3.2)):
            if interval is not None and interval.low is not None and interval.high is not None:
                axes.plot([interval.low, interval.high], [y, y], color=tint, linewidth=width)
        face = "none" if any("INVALID" in caveat for caveat in one.caveats) else tint
        axes.plot(
            value,
            y,
            marker(judges, one.judge),
            color=tint,
            markerfacecolor=face,
            markersize=6,
        )
    axes.axvline(0, color=GREY, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(pairs)), pairs, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("difference of α in points\n(paired by question; hollow: INVALID)")
    axes.spines[["top", "right"]].set_visible(False)
    handles = [
        Line2D([], [], color=colour(judges, j), marker=marker(judges, j), linestyle="", label=j)
        for j in judges
    ]
    handles += [
        Line2D([], [], color=GREY, linewidth=width, label=label)
        for width, label in ((1.0, "95 %, other questions"), (3.2, "95 %, this panel"))
    ]
    legend(figure, handles)
    entitle(figure, title(comparison), comparison.simulated)
    return save(figure, folder, name)


def _pair(one: Difference) -> str:
    return f"{one.first}\n− {one.second}, {seed_text(one.base_seed)}"
