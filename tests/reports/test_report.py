import csv
import json
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands.main import main
from commands.shared import as_typed
from reports.build import build_headline
from reports.headline import SCHEMA_VERSION
from reports.published import published_rows
from reports.style import spread_labels
from reports.writers import read_headline
from runs.load import load_runs
from tests.reports.conftest import awkward
from tests.reports.made_logs import make_log

EPOCHS = range(1, 4)


def recomputed(judge: str, question: int | None = None) -> float:
    wanted = range(6) if question is None else [question]
    verdicts = [awkward(judge, q, e) for q in wanted for e in EPOCHS]
    values = [v[0] for v in verdicts if not isinstance(v, str)]
    return sum(values) / len(values) if values else float("nan")


def test_report_writes_figures_that_an_independent_count_confirms(
    four_logs: Path, tmp_path: Path
) -> None:
    result = CliRunner().invoke(main, ["report", str(four_logs), "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "SIMULATED" in result.output
    assert result.output.rstrip().endswith(f"inspect view --log-dir {four_logs}")
    headline = read_headline(tmp_path / "headline.json")
    row = headline.comparisons[0].rows[0]
    sonnet, opus = row.judges
    assert sonnet.alpha.value == pytest.approx(recomputed("sonnet"), abs=1e-9)
    assert opus.alpha.value == pytest.approx(recomputed("opus"), abs=1e-9)
    assert (sonnet.scored, sonnet.failed, sonnet.invalid) == (15, 3, False)
    assert (opus.scored, opus.failed, opus.invalid) == (12, 6, True)
    gap = row.gaps[0]
    assert gap.published_definition.value == pytest.approx(
        recomputed("sonnet") - recomputed("opus"), abs=1e-9
    )
    assert gap.paired is not None
    assert gap.paired.value == pytest.approx(-4.0, abs=1e-9)
    for figures in row.per_question:
        number = int(figures.question_id.split("_")[1]) - 1
        expected = recomputed(figures.judge, number)
        found = float("nan") if figures.mean_aligned is None else figures.mean_aligned
        assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)
    for name in ("headline.md", "alpha_c.png", "alpha_c.svg", "questions.png", "alpha_bars.png"):
        assert (tmp_path / name).stat().st_size > 500
    with (tmp_path / "headline.csv").open(newline="") as file:
        records = list(csv.DictReader(file))
    assert [record["source"] for record in records] == ["this report"] * 8
    assert float(records[0]["alpha"]) == sonnet.alpha.value
    with (tmp_path / "per_question.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 4 * 2 * 6
    assert json.loads((tmp_path / "headline.json").read_text())["schema_version"] == SCHEMA_VERSION


def test_an_invalid_judge_is_marked_with_its_worst_case_bounds(four_logs: Path) -> None:
    result = CliRunner().invoke(main, ["report", str(four_logs)])
    assert "\nopus: INVALID, 33.3% of the verdicts failed; α lies between" in result.output
    comparison = build_headline(load_runs([str(four_logs)])).comparisons[0]
    opus = next(r for r in comparison.rule_results if (r.about, r.judge) == ("grid_1", "opus"))
    assert opus.outcome == "undecided"
    assert any(caveat.startswith("INVALID") for caveat in opus.caveats)
    assert "SIMULATED" in opus.caveats
    invalid = [d for d in comparison.differences if d.judge == "opus"]
    assert {d.holm for d in invalid} == {None}
    assert all(gap.gate is None for row in comparison.rows for gap in row.gaps)
    assert {ranking.judge for ranking in comparison.rankings} <= {"sonnet"}


def test_another_panel_is_kept_apart(tmp_path: Path) -> None:
    make_log(tmp_path, "grid_1")
    make_log(tmp_path, "grid_2", panel="bw52", panel_sha256="b" * 64)
    headline = build_headline(load_runs([str(tmp_path)]))
    assert sorted(c.panel for c in headline.comparisons) == ["bw52", "open52"]
    assert [len(c.rows) for c in headline.comparisons] == [1, 1]


def test_several_seeds_are_compared_and_their_order_said(tmp_path: Path) -> None:
    for seed, (first, second) in {42: (40.0, 50.0), 137: (44.0, 54.0)}.items():
        for condition, alpha in (("grid_1", first), ("grid_2", second)):
            make_log(
                tmp_path,
                condition,
                verdicts=lambda j, q, e, a=alpha: (a, 90.0),  # type: ignore[misc]
                base_seed=seed,
            )
    comparison = build_headline(load_runs([str(tmp_path)])).comparisons[0]
    grid_1 = next(a for a in comparison.across_seeds if a.condition == "grid_1")
    assert (grid_1.seeds, grid_1.mean.value, grid_1.range) == ([42, 137], 42.0, 4.0)
    assert grid_1.mean.low is None
    assert all(order.stable for order in comparison.order_across_seeds)


@pytest.mark.parametrize("place", ["empty", "absent", "absent.eval"])
def test_no_logs_is_one_line_and_a_failure(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(main, ["report", str(tmp_path / place)])
    assert result.exit_code != 0
    assert result.output.startswith("Error: no log of this suite")
    assert result.output.count("\n") == 1


def test_reference_prints_the_published_digits_and_flags_pair_98_opus(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["reference", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    for digits in ("88.82", "95.05", "67.80", "45.84", "28.21", "1.59 INVALID", "742/298"):
        assert digits in result.output
    assert "298 of 1,040 verdicts failed (28.7%)" in result.output
    later = result.output.split("later write-ups")[1]
    assert [line.split() for line in later.splitlines() if line.startswith(" s2 ")] == [
        ["s2", "soft", "prefix", "0.905", "31.49", "50.34"]
    ]
    assert "C of a retrained classifier" in later
    assert (tmp_path / "reference_alpha_c.png").exists()
    invalid = [(r.condition, j.judge) for r in published_rows() for j in r.judges if j.invalid]
    assert invalid == [("pair_98", "opus")]


@pytest.mark.parametrize(
    ("wanted", "placed"),
    [([10, 50], [10, 50]), ([50, 10], [50, 10]), ([10, 10], [8, 12]), ([1, 2, 3], [-2, 2, 6])],
)
def test_labels_never_overlap(wanted: list[float], placed: list[float]) -> None:
    assert spread_labels(wanted, 4) == placed


def test_bundle_makes_a_site_of_every_log_with_the_report_beside_it(
    four_logs: Path, tmp_path: Path
) -> None:
    more = make_log(tmp_path / "more", "null", provenance="none", prompt_sha256=None)
    twin = tmp_path / "twin" / Path(more.location).name
    twin.parent.mkdir()
    twin.write_bytes((tmp_path / "more" / twin.name).read_bytes())
    (tmp_path / "more" / "2026-01-01T00-00-00_cut_x.eval").write_bytes(twin.read_bytes()[:900])
    out = tmp_path / "site"
    places = [str(four_logs), str(tmp_path / "more"), str(twin)]
    result = CliRunner().invoke(main, ["bundle", *places, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert (out / "index.html").exists()
    assert len(list((out / "logs").glob("*.eval"))) == 6
    rows = read_headline(out / "report" / "headline.json").comparisons[0].rows
    assert [row.condition for row in rows] == ["null", "pair_111", "grid_1", "grid_2", "grid_3"]
    assert (out / "report" / "alpha_c.png").exists()
    again = CliRunner().invoke(main, ["bundle", str(four_logs), "--out", str(out)])
    assert again.exit_code != 0
    assert again.output == f"Error: {out} is not empty; name a new folder\n"
    inside = CliRunner().invoke(main, ["bundle", str(four_logs), "--out", str(four_logs / "x")])
    assert "lies inside" in inside.output
    assert not (four_logs / "x").exists()


@pytest.mark.processes
def test_the_last_lines_are_commands_that_work_as_typed(
    four_logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = tmp_path / "my logs"
    logs.mkdir()
    for log in four_logs.glob("*.eval"):
        (logs / log.name).write_bytes(log.read_bytes())
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["report", "my logs"])
    lines = result.output.splitlines()
    typed = shlex.split(lines[lines.index("tables, figures and a write-up:") + 1])
    assert Path(typed[0]).name == "bwalpha"
    assert typed[1:] == ["report", "my logs", "--out", "my logs-report"]
    assert CliRunner().invoke(main, typed[1:]).exit_code == 0
    assert (tmp_path / "my logs-report" / "headline.md").exists()
    assert shlex.split(lines[-1])[1:] == ["view", "--log-dir", "my logs"]
    assert "make alpha MODEL=" in result.output


@pytest.mark.parametrize(
    ("active", "program"),
    [(False, ".venv/bin/inspect"), (True, "inspect")],
    ids=["not active", "active"],
)
def test_a_command_has_the_path_of_an_environment_that_is_not_active(
    active: bool, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / ".venv" / "bin" / "inspect"
    command.parent.mkdir(parents=True)
    command.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / ".venv") if active else "")
    assert as_typed("inspect", "view", "a b") == f"{program} view 'a b'"


def test_a_real_target_with_simulated_judges_is_called_so(tmp_path: Path) -> None:
    make_log(tmp_path / "logs", "grid_2", model="mockllm/model")
    result = CliRunner().invoke(main, ["report", str(tmp_path / "logs"), "--out", str(tmp_path)])
    assert result.output.startswith("real target, SIMULATED judges · panel")
    assert "no number here is a measurement of alignment" in result.output
    assert "describe no real model" not in result.output
    assert "grid_2 (reconstruction; real target, SIMULATED judges)" in (
        tmp_path / "headline.md"
    ).read_text("utf-8")
