"""What figures show, in words and numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text


def drawn(*draws: Callable[[Path], object]) -> str:
    """Draw into a folder, and say of each figure what is in it: an artist a line."""
    lines: list[str] = []

    def keep(figure: Figure, path: Path, **_: object) -> None:
        if path.suffix == ".png":
            layout = type(figure.get_layout_engine()).__name__
            lines.append(f"# {path.stem}, {rounded(figure.get_size_inches())}, {layout}")
            lines.extend(map(words, figure.texts))
            for legend in figure.legends:
                lines.extend(f"legend {words(text)}" for text in legend.get_texts())
                lines.extend(f"legend {look(line)}" for line in legend.get_lines())
            for axes in figure.axes:
                lines.extend(shown_by(axes))

    with patch.object(Figure, "savefig", keep), tempfile.TemporaryDirectory() as folder:
        for draw in draws:
            draw(Path(folder))
    return "\n".join(lines) + "\n"


def shown_by(axes: Axes) -> Iterator[str]:
    yield "## " + " | ".join(map(words, (axes.title, axes.xaxis.label, axes.yaxis.label)))
    yield f"spines {[name for name, spine in axes.spines.items() if spine.get_visible()]}"
    for kind, axis, limits in (
        ("x", axes.xaxis, axes.get_xlim()),
        ("y", axes.yaxis, axes.get_ylim()),
    ):
        ticks = [text.get_text() for text in axis.get_ticklabels()]
        grid = [line.get_visible() for line in axis.get_gridlines()][:1]
        yield f"{kind} {rounded(limits)} {rounded(axis.get_ticklocs())} {ticks} grid {grid}"
        yield from map(words, axis.get_ticklabels()[:1])
    for line in axes.lines:
        yield f"line {rounded(line.get_xdata())} {rounded(line.get_ydata())} {look(line)}"
    for patched in axes.patches:
        box = patched.get_path().get_extents(patched.get_patch_transform()).bounds
        edge, face = to_hex(patched.get_edgecolor(), True), to_hex(patched.get_facecolor(), True)
        yield f"patch {rounded(box)} {face} {edge} {patched.get_hatch()} {patched.get_zorder()}"
    for image in axes.images:
        yield f"image {image.get_clim()} {image.get_cmap().name} {rounded(image.get_array())}"
    for collection in axes.collections:
        yield f"{type(collection).__name__} {rounded(collection.get_offsets())}"
    for text in axes.texts:
        yield f"text {rounded((*text.get_position(), *getattr(text, 'xy', ())))} {words(text)}"


def words(text: Text) -> str:
    """A text and how it is set."""
    place = (
        f"{text.get_horizontalalignment()} {text.get_verticalalignment()} {text.get_rotation():g}"
    )
    tint, style = to_hex(text.get_color()), f"{text.get_fontstyle()} {text.get_fontweight()}"
    return f"{text.get_text()!r} {tint} {text.get_fontsize():g} {style} {place}"


def look(line: Line2D) -> str:
    """How a line or a point is drawn."""
    tint, face = to_hex(line.get_color()), to_hex(line.get_markerfacecolor(), True)
    size = f"{line.get_linewidth():g} {line.get_markersize():g} {line.get_zorder():g}"
    return f"{line.get_marker()} {line.get_linestyle()} {tint} {face} {size}"


def rounded(values: object) -> Any:
    return np.round(np.ma.filled(np.ma.asarray(values, dtype=float), np.nan), 2).tolist()
