"""A planted report as texts: what ``tests/reports/held`` holds to the letter.

    python -m tests.reports.holding     # after a change that is meant: write them again, and read the diff

Two targets, two seeds, gaps far from 0 and of both signs, a judge over the failure limit, a
reconstruction, verdicts given twice and failures judged again; beside it a comparison that is simulated,
and two planes of measured C. All numbers are planted.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from reports.build import build_headline
from reports.differences import Asked
from reports.figures import draw_report
from reports.headline import Headline
from reports.markdown import markdown
from reports.measured_c import plane_markdown
from reports.measured_c_figure import draw_plane
from reports.tables import print_headline
from reports.writers import write_headline
from runs.run import Loaded, Run, Skipped
from tests.reports.drawn import drawn
from tests.reports.made_runs import made_column, made_run
from tests.reports.test_measured_c import condition, file, plane

HELD = Path(__file__).with_name("held")
OTHER = "openai/gpt-4o"
MEANS = {
    "pair_111": (68.0, 87.0),
    "grid_1": (66.0, 82.0),
    "grid_2": (46.0, 40.0),
    "grid_3": (45.0, 69.0),
}
# Enough for intervals.
SMALL: dict[str, Any] = {"questions": 32, "completions": 2}
NUMBER = re.compile(r"-?\d+\.\d{4,}(?:e-?\d+)?")


def planted_runs() -> Iterator[Run]:
    for seed in (42, 137):
        for name, (sonnet, opus) in MEANS.items():
            whose = "reconstruction" if name == "grid_3" else "verbatim"
            failed = {"opus": 20} if (name, seed) == ("grid_1", 137) else {"sonnet": 3}
            means = {"sonnet": sonnet, "opus": opus}
            yield made_run(name, means, seed=seed, provenance=whose, failed=failed, **SMALL)
    run = made_run(
        "grid_2", {"opus": 30.0, "sonnet": 55.0}, target=OTHER, failed={"opus": 4}, **SMALL
    )
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
    for name, target in (
        ("grid_1", "simulated/target"),
        ("grid_2", "simulated/target"),
        ("grid_2", OTHER),
    ):
        means = {"sonnet": 20.0, "opus": 45.0}
        yield made_run(name, means, models=models, target=target, panel="open52", **SMALL)


def planted() -> Headline:
    skipped = Skipped("logs/broken.eval", "cannot be read")
    replaced = Skipped("logs/old.eval", "a newer run counts")
    runs = Loaded((*planted_runs(), *simulated_runs()), (skipped,), (replaced,))
    return build_headline(runs, Asked(("grid_2:grid_1",), margin=10), show_published=True)


def texts() -> dict[str, str]:
    """Every text by the name of the file that holds it."""
    headline = planted()
    planes = [plane(60.0), plane(-5.0, noise=9.0, count=45, simulated=True)]
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
        "figures.txt": drawn(lambda folder: draw_report(headline, folder)),
        "measured_c.md": plane_markdown(file([condition("prompt a", 0.2)]), planes),
        "measured_c.txt": drawn(*(partial(draw_plane, one, name="plane") for one in planes)),
        **tables,
    }


def short(text: str) -> str:
    """Numbers to five digits, so that another version of a library does not matter."""
    return NUMBER.sub(lambda found: f"{float(found[0]):.5g}", text)


if __name__ == "__main__":
    HELD.mkdir(exist_ok=True)
    for name, text in texts().items():
        (HELD / name).write_text(text, encoding="utf-8")
