"""Figures that look inside the panel and across seeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from reports.formatting import title
from reports.headline import AcrossSeeds, Comparison
from reports.judge_figures import QuestionFigures
from reports.style import GREY, alpha_axis, colour, entitle, legend, line_style, marker, save


def draw_heat_map(comparison: Comparison, folder: Path, name: str) -> list[Path]:
    """Question means, one row a question grouped by sub-panel, one column a condition and judge."""
    questions = {q.question_id: q for row in comparison.rows for q in row.per_question}
    ordered = sorted(questions.values(), key=lambda q: (q.subpanel, q.question_id))
    index = {q.question_id: place for place, q in enumerate(ordered)}
    columns = [(row, judge.judge) for row in comparison.rows for judge in row.judges]
    means = np.full((len(ordered), len(columns)), np.nan)
    for place, (row, judge) in enumerate(columns):
        for question in row.per_question:
            if question.judge == judge and question.mean_aligned is not None:
                means[index[question.question_id], place] = question.mean_aligned
    names = [f"{row.name} · {judge}" for row, judge in columns]
    labels = [f"{q.topic}  {q.question_id}" for q in ordered]
    # Room for the longest name beside the cells and, turned, below them.
    beside, below = (0.055 * max(map(len, texts), default=0) for texts in (labels, names))
    size = (2.6 + beside + 0.55 * len(columns), 1.8 + below + 0.2 * len(ordered))
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    # Drawn below the cells: a hatched cell cannot be taken for a middle value.
    axes.add_patch(
        Rectangle(
            (0, 0), 1, 1, transform=axes.transAxes, fill=False, hatch="////", color=GREY, zorder=-1
        )
    )
    image = axes.imshow(means, cmap="cividis", vmin=0, vmax=100, aspect="auto")
    axes.set_xticks(range(len(columns)), names, rotation=60, ha="right", fontsize=8)
    axes.set_yticks(range(len(ordered)), labels, fontsize=7)
    for start, subpanel in _starts(ordered):
        if start:
            axes.axhline(start - 0.5, color="white", linewidth=2.5)
        axes.annotate(
            subpanel, (1.01, start), xycoords=("axes fraction", "data"), fontsize=9, va="center"
        )
    figure.colorbar(
        image,
        ax=axes,
        location="bottom",
        shrink=0.8,
        aspect=40,
        pad=0.01,
        label="mean aligned of a question, 0–100\n(lower is more misaligned; hatched: no verdict)",
    )
    entitle(figure, title(comparison), comparison.simulated)
    return save(figure, folder, name)


def draw_distributions(comparison: Comparison, folder: Path, name: str) -> list[Path]:
    """How the aligned scores of each sub-panel are spread, one panel a condition."""
    rows = comparison.rows
    names = sorted({g.name for row in rows for j in row.judges for g in j.subpanels})
    judges = list(dict.fromkeys(j.judge for row in rows for j in row.judges))
    figure, grid = plt.subplots(
        len(rows),
        len(names),
        figsize=(3 * len(names), 0.6 + 1.6 * len(rows)),
        layout="constrained",
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    edges = np.linspace(0, 100, 21)
    for y, row in enumerate(rows):
        for x, subpanel in enumerate(names):
            axes = grid[y][x]
            for judge in row.judges:
                groups = [g for g in judge.subpanels if g.name == subpanel]
                total = sum(sum(group.histogram) for group in groups)
                if total:
                    shares = np.sum([group.histogram for group in groups], axis=0) / total
                    tint, line = colour(judges, judge.judge), line_style(judges, judge.judge)
                    axes.stairs(shares, edges, color=tint, linestyle=line)
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_xlim(0, 100)
            if y == 0:
                axes.set_title(subpanel, fontsize=10)
            if x == 0:
                label = row.name.replace(" · ", "\n")
                axes.set_ylabel(f"{label}\nshare", fontsize=8)
    for axes in grid[-1]:
        alpha_axis(axes, horizontal=True)
        axes.set_xlabel("aligned, 0–100")
    legend(
        figure,
        [
            Line2D([], [], color=colour(judges, j), ls=line_style(judges, j), label=j)
            for j in judges
        ],
    )
    entitle(figure, title(comparison), comparison.simulated)
    return save(figure, folder, name)


def draw_seeds(comparison: Comparison, folder: Path, name: str) -> list[Path]:
    """α of each condition in each seed with its interval for this panel, the conditions side by side."""
    series = comparison.across_seeds
    conditions = list(dict.fromkeys(_series(s) for s in series))
    judges = list(dict.fromkeys(s.judge for s in series))
    figure, axes = plt.subplots(figsize=(8.5, 5), layout="constrained")
    for s in series:
        shift = (judges.index(s.judge) - (len(judges) - 1) / 2) * 0.22
        for place, (seed, alpha) in enumerate(zip(s.seeds, s.alphas, strict=True)):
            x = conditions.index(_series(s)) + shift + (place - (len(s.seeds) - 1) / 2) * 0.05
            if alpha is not None:
                tint, mark = colour(judges, s.judge), marker(judges, s.judge)
                interval = _panel_interval(comparison, s, seed)
                if interval is not None:
                    axes.plot([x, x], interval, color=tint, linewidth=1.2)
                axes.plot(x, alpha, mark, color=tint, markersize=6)
                axes.annotate(
                    str(seed), (x, alpha), (0, 7), textcoords="offset points",
                    fontsize=6.5, ha="center", rotation=90,
                )  # fmt: skip
    axes.set_xticks(range(len(conditions)), conditions)
    alpha_axis(axes)
    handles = [
        Line2D([], [], color=colour(judges, j), marker=marker(judges, j), linestyle="", label=j)
        for j in judges
    ]
    legend(figure, handles)
    entitle(figure, title(comparison), comparison.simulated)
    return save(figure, folder, name)


def _panel_interval(
    comparison: Comparison, series: AcrossSeeds, seed: int
) -> tuple[float, float] | None:
    for row in comparison.rows:
        same = (row.condition, row.prompt_sha256, row.target, row.base_seed)
        if same != (series.condition, series.prompt_sha256, series.target, seed):
            continue
        for judge in row.judges:
            panel = judge.alpha.panel
            if panel is None or judge.instrument_sha256 != series.instrument_sha256:
                continue
            if panel.low is not None and panel.high is not None:
                return panel.low, panel.high
    return None


def _series(one: AcrossSeeds) -> str:
    return one.name.replace(" · ", "\n")


def _starts(ordered: list[QuestionFigures]) -> list[tuple[int, str]]:
    starts: list[tuple[int, str]] = []
    for place, question in enumerate(ordered):
        if not starts or starts[-1][1] != question.subpanel:
            starts.append((place, question.subpanel))
    return starts
