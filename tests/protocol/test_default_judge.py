"""Another default judge is one row of `datasets/judges.yaml`, and nothing of the past moves with it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from protocol.panels import load_panel
from tests.exchange.originals import answers, detailed, entries, headline, write
from tests.tasks.running import ROOT, surroundings

pytestmark = pytest.mark.processes

CHANGED = {"sonnet": "openai/gpt-4.1", "opus": "anthropic/claude-opus-5-5"}
# Two of the 143 published conditions are enough, and quick.
PAST = """
import sys
import protocol.anchors as anchors, exchange.eps.anchors as eps
from protocol.judges import judge_table
first, whole = anchors.cells()[:1], eps.read_cell
anchors.cells, eps.read_cell = lambda: first, lambda cell: whole(cell)[:2]
from commands.main import main
# They are drawn from headline.json alone.
import reports.figures, reports.published_cells
reports.figures.draw_report = reports.figures.draw_reference = lambda *a: []
reports.published_cells.draw_cells = lambda *a: []
for line in sys.stdin.read().splitlines():
    print("$", line, flush=True)
    main(line.split(), standalone_mode=False)
from scorers.binding import parse_judges
print(judge_table().default, parse_judges("published"), file=sys.stderr)
"""
COMMANDS = """reread old/0.1.json old/0.2.json old/0.3.json --out reread
import original --out imported
report reread imported --out report
published --out published
reference --out reference
"""
NOW = re.compile(r"\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\d\S*?(?=_|\"|,|\s|$)")
ID = re.compile(r"_[A-Za-z0-9]{22}\.(eval|json)")


def tree(folder: Path, default: dict[str, str] | None) -> Path:
    """A copy of the suite whose table names other default judges."""
    left_out = shutil.ignore_patterns("logs", ".*", "*.egg-info", "__pycache__", "tests", "docs")
    shutil.copytree(ROOT, folder, ignore=left_out)
    if default is not None:
        path = folder / "datasets" / "judges.yaml"
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert table["default"].keys() == default.keys()
        path.write_text(
            yaml.safe_dump({**table, "default": default}, sort_keys=False), encoding="utf-8"
        )
    return folder


def started(folder: Path, default: dict[str, str] | None, sources: Path) -> "subprocess.Popen[str]":
    """The commands about the past, in a copy of the suite."""
    code, work = tree(folder / "suite", default), folder / "work"
    shutil.copytree(ROOT / "tests" / "data" / "logs", work / "old")
    questions = [question.input for question in load_panel("bw52").questions]
    # The original layout names no judge model.
    original: dict[str, Any] = detailed(
        answers(questions, 1),
        entries("sonnet", questions, 1, failures=3),
        name="betley_wang_52_null",
        prompt=None,
        model="Qwen/Qwen2.5-7B-Instruct",
    )
    write(work / "original" / "sonnet" / "alignment_betley_wang_52_null_detailed.json", original)
    write(work / "original" / "headline.json", headline(original, None))
    return subprocess.Popen(
        [sys.executable, "-c", PAST],
        cwd=work,
        env=surroundings() | {"PYTHONPATH": str(code), "BWALPHA_SOURCES": str(sources)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def past(process: "subprocess.Popen[str]", folder: Path) -> tuple[dict[str, str], str]:
    """All that the commands print and write, without the time and names of today."""
    shown, said = process.communicate(COMMANDS)
    assert process.returncode == 0, shown + said
    work = folder / "work"
    files = [p for p in work.rglob("*") if p.suffix in (".json", ".csv", ".md", ".svg")]
    found = {str(p.relative_to(work)): p.read_text(encoding="utf-8") for p in files}
    found["the screen"] = shown
    return {timeless(name): timeless(text) for name, text in found.items()}, said.splitlines()[-1]


def timeless(text: str) -> str:
    return ID.sub(r".\1", NOW.sub("then", text))


def test_another_default_judge_changes_nothing_of_the_past(
    real_sources: Path, tmp_path: Path
) -> None:
    tables = {"shipped": None, "changed": CHANGED}
    running = {
        name: started(tmp_path / name, table, real_sources) for name, table in tables.items()
    }
    (before, shipped), (after, changed) = (past(p, tmp_path / name) for name, p in running.items())
    assert str(CHANGED) in changed
    assert changed.replace(str(CHANGED), "") != shipped
    assert changed.endswith("'anthropic/claude-opus-4-7'}")

    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []
    reports = [name for name in before if name.endswith("headline.json") and "report" in name]
    assert len(reports) == 2
    judges = {
        (judge["judge"], judge["model"], tuple(judge["differs"]))
        for name in reports
        for comparison in json.loads(before[name])["comparisons"]
        for row in comparison["rows"]
        for judge in row["judges"]
    }
    registered = "anthropic/claude-sonnet-4-5-20250929"
    assert ("sonnet", registered, ()) in judges
    assert "openai/gpt-4.1" not in "".join(before.values())
