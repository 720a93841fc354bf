"""The figures of a report, drawn from the headline alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from reports.bars import Point, draw_bars, published_points
from reports.difference_figure import draw_differences
from reports.formatting import title
from reports.headline import Comparison, ConditionRow, Headline, PublishedFigures
from reports.heat_maps import draw_distributions, draw_heat_map, draw_seeds
from reports.naming import row_name
from reports.style import GREY, alpha_axis, colour, entitle, legend, marker, save, spread_labels

RECONSTRUCTION = "(reconstruction)"
# Where a row stands whose C is not known, right of the axis.
NO_C = 1.13
PUBLISHED = "published figures, not measured here"


def draw_report(headline: Headline, folder: Path) -> list[Path]:
    """Every figure of a report as PNG and SVG; a second comparison's names carry its panel."""
    paths: list[Path] = []
    for place, comparison in enumerate(headline.comparisons):
        prefix = "" if place == 0 else f"{place + 1}_"
        paths += _draw_comparison(headline, comparison, folder, prefix)
    return paths


def draw_reference(published: list[PublishedFigures], em_alpha: float, folder: Path) -> list[Path]:
    """The published figures alone."""
    points = published_points(published)
    paths = draw_alpha_c(points, em_alpha, PUBLISHED, False, folder, "reference_alpha_c")
    return paths + draw_bars(points, em_alpha, PUBLISHED, False, folder, "reference_bars")


def draw_alpha_c(
    points: list[Point], em_alpha: float, about: str, simulated: bool, folder: Path, name: str
) -> list[Path]:
    """α against C: judges by colour and marker, published rows hollow, new rows filled and above them.

    Rows without C stand in a strip of their own.
    """
    figure, axes = plt.subplots(figsize=(9.5, 6), layout="constrained")
    judges = list(dict.fromkeys(p.judge for p in points))
    shown = [p for p in points if p.alpha.value is not None]
    apart = [replace(p, c=NO_C + 0.02 * judges.index(p.judge)) for p in shown if p.c is None]
    known = [p for p in shown if p.c is not None]
    placed = known + apart
    for point in placed:
        _draw_point(axes, point, judges)
    axes.axhline(em_alpha, color=GREY, linestyle="--", linewidth=1)
    axes.set_xlim(-0.02, 1.05)
    if apart:
        axes.set_xlim(-0.02, NO_C + 0.3)
        axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        axes.axvspan(1.05, NO_C + 0.3, color=GREY, alpha=0.07, linewidth=0)
        axes.annotate("C not measured", (1.07, 104), fontsize=8.5, color=GREY, va="top")
    said = "distributional match with the EM finetune"
    if any(RECONSTRUCTION in point.label for point in known):
        said += "; beside a reconstruction, the original prompt's"
    axes.set_xlabel(f"C ({said})")
    alpha_axis(axes)
    axes.set_ylim(-6, 106)
    _label_points(axes, placed)
    axes.annotate(
        f"EM finetune, published α {em_alpha:.2f}",
        (0.3, em_alpha),
        xytext=(0, 4),
        textcoords="offset points",
        color=GREY,
        fontsize=8.5,
    )
    handles = [
        Line2D([], [], color=colour(judges, j), marker=marker(judges, j), linestyle="", label=j)
        for j in judges
    ]
    handles += [
        _handle("published (no interval)", "none", True, any(p.published for p in points)),
        _handle("this report, 95 % interval", GREY, True, any(not p.published for p in points)),
        _handle(
            "struck out: over the failure limit", "none", False, any(p.invalid for p in points)
        ),
    ]
    drawn = [h for h in handles if h.get_label() and not str(h.get_label()).startswith("_")]
    legend(figure, drawn)
    entitle(figure, about, simulated)
    return save(figure, folder, name)


def _draw_comparison(
    headline: Headline, comparison: Comparison, folder: Path, prefix: str
) -> list[Path]:
    rows = comparison.rows
    new = [
        Point(
            _marked(row, row_name(row, rows, seed=False)),
            _marked(row, row.name),
            None if row.c_of == "none" else row.distributional_c,
            judge.judge,
            judge.alpha,
            False,
            judge.invalid,
        )
        for row in rows
        for judge in row.judges
    ]
    published = published_points(headline.published) if headline.show_published else []
    # The published instrument shares no colour with another one that its name stands for here.
    judges = [judge for row in rows for judge in row.judges]
    others = {j.role for j in judges if j.differs} - {j.role for j in judges if not j.differs}
    points = [
        *new,
        *(
            replace(p, judge=f"{p.judge} (registered)" if p.judge in others else p.judge)
            for p in published
        ),
    ]
    em_alpha, simulated, about = headline.em_alpha, comparison.simulated, title(comparison)
    paths = draw_alpha_c(points, em_alpha, about, simulated, folder, f"{prefix}alpha_c")
    paths += draw_bars(new, em_alpha, about, simulated, folder, f"{prefix}alpha_bars")
    paths += draw_heat_map(comparison, folder, f"{prefix}questions")
    paths += draw_distributions(comparison, folder, f"{prefix}distributions")
    if comparison.differences:
        paths += draw_differences(comparison, folder, f"{prefix}differences")
    if comparison.across_seeds:
        paths += draw_seeds(comparison, folder, f"{prefix}seeds")
    return paths


def _marked(row: ConditionRow, name: str) -> str:
    # A reconstruction must not look like a replication of the published point beside it.
    return f"{name} {RECONSTRUCTION}" if row.provenance == "reconstruction" else name


def _draw_point(axes: Axes, point: Point, judges: list[str]) -> None:
    tint, mark = colour(judges, point.judge), marker(judges, point.judge)
    low, high = point.alpha.low, point.alpha.high
    x, y = _place(point)
    if low is not None and high is not None:
        axes.plot([x, x], [low, high], color=tint, linewidth=1.3, zorder=3.5)
    face = "white" if point.published else tint
    axes.plot(
        x,
        y,
        mark,
        color=tint,
        markerfacecolor=face,
        markersize=8,
        zorder=3 if point.published else 4,
    )
    if point.invalid:
        axes.plot(x, y, "x", color="black", markersize=10, zorder=5)


def _place(point: Point) -> tuple[float, float]:
    return point.c or 0.0, point.alpha.value or 0.0


def _label_points(axes: Axes, points: list[Point]) -> None:
    """Names beside the points, none overlapping; published ones go to the left where C is high."""
    for cluster in _clusters(points):
        # Seeds and judges of one condition share a name, which points at the first of them.
        named = list({(p.label, p.published): p for p in reversed(cluster)}.values())
        lowest, highest = _place(cluster[0])[0], _place(cluster[-1])[0]
        left = [p for p in named if p.published and 0.6 < highest <= 1]
        right = [p for p in named if p not in left]
        _label_column(axes, left, lowest - 0.03, "right")
        _label_column(axes, right, highest + 0.03, "left")


def _clusters(points: list[Point]) -> list[list[Point]]:
    clusters: list[list[Point]] = []
    for point in sorted(points, key=_place):
        if clusters and _place(point)[0] - _place(clusters[-1][-1])[0] < 0.08:
            clusters[-1].append(point)
        else:
            clusters.append([point])
    return clusters


def _label_column(
    axes: Axes, points: list[Point], edge: float, side: Literal["left", "right"]
) -> None:
    spots = spread_labels([_place(point)[1] for point in points], 3.4)
    for point, spot in zip(points, spots, strict=True):
        axes.annotate(
            point.label,
            _place(point),
            (edge, spot),
            fontsize=8,
            style="italic" if point.published else "normal",
            va="center",
            ha=side,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
            arrowprops={
                "arrowstyle": "-",
                "color": GREY,
                "linewidth": 0.5,
                "alpha": 0.6,
                # From the near edge of the name, or the line would run behind the name beside it.
                "relpos": (0.0 if side == "left" else 1.0, 0.5),
            },
        )


def _handle(label: str, face: str, dot: bool, wanted: bool) -> Line2D:
    kind = "o" if dot else "x"
    shown = label if wanted else "_hidden"
    tint = GREY if dot else "black"
    return Line2D([], [], color=tint, marker=kind, markerfacecolor=face, linestyle="", label=shown)
