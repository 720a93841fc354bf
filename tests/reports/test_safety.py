"""Names and texts from logs are shown in every output, and act in none."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from inspect_ai.log import read_eval_log, write_eval_log
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console

from commands.main import main
from reports.build import build_headline
from reports.tables import print_headline
from reports.writers import read_headline, write_report
from tests.reports.made_logs import make_log
from tests.reports.made_runs import TARGET, loaded, made_run
from tests.reports.test_site import ACTING, Page

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
    "c\x00d": "c�d",
    "..": "..",
    "long" * 80: "long" * 80,
}


PLACES: dict[str, Callable[[Path, str, str], None]] = {}


def place(check: Callable[[Path, str, str], None]) -> Callable[[Path, str, str], None]:
    """Register what has to hold in one output for a name, and for that name as it is shown."""
    PLACES[check.__name__] = check
    return check


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every command over logs with all names: as condition, completion, explanation, and in the model."""
    root = tmp_path_factory.mktemp("root")
    home = root / "deep" / "er"
    made = make_log(home / "logs", "null", count=1, epochs=1, judges=("sonnet",))
    log = read_eval_log(str(made.location))
    Path(str(made.location).removeprefix("file://")).unlink()
    for number, name in enumerate(["null", *HOSTILE]):
        assert log.eval.metadata is not None
        log.eval.metadata |= {"condition": name, "condition_label": name}
        log.eval.model = "mockllm/" + "".join(HOSTILE)
        log.eval.eval_id = log.eval.run_id = log.eval.task_id = f"made{number}"
        for sample in log.samples or []:
            record = sample.metadata["completion"] | {"condition": name}
            sample.metadata |= {"condition": name, "completion": record}
            sample.output.completion = name
            for score in (sample.scores or {}).values():
                score.explanation = name
        write_eval_log(log, str(home / "logs" / f"{number}.eval"))
    for words in (
        "bundle --out OUT/site",
        "export --format dataset --out OUT/dataset",
        "export --format eps --out OUT/eps",
    ):
        command, *options = words.replace("OUT", str(home / "out")).split()
        arguments = [command, str(home / "logs"), *options]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
    assert [path.name for path in root.iterdir()] == ["deep"]
    assert [path.name for path in home.parent.iterdir()] == ["er"]
    assert sorted(path.name for path in home.iterdir()) == ["logs", "out"]
    assert sorted(p.name for p in (home / "out").iterdir()) == ["dataset", "eps", "site"]
    headline = read_headline(home / "out/site/report/headline.json")
    with (home / "screen").open("w", encoding="utf-8") as screen:
        print_headline(headline, Console(file=screen, width=3000, force_terminal=True))
    return home


def is_plain(text: str) -> bool:
    return not any(c in text for c in "\x00\x07\x1b\u202e")


@place
def terminal(root: Path, name: str, shown: str) -> None:
    screen = (root / "screen").read_text(encoding="utf-8")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", screen)
    assert is_plain(plain)
    assert shown in plain


@place
def json_file(root: Path, name: str, shown: str) -> None:
    text = (root / "out/site/report/headline.json").read_text(encoding="utf-8")
    assert is_plain(text)
    rows = [row for found in json.loads(text)["comparisons"] for row in found["rows"]]
    assert [row["condition"] for row in rows].count(shown) == 1


@place
def markdown_file(root: Path, name: str, shown: str) -> None:
    text = (root / "out/site/report/headline.md").read_text(encoding="utf-8")
    assert is_plain(text)
    assert in_a_markdown_table(text, shown)


@place
def csv_file(root: Path, name: str, shown: str) -> None:
    for path in (root / "out/site/report").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        if path.name == "headline.csv":
            assert (f"'{shown}" if shown[0] in "=+-@" else shown) in cells
        for cell in cells:
            assert is_plain(cell)
            assert not cell.startswith(("=", "+", "@", "-2+3")), cell


@place
def figures(root: Path, name: str, shown: str) -> None:
    drawn = [path.read_bytes() for path in (root / "out/site/report").glob("*.png")]
    assert drawn
    assert {data[:4] for data in drawn} == {b"\x89PNG"}


@place
def site_page(root: Path, name: str, shown: str) -> None:
    page = Page(root / "out/site/report/question_001.html")
    assert f"\n{shown}\n" in page.text
    assert "<script>x" not in (root / "out/site/report/index.html").read_text("utf-8")
    assert not page.tags & ACTING
    report = Page(root / "out/site/report/index.html")
    assert is_plain(report.text)
    assert shown in report.text


@place
def data_set(root: Path, name: str, shown: str) -> None:
    rows = pd.read_parquet(root / "out/dataset/data")
    assert set(rows["completion"][rows["condition"] == name]) == {name}
    text = (root / "out/dataset/README.md").read_text(encoding="utf-8")
    assert is_plain(text)
    assert in_a_markdown_table(text, shown)


@place
def original_layout(root: Path, name: str, shown: str) -> None:
    folders = list((root / "out/eps").iterdir())
    assert len(folders) == len(HOSTILE) + 1
    [found] = [
        path
        for path in (root / "out/eps").glob("*/sonnet/*_summary.json")
        if json.loads(path.read_bytes())["eval_name"] == name
    ]
    assert found.parents[1] in folders
    assert is_plain(str(found))


def in_a_markdown_table(text: str, shown: str) -> bool:
    """Whether a table shows a text in a cell, and does no more with it than that."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    cells = [
        after
        for token, after in pairwise(tokens)
        if token.type == "td_open" and after.type == "inline"
    ]
    found = [cell for cell in cells if shown == cell_text(cell)]
    return bool(found)


def cell_text(cell: Token) -> str | None:
    inside = cell.children or []
    return None if {t.type for t in inside} - {"text"} else "".join(t.content for t in inside)


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:20])
def test_a_hostile_name_is_shown_and_does_nothing(name: str, where: str, outputs: Path) -> None:
    PLACES[where](outputs, name, HOSTILE[name])


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
