"""α as points and as bars."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from reports.headline import PublishedFigures
from reports.judge_figures import Estimate
from reports.style import GREY, alpha_axis, colour, entitle, hatch, legend, save


@dataclass(frozen=True)
class Point:
    """One α on a figure; ``row`` also tells seeds apart, which share a label beside C."""

    label: str
    row: str
    c: float | None
    judge: str
    alpha: Estimate
    published: bool
    invalid: bool


def published_points(published: list[PublishedFigures]) -> list[Point]:
    """The published α as points."""
    return [
        Point(
            row.condition,
            f"{row.condition} (published)",
            row.distributional_c,
            j.judge,
            j.alpha,
            True,
            j.invalid,
        )
        for row in published
        for j in row.judges
    ]


def draw_bars(
    points: list[Point], em_alpha: float, about: str, simulated: bool, folder: Path, name: str
) -> list[Path]:
    """α per condition as bars, one per judge; published bars are hatched."""
    rows = list(dict.fromkeys(p.row for p in points))
    judges = list(dict.fromkeys(p.judge for p in points))
    height = 0.8 / len(judges)
    size = (8.5, 1.4 + 0.5 * len(rows))
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    for p in points:
        if p.alpha.value is None:
            continue
        y = rows.index(p.row) + (judges.index(p.judge) + 0.5) * height - 0.4
        tint = colour(judges, p.judge)
        axes.barh(
            y,
            p.alpha.value,
            height,
            facecolor="white" if p.published else tint,
            edgecolor=tint if p.published else "white",
            linewidth=1 if p.published else 0,
            hatch=hatch(judges, p.judge, filled=not p.published),
        )
        if p.alpha.low is not None and p.alpha.high is not None:
            axes.plot([p.alpha.low, p.alpha.high], [y, y], color="black", linewidth=1.2)
        end = max(p.alpha.value, p.alpha.high or 0)
        text = f"{p.alpha.value:.2f}" + (" INVALID" if p.invalid else "")
        axes.annotate(text, (end, y), (4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), rows)
    axes.invert_yaxis()
    axes.axvline(em_alpha, color=GREY, linestyle="--", linewidth=1)
    alpha_axis(axes, horizontal=True)
    published = all(p.published for p in points)
    keys = [
        Patch(
            facecolor="white" if published else colour(judges, j),
            edgecolor=colour(judges, j) if published else "white",
            hatch=hatch(judges, j, filled=not published),
            label=j,
        )
        for j in judges
    ]
    line = Line2D([], [], color=GREY, linestyle="--", label="EM finetune (published)")
    handles: list[Artist] = [*keys, line]
    legend(figure, handles)
    entitle(figure, about, simulated)
    return save(figure, folder, name)
