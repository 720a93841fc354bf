"""The figure of α against measured C, drawn from a plane alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from reports.formatting import unique
from reports.measured_c import Plane, PlanePoint
from reports.style import GREY, alpha_axis, colour, entitle, legend, marker, save, spread_labels

MOST_NAMES = 22
CROWDED = 40
LONGEST_NAME = 44
ROLES = {
    "em": " (finetune of the scale)",
    "base": " (base of the scale)",
    "negative": " (negative)",
}


def draw_plane(plane: Plane, folder: Path, name: str) -> list[Path]:
    """α against C with both intervals, as PNG and SVG; judges by colour and marker, published ones hollow."""
    points = [p for p in plane.points if p.c.value is not None and p.alpha.value is not None]
    judges = unique(point.judge for point in plane.points)
    figure, axes = plt.subplots(figsize=(11, 6.2), layout="constrained")
    alpha_axis(axes)
    axes.set_ylim(-3, 103)
    axes.set_xlim(*_limits(points))
    axes.set_xlabel(f"C, measured (scale {plane.scale}; higher is more like the EM finetune)")
    crowded = len(points) > CROWDED
    for point in points:
        _draw(axes, point, judges, crowded)
    _name(axes, points)
    handles = [
        Line2D([], [], color=colour(judges, j), marker=marker(judges, j), linestyle="", label=j)
        for j in judges
    ]
    handles.append(Line2D([], [], color=GREY, linewidth=1.2, label="95 %, clustered by question"))
    if any(point.published for point in points):
        handles.append(_handle("o", "published (no interval)"))
    if any(point.invalid for point in points):
        handles.append(_handle("x", "over the failure limit"))
    legend(figure, handles)
    entitle(figure, f"α against measured C, scale {plane.scale}", plane.simulated)
    return save(figure, folder, name)


def _limits(points: Sequence[PlanePoint]) -> tuple[float, float]:
    ends = [e for p in points for e in (p.c.value, p.c.low, p.c.high) if e is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    margin = max(0.03, 0.04 * (high - low))
    return low - margin, high + margin


def _draw(axes: Axes, point: PlanePoint, judges: Sequence[str], crowded: bool) -> None:
    tint = colour(judges, point.judge)
    x, y = point.c.value or 0.0, point.alpha.value or 0.0
    line = {"color": tint, "linewidth": 0.8 if crowded else 1.3, "alpha": 0.3 if crowded else 0.8}
    if point.alpha.low is not None and point.alpha.high is not None:
        axes.plot([x, x], [point.alpha.low, point.alpha.high], zorder=2, **line)  # type: ignore[arg-type]
    if point.c.low is not None and point.c.high is not None:
        axes.plot([point.c.low, point.c.high], [y, y], zorder=2, **line)  # type: ignore[arg-type]
    axes.plot(
        x,
        y,
        marker(judges, point.judge),
        color=tint,
        markerfacecolor="white" if point.published else tint,
        markeredgecolor="white" if crowded and not point.published else tint,
        markersize=6 if crowded else 8,
        zorder=4,
    )
    if point.invalid:
        axes.plot(x, y, "x", color="black", markersize=10, zorder=5)


def _name(axes: Axes, points: Sequence[PlanePoint]) -> None:
    """Names in a column beside the axes, so that none covers a point; in a crowd only the telling ones."""
    named = _telling(list({(p.name, p.published): p for p in reversed(points)}.values()))
    named.sort(key=lambda p: p.alpha.value or 0.0)
    edge = axes.get_xlim()[1]
    spots = spread_labels([p.alpha.value or 0.0 for p in named], 4.4)
    for point, spot in zip(named, spots, strict=True):
        axes.annotate(
            _shown(point),
            (point.c.value or 0.0, point.alpha.value or 0.0),
            (edge + 0.02 * (edge - axes.get_xlim()[0]), spot),
            fontsize=8,
            style="italic" if point.published else "normal",
            va="center",
            ha="left",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": GREY,
                "linewidth": 0.5,
                "alpha": 0.6,
                "relpos": (0.0, 0.5),
            },
        )


def _telling(points: list[PlanePoint]) -> list[PlanePoint]:
    if len(points) <= MOST_NAMES:
        return points
    c = np.array([p.c.value for p in points], dtype=float)
    alpha = np.array([p.alpha.value for p in points], dtype=float)
    slope, intercept = np.polyfit(c, alpha, 1)
    far = np.argsort(-np.abs(alpha - intercept - slope * c), kind="stable")
    roles = [i for i, point in enumerate(points) if point.role != "condition"]
    chosen = dict.fromkeys([*roles, *far.tolist()])
    return [points[i] for i in list(chosen)[: MOST_NAMES // 2]]


def _shown(point: PlanePoint) -> str:
    name = point.name
    short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    # A dollar sign would start a formula.
    return short.replace("$", r"\$") + ROLES.get(point.role, "")


def _handle(kind: str, label: str) -> Line2D:
    tint = GREY if kind == "o" else "black"
    return Line2D(
        [], [], color=tint, marker=kind, markerfacecolor="none", linestyle="", label=label
    )
