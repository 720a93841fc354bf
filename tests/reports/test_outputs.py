"""``headline.json`` is documented, and everything else says nothing that is not in it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from commands.main import main
from protocol.judges import judge_table
from reports.build import build_headline
from reports.headline import SCHEMA_VERSION
from reports.schema import schema_text
from reports.writers import read_headline, write_headline
from runs.load import load_runs
from tests.reports.conftest import awkward
from tests.reports.made_logs import make_log

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ("headline.json", "headline.md")
TABLES = ("headline.csv", "gaps.csv", "comparisons.csv", "per_question.csv")
NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?%?")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outputs")
    for seed in (42, 137):
        for condition in ("grid_1", "grid_2"):
            make_log(folder / "logs", condition, verdicts=awkward, base_seed=seed, count=13)
    (folder / "logs" / "empty.eval").write_bytes(b"")
    out = folder / "report"
    result = CliRunner().invoke(main, ["report", str(folder / "logs"), "--out", str(out)])
    assert result.exit_code == 0, result.output
    (out / "terminal.txt").write_text(result.output, encoding="utf-8")
    return out


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def said_by_json(report: Path) -> set[str]:
    """Every number of the JSON, with as many digits as a text may show, and every one in its words."""
    said: set[str] = set()
    for leaf in leaves(json.loads((report / "headline.json").read_text(encoding="utf-8"))):
        if isinstance(leaf, str):
            said |= {found.strip("+") for found in NUMBER.findall(leaf)}
        elif isinstance(leaf, int | float) and not isinstance(leaf, bool):
            said |= {f"{leaf:.{digits}f}" for digits in range(4)} | {f"{leaf:.4g}", f"{leaf:,}"}
            said |= {f"{leaf:.1%}", f"{leaf:.0%}"}
    return said


def test_the_committed_schema_is_the_models(report: Path) -> None:
    path = ROOT / "docs" / "headline.schema.json"
    assert path.read_text(encoding="utf-8") == schema_text(), (
        "run: python -m reports.schema > docs/headline.schema.json"
    )


def test_the_committed_schema_accepts_a_report_and_names_all_that_is_in_it(report: Path) -> None:
    schema = json.loads((ROOT / "docs" / "headline.schema.json").read_text(encoding="utf-8"))
    headline = json.loads((report / "headline.json").read_text(encoding="utf-8"))

    def check(value: Any, rule: dict[str, Any]) -> None:
        if "$ref" in rule:
            rule = schema["$defs"][rule["$ref"].rsplit("/", 1)[1]]
        if "anyOf" in rule and value is not None:
            rule, *_ = [option for option in rule["anyOf"] if option.get("type") != "null"]
            check(value, rule)
        elif isinstance(value, dict) and "properties" in rule:
            assert set(value) == set(rule["properties"])
            for key, inner in value.items():
                check(inner, rule["properties"][key])
        elif isinstance(value, list) and "items" in rule:
            for inner in value:
                check(inner, rule["items"])

    check(headline, schema)


def test_every_field_is_documented_in_words() -> None:
    text = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    [_, section] = text.split("## headline.json\n")
    named = set(re.findall(r"\w+", section.split("\n## ")[0]))
    schema = json.loads(schema_text())
    parts = {"Headline": schema, **schema["$defs"]}
    for name, part in parts.items():
        described = set(re.findall(r"``(\w+)``", part.get("description", "")))
        missing = set(part.get("properties", {})) - described - named
        assert not missing, f"{name}: {missing} neither in its description nor in docs/report.md"


def test_the_json_reads_back_to_the_same_bytes(report: Path, tmp_path: Path) -> None:
    write_headline(read_headline(report / "headline.json"), tmp_path)
    for name in (*TEXTS, *TABLES):
        assert (tmp_path / name).read_bytes() == (report / name).read_bytes()


def test_another_schema_version_is_refused(report: Path, tmp_path: Path) -> None:
    changed = json.loads((report / "headline.json").read_text(encoding="utf-8"))
    changed["schema_version"] = SCHEMA_VERSION - 1
    (tmp_path / "headline.json").write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(ValueError, match="schema_version"):
        read_headline(tmp_path / "headline.json")


@pytest.mark.parametrize("name", ["headline.md", "terminal.txt"])
def test_every_number_of_the_texts_is_in_the_json(report: Path, name: str) -> None:
    text = (report / name).read_text(encoding="utf-8")
    # The folded table head, and the thresholds and percentages that stand in fixed sentences.
    fixed = {"0", "100", "95", "50", "30", "20", "0.001"}
    found = [number.strip("+").rstrip(",") for number in NUMBER.findall(text)]
    assert len(found) > 100
    unknown = sorted(set(found) - said_by_json(report) - fixed)
    assert unknown == []


@pytest.mark.parametrize("name", TABLES)
def test_every_number_of_the_tables_is_in_the_json_to_the_last_digit(
    report: Path, name: str
) -> None:
    headline = json.loads((report / "headline.json").read_text(encoding="utf-8"))
    said = {x for x in leaves(headline) if isinstance(x, int | float) and not isinstance(x, bool)}
    checked = 0
    with (report / name).open(newline="", encoding="utf-8") as file:
        for record in csv.DictReader(file):
            for key, cell in record.items():
                try:
                    number = float(cell)
                except ValueError:
                    continue
                assert number in said, (key, cell)
                checked += 1
    # The few questions of this report leave its one comparison without p-values.
    assert checked > (10 if name == "comparisons.csv" else 20)


def test_figures_are_drawn_from_the_json_alone(report: Path, tmp_path: Path) -> None:
    from reports.figures import draw_report

    for path in draw_report(read_headline(report / "headline.json"), tmp_path):
        assert path.read_bytes() == (report / path.name).read_bytes()
    assert (report / "seeds.png").exists()


def test_the_folder_holds_what_the_documentation_lists(report: Path) -> None:
    figures = ("alpha_c", "alpha_bars", "questions", "distributions", "seeds", "differences")
    listed = {f"{name}.{kind}" for name in figures for kind in ("png", "svg")}
    listed |= {*TEXTS, *TABLES, "extremes.md"}
    assert {path.name for path in report.iterdir()} == listed | {"terminal.txt"}
    documented = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    assert [name for name in figures if f"`{name}`" not in documented] == []


def test_simulated_figures_are_marked_in_both_formats(report: Path) -> None:
    # In the SVG the letters are outlines, named in a comment.
    for path in report.glob("*.svg"):
        assert "SIMULATED" in path.read_text(encoding="utf-8"), path.name


def test_question_means_are_set_beside_the_published_column(tmp_path: Path) -> None:
    models = {"sonnet": judge_table().registered["sonnet"], "opus": "openai/made"}
    real: dict[str, Any] = {
        "panel": "bw52",
        "rubric": "eps",
        "prompt_sha256": None,
        "judge_models": models,
    }
    make_log(tmp_path, "null", provenance="none", verdicts=awkward, **real)
    make_log(tmp_path, "pair_98", provenance="verbatim", **real)
    make_log(tmp_path, "null", provenance="none", **{**real, "panel": "open52", "base_seed": 7})
    comparisons = build_headline(load_runs([str(tmp_path)])).comparisons
    found = [(row, j) for c in comparisons for row in c.rows for j in row.judges if j.published]
    [(row, judge)] = found
    assert (row.condition, judge.judge) == ("null", "sonnet")
    with (ROOT / "datasets" / "reference_questions.csv").open(newline="") as file:
        theirs = {
            r["id"]: float(r["mean_aligned"])
            for r in csv.DictReader(file)
            if (r["condition"], r["judge"]) == ("null", "sonnet")
        }
    ours = {q.question_id: q.mean_aligned or 0.0 for q in row.per_question if q.judge == "sonnet"}
    shared = sorted(set(ours) & set(theirs))
    assert judge.published is not None
    assert judge.published.questions == len(shared) == 6
    difference = sum(ours[name] - theirs[name] for name in shared) / 6
    assert judge.published.mean_difference == pytest.approx(difference, abs=1e-9)
    a, b = ([table[name] for name in shared] for table in (ours, theirs))
    mean_a, mean_b = sum(a) / 6, sum(b) / 6
    top = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    below = sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b)
    assert judge.published.pearson == pytest.approx(top / below**0.5, abs=1e-9)
