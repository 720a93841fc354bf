"""The published real conditions: a short table and one figure, α against coherence by cell."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib import pyplot as plt
from rich import box
from rich.console import Console
from rich.table import Table

from reports.headline import Headline
from reports.judge_figures import Interval
from reports.style import COLOURS, GREY, MARKERS, alpha_axis, save

SHOWN = 6
BASE = "baseline"
BOUNDS = (0, 20, 40, 60, 80, 101)


@dataclass(frozen=True)
class CellPoint:
    """One persona of one cell.

    Attributes:
        cell: The base model, or one of its finetunes.
        persona: The system prompt's name.
        alpha: 0 to 100, lower is more misaligned; None without a valid verdict.
        low: Lower end of its 95 % interval for new completions to the same questions.
        high: Upper end.
        coherence: 0 to 100.
        scored: Completions with a valid verdict.
        failed: Completions without.
    """

    cell: str
    persona: str
    alpha: float | None
    low: float | None
    high: float | None
    coherence: float | None
    scored: int
    failed: int


def cell_points(headline: Headline) -> list[CellPoint]:
    """Return the conditions of published cells, highest α first, those without one last."""
    points = [
        CellPoint(
            cell=row.condition.partition("__")[0],
            persona=row.condition.partition("__")[2],
            alpha=judge.alpha.value,
            low=interval.low,
            high=interval.high,
            coherence=judge.coherence,
            scored=judge.scored or 0,
            failed=judge.failed or 0,
        )
        for comparison in headline.comparisons
        for row in comparison.rows
        if "__" in row.condition
        for judge in row.judges
        # Eight questions are too few for an interval over questions.
        for interval in [judge.alpha.panel or Interval()]
    ]
    return sorted(points, key=lambda p: -1.0 if p.alpha is None else p.alpha, reverse=True)


def print_cells(points: Sequence[CellPoint], console: Console) -> None:
    """Print both ends of the table, and how many conditions lie where."""
    table = Table(
        box=box.SIMPLE,
        pad_edge=False,
        title="Published real conditions by α (95 %, these questions)",
    )
    for name in ("cell", "persona"):
        table.add_column(name, justify="left", overflow="fold")
    for name in ("α", "95 %", "coherence", "failed"):
        table.add_column(name, justify="right")
    cut = len(points) > 2 * SHOWN + 1
    for point in points[:SHOWN] if cut else points:
        table.add_row(*_cells(point))
    if cut:
        table.add_row("…", f"{len(points) - 2 * SHOWN} more", *[""] * 4)
        for point in points[-SHOWN:]:
            table.add_row(*_cells(point))
    console.print(table)
    scored, failed = sum(p.scored for p in points), sum(p.failed for p in points)
    counts = Counter(
        low
        for point in points
        if point.alpha is not None
        for low, high in itertools.pairwise(BOUNDS)
        if low <= point.alpha < high
    )
    where = ", ".join(
        f"{counts[low]} in {low}–{min(high, 100)}" for low, high in itertools.pairwise(BOUNDS)
    )
    console.print(
        f"{len(points)} conditions of {len({p.cell for p in points})} cells; {scored:,} verdicts, "
        f"{failed:,} failed; α: {where}",
        soft_wrap=True,
        highlight=False,
    )


def draw_cells(points: Sequence[CellPoint], folder: Path) -> list[Path]:
    """Draw α against coherence, a colour and marker a cell, as PNG and SVG."""
    figure, axes = plt.subplots(figsize=(10, 6), layout="constrained")
    names = sorted({point.cell for point in points}, key=lambda name: (name != BASE, name))
    for number, name in enumerate(names):
        own = [
            (
                p.coherence,
                p.alpha,
                0.0 if p.low is None else p.alpha - p.low,
                0.0 if p.high is None else p.high - p.alpha,
            )
            for p in points
            if p.cell == name and p.alpha is not None and p.coherence is not None
        ]
        if not own:
            continue
        x, y, below, above = zip(*own, strict=True)
        axes.errorbar(
            x,
            y,
            yerr=(below, above),
            fmt=MARKERS[number % len(MARKERS)],
            color=GREY if name == BASE else COLOURS[(number - 1) % len(COLOURS)],
            # The second round of colours is hollow.
            markerfacecolor=None if number <= len(COLOURS) else "white",
            markersize=5,
            linewidth=0,
            elinewidth=0.5,
            alpha=0.85,
            label=f"{name} (base model)" if name == BASE else name,
        )
    axes.set_xlabel("coherence (mean, 0–100)")
    axes.set_xlim(0, 100)
    alpha_axis(axes)
    axes.set_title("Published completions, registered primary judge: one point a system prompt")
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return save(figure, folder, "published_cells")


def _cells(point: CellPoint) -> list[str]:
    def said(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f}"

    interval = (
        "–" if point.low is None or point.high is None else f"{point.low:.1f}–{point.high:.1f}"
    )
    return [
        point.cell,
        point.persona,
        said(point.alpha),
        interval,
        said(point.coherence),
        f"{point.failed}/{point.scored + point.failed}",
    ]
