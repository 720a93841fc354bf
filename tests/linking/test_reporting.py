"""A run's linked α, a link made of logs, and what stands in their way."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from commands.main import main
from linking.applying import LinkedAlpha
from linking.linkfile import LinkFile, read_link
from linking.reporting import linked_column, linked_rule, linked_text
from runs.load import load_runs
from runs.run import Run
from tests.reports.made_logs import Verdicts, make_log

CONDITIONS = 9


def verdicts(level: float) -> Verdicts:
    """The old judge at a level, the new one more lenient; one of each judge's verdicts fails."""

    def given(judge: str, question: int, epoch: int) -> tuple[float, float] | str:
        if (judge, question, epoch) in (("old", 0, 1), ("new", 1, 1)):
            return "unparseable"
        old = level + question + 2 * (epoch % 3)
        return (old if judge == "old" else 100 - 0.7 * (100 - old)), 80.0

    return given


def logs(folder: Path, name: str, level: float, **options: object) -> None:
    options.setdefault("judges", ("old", "new"))
    make_log(
        folder,
        f"made_{name}",
        verdicts=verdicts(level),
        prompt_sha256=name * 64,
        **options,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def anchors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("anchors")
    for number in range(CONDITIONS):
        logs(folder, str(number), 10.0 + 9 * number)
    return folder


def make(anchors: Path, out: Path, *options: str) -> tuple[int, str]:
    arguments = ["link", "make", "--anchors", str(anchors), "--old", "old", "--new", "new"]
    found = CliRunner().invoke(main, [*arguments, "--out", str(out), *options])
    return found.exit_code, found.output


@pytest.fixture(scope="module")
def file(anchors: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "link.json"
    status, said = make(anchors, out)
    assert status == 0, said
    return out


@pytest.fixture(scope="module")
def made(file: Path) -> LinkFile:
    return read_link(file)


def measured(folder: Path, name: str = "a", level: float = 40.0, **options: object) -> Run:
    logs(folder, name, level, **options)
    [found] = load_runs([str(folder)]).runs
    return found


def test_logs_with_both_judges_make_a_link_and_nobody_is_asked(made: LinkFile) -> None:
    assert made.anchors.conditions == CONDITIONS
    assert made.anchors.completions == CONDITIONS * (18 - 2)
    assert made.anchors.missing == CONDITIONS * 2
    assert made.anchors.panel_sha256 == "q" * 64
    assert (made.old.name, made.old.instrument.asked) == ("old", "simulated/old")
    assert (made.new.name, made.new.instrument.asked) == ("new", "simulated/new")
    assert made.link.errors.governing < 1


def test_a_runs_alpha_is_linked_beside_its_own(made: LinkFile, tmp_path: Path) -> None:
    run = measured(tmp_path)
    linked = linked_column(made, run)
    assert isinstance(linked, LinkedAlpha)
    old = run.judges["old"].aligned
    assert linked.value == pytest.approx(float(np.nanmean(old)), abs=1.5)
    assert linked.low < linked.value < linked.high
    assert linked_text(linked) == f"on the registered scale {linked}"
    assert linked_rule(linked, linked.high + 1).startswith("linked, below")
    assert linked_rule(linked, linked.value) == (
        f"linked, undecided at {linked.value:g}: the interval holds it"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"judges": ("old",)}, "simulated/new, the link's instrument, did not judge this run"),
        (
            {"judge_models": {"old": "simulated/old", "new": "simulated/x"}},
            "did not judge this run",
        ),
        ({"level": 99.0 - 7}, "outside the anchors"),
        ({"panel_sha256": "z" * 64, "count": 7}, "another panel"),
    ],
)
def test_a_run_that_cannot_be_linked_says_why_in_a_line(
    options: dict[str, object], said: str, made: LinkFile, tmp_path: Path
) -> None:
    found = linked_column(made, measured(tmp_path, **options))  # type: ignore[arg-type]
    assert isinstance(found, str)
    assert found.startswith("not linked: ")
    assert said in found
    assert "\n" not in found
    assert linked_text(found) == found


def test_a_part_of_the_anchors_questions_is_no_other_panel(made: LinkFile, tmp_path: Path) -> None:
    run = measured(tmp_path, count=4, panel_sha256="z" * 64)
    assert isinstance(linked_column(made, run), LinkedAlpha)


def test_an_instrument_of_the_same_model_says_what_differs(made: LinkFile, tmp_path: Path) -> None:
    other = made.new.instrument.model_copy(update={"temperature": 0.5})
    judge = made.new.model_copy(update={"instrument": other})
    found = linked_column(made.model_copy(update={"new": judge}), measured(tmp_path))
    assert found == (
        "not linked: the judge is another instrument than the link's (temperature None instead of 0.5)"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--old", "nobody"), "No run has verdicts of 'nobody'. The columns are new, old."),
        (("--new", "nobody"), "No run has verdicts of both 'old' and 'nobody'"),
    ],
)
def test_columns_that_are_not_there_are_refused(
    options: tuple[str, ...], said: str, anchors: Path, tmp_path: Path
) -> None:
    status, output = make(anchors, tmp_path / "link.json", *options)
    assert status == 1
    assert said in output


def test_logs_of_too_few_conditions_are_refused(tmp_path: Path) -> None:
    logs(tmp_path, "a", 40.0)
    status, output = make(tmp_path, tmp_path / "link.json")
    assert status == 1
    assert "at least 8 conditions" in output
    assert not (tmp_path / "link.json").exists()


def test_a_column_of_two_instruments_is_refused(anchors: Path, tmp_path: Path) -> None:
    logs(tmp_path, "a", 40.0, judge_models={"old": "simulated/old", "new": "simulated/x"})
    status, output = make(anchors, tmp_path / "link.json", "--anchors", str(tmp_path))
    assert status == 1
    assert "is 2 instruments in these logs (simulated/new, simulated/x)" in output


@pytest.fixture(scope="module")
def reported(file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What `bwalpha report --link` says of runs within the range, outside it and of another judge."""
    folder = tmp_path_factory.mktemp("reported")
    for name, level in (("a", 60.0), ("b", 18.0), ("c", 28.2 - 4.5), ("d", 99.0 - 7)):
        logs(folder / "logs", name, level)
    other = {"old": "simulated/old", "new": "simulated/x"}
    logs(folder / "logs", "e", 60.0, judge_models=other)
    out = folder / "out"
    arguments = ["report", str(folder / "logs"), "--link", str(file), "--out", str(out)]
    found = CliRunner().invoke(main, arguments)
    assert found.exit_code == 0, found.output
    return found.output, out


def rows(out: Path) -> dict[str, dict[str, object]]:
    headline = json.loads((out / "headline.json").read_text("utf-8"))
    return {
        row["condition"]: row
        for comparison in headline["comparisons"]
        for row in comparison["rows"]
    }


def linked_figures(out: Path, condition: str) -> dict[str, Any]:
    linked = rows(out)[condition]["linked"]
    assert isinstance(linked, dict)
    return linked


def test_a_report_has_the_linked_alpha_beside_the_successors(
    reported: tuple[str, Path],
) -> None:
    said, out = reported
    linked = linked_figures(out, "made_a")
    value, low, high = (linked[key] for key in ("value", "low", "high"))
    assert low < value < high
    text = f"on the registered scale {value:.1f} [{low:.0f}, {high:.0f}]"
    assert linked["text"] == text
    assert (linked["judge"], linked["successor"]) == ("simulated/old", "simulated/new")
    assert text in " ".join(said.split())
    assert text in (out / "headline.md").read_text("utf-8").replace("\\", "")

    with (out / "headline.csv").open(encoding="utf-8", newline="") as table:
        cells = [row for row in csv.DictReader(table) if row["condition"] == "made_a"]
    assert {float(row["linked_alpha"]) for row in cells} == {value}
    assert {row["linked"] for row in cells} == {text}
    # The measured α stay what they were.
    alphas = {row["judge"].split()[0]: float(row["alpha"]) for row in cells}
    assert alphas["new"] - alphas["old"] == pytest.approx(0.3 * (100 - alphas["old"]), abs=1)


def test_a_linked_alpha_is_no_side_of_the_gate(reported: tuple[str, Path], tmp_path: Path) -> None:
    _, out = reported
    arguments = ["report", str(out.parent / "logs"), "--out", str(tmp_path)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    for name, plain in rows(tmp_path).items():
        with_link = rows(out)[name]
        assert plain["linked"] is None
        assert {**with_link, "linked": None} == plain
    assert (tmp_path / "gaps.csv").read_text() == (out / "gaps.csv").read_text()


@pytest.mark.parametrize(
    ("condition", "rule"),
    [
        ("made_a", "linked, above 28.21 with the whole interval"),
        ("made_b", "linked, below 28.21 with the whole interval"),
        ("made_c", "linked, undecided at 28.21: the interval holds it"),
    ],
)
def test_a_registered_rule_is_decided_by_the_whole_interval_and_says_linked(
    condition: str, rule: str, reported: tuple[str, Path]
) -> None:
    said, linked = reported[0], linked_figures(reported[1], condition)
    assert linked["rule"].replace("28.2087", "28.21") == rule
    assert "linked, " in said


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("made_d", "lies outside the anchors"),
        ("made_e", "the link's instrument, did not judge this run"),
    ],
)
def test_a_report_says_why_a_run_is_not_linked(
    condition: str, why: str, reported: tuple[str, Path]
) -> None:
    said, linked = reported[0], linked_figures(reported[1], condition)
    assert linked["value"] is None
    assert linked["rule"] == ""
    assert why in linked["text"]
    assert f"{condition}: not linked" in " ".join(said.split())


def test_a_link_file_that_is_none_is_one_line(tmp_path: Path) -> None:
    logs(tmp_path / "logs", "a", 40.0)
    (tmp_path / "none.json").write_text("{}")
    for name in ("none.json", "nowhere.json"):
        arguments = ["report", str(tmp_path / "logs"), "--link", str(tmp_path / name)]
        found = CliRunner().invoke(main, arguments)
        assert found.exit_code == 1
        assert name in found.output
        assert len(found.output.strip().splitlines()) == 1
