"""Names and texts from logs are shown in every output, and act in none."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from reports.build import build_headline
from reports.differences import Asked
from reports.tables import print_headline
from reports.writers import write_report
from tests.reports.made_runs import TARGET, loaded, made_run

HOSTILE = {
    "../../x": "../../x",
    "/etc/passwd": "/etc/passwd",
    "\x1b]0;owned\x07": "�]0;owned�",
    "\x1b[2Jgone": "�[2Jgone",
    "[lr=1e-5]": "[lr=1e-5]",
    "[bold red]x[/]": "[bold red]x[/]",
    ":smile:": ":smile:",
    r"$\frac{1}{0$": r"$\frac{1}{0$",
    "=1+1": "=1+1",
    "@SUM(A1)": "@SUM(A1)",
    "-2+3": "-2+3",
    "a|b": "a|b",
    "a\nb": "a�b",
    "<script>x</script>": "<script>x</script>",
    "\u202egnp.exe": "�gnp.exe",
    "**bold**": "**bold**",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_and_does_nothing(name: str, tmp_path: Path) -> None:
    shown = HOSTILE[name]
    runs = [
        made_run(c, {"sonnet": 60}, questions=12, completions=2, locations=(f"logs/{name}.eval",))
        for c in (name, "null")
    ]
    headline = build_headline(loaded(*runs), Asked((f"{name}:null",)) if name == shown else Asked())
    out = tmp_path / "deep" / "er" / "out"
    files = write_report(headline, out)
    assert {path.parent for path in files} == {out}
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert [path.name for path in out.parent.iterdir()] == ["out"]

    written = json.loads((out / "headline.json").read_text(encoding="utf-8"))
    assert written["comparisons"][0]["rows"][0]["condition"] == shown
    screen = io.StringIO()
    print_headline(headline, Console(file=screen, width=80, force_terminal=True, emoji=True))
    plain = "".join(screen.getvalue().split("\n"))
    assert name not in plain or name == shown
    assert shown.replace("�", "")[:8] in plain.replace("�", "")
    for line in (out / "headline.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and "60." in line:
            assert line.replace("\\|", "").count("|") == line.replace("\\|", "").count(" |") + 1
        assert "<script" not in line.replace("\\<", "")
    with (out / "headline.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert shown in cells or f"'{shown}" in cells
    for cell in cells:
        try:
            float(cell)
        except ValueError:
            assert not cell.startswith(("=", "+", "-", "@")), cell


def test_what_a_folder_holds_stays_and_only_own_files_are_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    (out / "headline.md").write_text("old")
    headline = build_headline(loaded(made_run("null", {"sonnet": 60}, questions=12)))
    write_report(headline, out)
    assert (out / "mine.txt").read_text() == "mine"
    assert (out / "headline.md").read_text(encoding="utf-8").startswith("# α")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_report_that_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("reports.figures.draw_report", fail)
    headline = build_headline(loaded(made_run("null", {"sonnet": 60}, questions=12)))
    with pytest.raises(RuntimeError):
        write_report(headline, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_screen_fits_eighty_columns() -> None:
    judges = {"sonnet": 60.0, "opus": 75.0, "another-judge": 70.0}
    models = {name: f"provider/{name}" for name in judges}
    names = ("null", "pair_111", "grid_1", "grid_2", "grid_3")
    runs = [
        made_run(name, judges, models=models, seed=seed, target=TARGET, completions=4)
        for name in names
        for seed in (42, 137)
    ]
    screen = io.StringIO()
    print_headline(build_headline(loaded(*runs)), Console(file=screen, width=80))
    assert max(map(len, screen.getvalue().splitlines())) <= 80
    assert "…" not in screen.getvalue().split("Registered rules")[0]
