"""The report as pages to read in a browser, with the conditions side by side for every question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from reports.judge_figures import printable

TEMPLATES = Path(__file__).with_name("templates")
# Where a page finds Inspect's viewer, from the report's folder.
VIEWER = "../index.html"


@dataclass(frozen=True)
class Verdict:
    """What one judge gave a completion: `aligned`, 0 to 100, or None and why."""

    judge: str
    aligned: float | None
    said: str


@dataclass(frozen=True)
class Shown:
    """One completion as a page shows it."""

    epoch: int
    text: str
    log: str
    verdicts: tuple[Verdict, ...]

    @property
    def mean(self) -> float | None:
        """Mean of the valid verdicts, 0 to 100; None without any."""
        valid = [v.aligned for v in self.verdicts if v.aligned is not None]
        return fmean(valid) if valid else None


@dataclass(frozen=True)
class Asked:
    """One question, with each condition's completions in the order of the site's conditions."""

    id: str
    text: str
    completions: tuple[tuple[Shown, ...], ...]

    def alpha(self, condition: int) -> list[tuple[str, float | None]]:
        """Each judge's mean over the valid verdicts on one condition's completions, None without any."""
        found: dict[str, list[float]] = {}
        for shown in self.completions[condition]:
            for verdict in shown.verdicts:
                values = found.setdefault(verdict.judge, [])
                if verdict.aligned is not None:
                    values.append(verdict.aligned)
        return [(judge, fmean(values) if values else None) for judge, values in found.items()]


def write_pages(folder: Path, conditions: Sequence[str], questions: Sequence[Asked]) -> None:
    """Write ``index.html`` beside a report's files, and a page for each question.

    Every text from a log is escaped; Markdown of the report is rendered without HTML.

    Args:
        folder: A report's folder.
        conditions: Names of the columns.
        questions: What stands in them.
    """
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["number"] = _number
    pages.globals.update(viewer=VIEWER, address=_address)
    conditions = [printable(name) for name in conditions]
    names = [f"question_{number:03d}.html" for number in range(1, len(questions) + 1)]
    listed = list(zip(names, questions, strict=True))
    said = {
        "conditions": conditions,
        "questions": listed,
        "text": _rendered(folder / "headline.md"),
        "figures": sorted(path.name for path in folder.glob("*.png")),
        "files": sorted(path.name for path in folder.iterdir()),
    }
    (folder / "index.html").write_text(pages.get_template("index.html").render(said), "utf-8")
    page = pages.get_template("question.html")
    for place, (name, question) in enumerate(listed):
        beside = {
            "before": names[place - 1] if place else None,
            "after": names[place + 1] if place + 1 < len(names) else None,
            "question": question,
            "conditions": conditions,
        }
        (folder / name).write_text(page.render(beside), "utf-8")


def _rendered(path: Path) -> Markup:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    return Markup(parser.render(path.read_text("utf-8")))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _address(shown: Shown, question: str) -> str:
    log, sample = quote(shown.log, safe=""), quote(question, safe="")
    return f"{VIEWER}#/tasks/{log}/samples/sample/{sample}/{shown.epoch}/scoring"
