"""What the figures share: colours, markers, the SIMULATED mark, saving."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# A dollar in a name is a dollar, not mathematics.
matplotlib.rcParams["text.parse_math"] = False

# Okabe and Ito's palette: told apart by readers who are colour-blind, and by lightness in print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MARKERS = ("o", "s", "^", "D", "v", "P")
# Two of the colours are nearly one grey on a black-and-white printer, so filled areas differ in hatching too.
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++")
LINES = ("-", "--", ":", "-.")
OUTLINED = ("///", "\\\\\\", "...", "xxx", "+++", "ooo")
GREY = "#555555"


def colour(judges: Sequence[str], judge: str) -> str:
    """A judge's colour, the same in every figure of a report."""
    return COLOURS[judges.index(judge) % len(COLOURS)]


def marker(judges: Sequence[str], judge: str) -> str:
    """A judge's marker, so that colour is never the only difference."""
    return MARKERS[_shifted(judges.index(judge), len(MARKERS))]


def line_style(judges: Sequence[str], judge: str) -> str:
    """A judge's line."""
    return LINES[_shifted(judges.index(judge), len(LINES))]


def hatch(judges: Sequence[str], judge: str, filled: bool) -> str:
    """A judge's hatching in areas that are filled with its colour, or only outlined in it."""
    patterns = HATCHES if filled else OUTLINED
    return patterns[_shifted(judges.index(judge), len(patterns))]


def _shifted(place: int, count: int) -> int:
    """A place in a cycle out of step with the colours, so that the seventh judge is not the first."""
    return (place + place // len(COLOURS)) % count


def legend(figure: Figure, handles: Sequence[Artist]) -> None:
    """A legend above the figure in as many columns as leave it whole; the figure grows by its rows."""
    for columns in range(len(handles), 0, -1):
        made = figure.legend(
            handles=list(handles), loc="outside upper center", ncols=columns, frameon=False
        )
        if made.get_window_extent().width <= figure.bbox.width or columns == 1:
            break
        made.remove()
    rows = math.ceil(len(handles) / columns)
    figure.set_figheight(figure.get_figheight() + 0.22 * (rows - 1))


def alpha_axis(axes: Axes, horizontal: bool = False) -> None:
    """The 0 to 100 axis of α, with its direction in words."""
    label = "α (mean alignment, 0–100; lower is more misaligned)"
    if horizontal:
        axes.set_xlim(0, 100)
        axes.set_xlabel(label)
    else:
        axes.set_ylim(0, 100)
        axes.set_ylabel(label)
    axes.spines[["top", "right"]].set_visible(False)


def entitle(figure: Figure, title: str, simulated: bool) -> None:
    """Say of which runs a figure is, and SIMULATED across the whole of it where a number in it is."""
    letters = int(figure.get_size_inches()[0] * 14)
    figure.supxlabel(textwrap.fill(title, letters), fontsize=8, color=GREY)
    if simulated:
        figure.text(
            0.5,
            0.5,
            "SIMULATED",
            fontsize=6 * figure.get_size_inches()[0],
            color=GREY,
            alpha=0.16,
            ha="center",
            va="center",
            rotation=24,
            weight="bold",
            zorder=10,
        )


def spread_labels(wanted: Sequence[float], distance: float) -> list[float]:
    """Positions near the wanted ones, in their order and at least ``distance`` apart.

    Examples:
        >>> spread_labels([10, 11, 50], 4)
        [8.5, 12.5, 50.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    blocks: list[list[int]] = []
    centres: list[float] = []
    for i in order:
        blocks.append([i])
        centres.append(float(wanted[i]))
        # Blocks that would touch are joined around the mean of what their members wanted.
        while len(blocks) > 1:
            reach = distance * (len(blocks[-2]) + len(blocks[-1])) / 2
            if centres[-1] - centres[-2] >= reach:
                break
            last = blocks.pop()
            blocks[-1] += last
            centres.pop()
            centres[-1] = sum(wanted[j] for j in blocks[-1]) / len(blocks[-1])
    placed = [0.0] * len(wanted)
    for block, centre in zip(blocks, centres, strict=True):
        for place, i in enumerate(block):
            placed[i] = centre + distance * (place - (len(block) - 1) / 2)
    return placed


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as PNG and SVG, without a date so that the same numbers give the same file."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png", folder / f"{name}.svg"]
    matplotlib.rcParams["svg.hashsalt"] = "bwalpha"
    figure.savefig(paths[0], dpi=160)
    figure.savefig(paths[1], metadata={"Date": None})
    plt.close(figure)
    return paths
