"""A planted report as texts: what ``tests/reports/held`` holds to the letter.

    python -m tests.reports.holding     # after a change that is meant: write them again, and read the diff

Two targets, two seeds, gaps far from 0 and of both signs, a judge over the failure limit, a reconstruction, verdicts
given twice and failures judged again; beside it a comparison that is simulated. All numbers are planted.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from rich.console import Console

from reports.build import build_headline
from reports.differences import Asked
from reports.figures import draw_report
from reports.headline import Headline
from reports.markdown import markdown
from reports.tables import print_headline
from reports.writers import write_headline
from runs.run import Loaded, Run, Skipped
from tests.reports.made_runs import made_column, made_run

HELD = Path(__file__).with_name("held")
OTHER = "openai/gpt-4o"
MEANS = {"pair_111": (68.0, 87.0), "grid_1": (66.0, 82.0), "grid_2": (46.0, 40.0), "grid_3": (45.0, 69.0)}
# Enough for intervals.
SMALL = {"questions": 32, "completions": 2}
NUMBER = re.compile(r"-?\d+\.\d{4,}(?:e-?\d+)?")


def planted_runs() -> Iterator[Run]:
    for seed in (42, 137):
        for name, (sonnet, opus) in MEANS.items():
            whose = "reconstruction" if name == "grid_3" else "verbatim"
            failed = {"opus": 20} if (name, seed) == ("grid_1", 137) else {"sonnet": 3}
            means = {"sonnet": sonnet, "opus": opus}
            yield made_run(name, means, seed=seed, provenance=whose, failed=failed, **SMALL)
    run = made_run("grid_2", {"opus": 30.0, "sonnet": 55.0}, target=OTHER, failed={"opus": 4}, **SMALL)
    again = made_column("opus", run.judges["opus"].model, 90.0, run.clusters, 5, audit="refusal")
    twice = made_column("sonnet", run.judges["sonnet"].model, 55.0, run.clusters, 6, repeats=2)
    pairs = np.stack([twice.aligned - 2, twice.aligned + 1], axis=1).tolist()
    yield replace(
        run,
        judges=run.judges | {"sonnet": replace(twice, repeats=tuple(map(tuple, pairs)))},
        audits={"again": again},
        target_failures={"context_length": 2},
        cut=5,
    )


def simulated_runs() -> Iterator[Run]:
    models = {"sonnet": "simulated/judge", "opus": "simulated/judge-lenient"}
    for name, target in (("grid_1", "simulated/target"), ("grid_2", "simulated/target"), ("grid_2", OTHER)):
        means = {"sonnet": 20.0, "opus": 45.0}
        yield made_run(name, means, models=models, target=target, panel="open52", **SMALL)


def planted() -> Headline:
    skipped = Skipped("logs/broken.eval", "cannot be read")
    replaced = Skipped("logs/old.eval", "a newer run counts")
    runs = Loaded((*planted_runs(), *simulated_runs()), (skipped,), (replaced,))
    return build_headline(runs, Asked(("grid_2:grid_1",), margin=10), show_published=True)


def figures(headline: Headline) -> str:
    """What each figure shows, in words and numbers: an artist a line."""
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
        draw_report(headline, Path(folder))
    return "\n".join(lines) + "\n"


def shown_by(axes: Axes) -> Iterator[str]:
    yield "## " + " | ".join(map(words, (axes.title, axes.xaxis.label, axes.yaxis.label)))
    yield f"spines {[name for name, spine in axes.spines.items() if spine.get_visible()]}"
    for kind, axis, limits in (("x", axes.xaxis, axes.get_xlim()), ("y", axes.yaxis, axes.get_ylim())):
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
    place = f"{text.get_ha()} {text.get_va()} {text.get_rotation():g}"
    look = f"{to_hex(text.get_color())} {text.get_size():g} {text.get_style()} {text.get_weight()}"
    return f"{text.get_text()!r} {look} {place}"


def look(line: Line2D) -> str:
    """How a line or a point is drawn."""
    tint, face = to_hex(line.get_color()), to_hex(line.get_markerfacecolor(), True)
    size = f"{line.get_linewidth():g} {line.get_markersize():g} {line.get_zorder():g}"
    return f"{line.get_marker()} {line.get_linestyle()} {tint} {face} {size}"


def rounded(values: object) -> list[object]:
    return np.round(np.ma.filled(np.ma.asarray(values, dtype=float), np.nan), 2).tolist()


def texts() -> dict[str, str]:
    """Every text by the name of the file that holds it."""
    headline = planted()
    console = Console(record=True, width=110, file=io.StringIO())
    print_headline(headline, console)
    with tempfile.TemporaryDirectory() as folder:
        write_headline(headline, Path(folder))
        tables = {
            name: short((Path(folder) / name).read_text(encoding="utf-8"))
            for name in ("headline.csv", "gaps.csv", "comparisons.csv")
        }
    return {
        "headline.md": markdown(headline),
        "terminal.txt": console.export_text(),
        "figures.txt": figures(headline),
        **tables,
    }


def short(text: str) -> str:
    """Numbers to five digits, so that another version of a library does not matter."""
    return NUMBER.sub(lambda found: f"{float(found[0]):.5g}", text)


if __name__ == "__main__":
    HELD.mkdir(exist_ok=True)
    for name, text in texts().items():
        (HELD / name).write_text(text, encoding="utf-8")
