"""The published cells as logs: the registered instrument, the published means, and a short report."""

from pathlib import Path

import pytest
from inspect_ai.log import read_eval_log
from rich.console import Console

from exchange.eps.anchors import PublishedCondition, read_cell
from exchange.eps.published_logs import check_means, published_logs
from exchange.logs import write_logs
from protocol.anchors import cells
from protocol.data import read_yaml
from protocol.errors import ProtocolError
from protocol.later_figures import later_figures
from protocol.records import RunMetadata
from reports.build import build_headline
from reports.markdown import markdown
from reports.published_cells import CellPoint, cell_points, draw_cells, print_cells
from reports.verify import verify
from runs.load import load_runs
from runs.run import Loaded
from tests.exchange.originals import bwalpha

Made = tuple[list[PublishedCondition], Path, Loaded]


@pytest.fixture
def made(real_sources: Path, tmp_path: Path) -> Made:
    conditions = read_cell(next(cell for cell in cells() if cell.name == "baseline"))
    write_logs(published_logs(conditions), tmp_path / "logs")
    return conditions, tmp_path / "logs", load_runs([str(tmp_path / "logs")])


def test_a_cell_becomes_logs_of_the_registered_instrument_with_the_published_means(
    made: Made,
) -> None:
    conditions, _, loaded = made
    assert (len(loaded.runs), loaded.skipped, loaded.replaced) == (11, (), ())
    assert check_means(loaded.runs, conditions) < 1e-9
    for run in loaded.runs:
        used = run.judges["sonnet"].instrument
        assert used.asked == "anthropic/claude-sonnet-4-5-20250929"
        assert used.rubric_sha256 == read_yaml("sources.yaml")["rubric_text_sha256"]
        assert (used.max_tokens, used.temperature, used.reading_rule) == (256, None, 0)
        assert (run.provenance, run.seed, run.distributional_c) == ("published", None, None)
        assert (run.metadata.panel, run.target) == ("bw52", "none/Qwen/Qwen2.5-7B-Instruct")
    data = RunMetadata.model_validate(read_eval_log(loaded.runs[0].location).eval.metadata)
    assert data.imported is not None
    assert {file.sha256 for file in data.imported.files} == {
        pin.sha256 for pin in cells()[0].pins.values()
    }


def test_a_missing_or_changed_condition_is_refused(made: Made) -> None:
    conditions, _, loaded = made
    with pytest.raises(ProtocolError, match="lack the published condition"):
        check_means(loaded.runs[1:], conditions)
    first = loaded.runs[0]
    first.judges["sonnet"].aligned[0] += 1
    with pytest.raises(ProtocolError, match="were changed"):
        check_means(loaded.runs, conditions)


def test_the_report_is_short_on_screen_and_whole_in_the_figure(made: Made, tmp_path: Path) -> None:
    headline = build_headline(made[2])
    assert verify(markdown(headline), headline)[1] == []
    points = cell_points(headline)
    assert [p.alpha for p in points] == sorted((p.alpha or 0 for p in points), reverse=True)
    assert {p.cell for p in points} == {"baseline"}
    assert all(path.stat().st_size > 1000 for path in draw_cells(points, tmp_path))
    console = Console(record=True, width=120)
    many = [CellPoint("c", f"p{n}", float(n), None, None, 50.0, 80, 0) for n in range(99, -1, -1)]
    print_cells(many, console)
    said = console.export_text()
    assert "88 more" in said
    assert "100 conditions of 1 cells; 8,000 verdicts, 0 failed" in said
    assert "20 in 80–100" in said


def test_other_logs_in_the_folder_are_refused(made: Made, tmp_path: Path) -> None:
    result = bwalpha("published", "--out", tmp_path)
    assert result.exit_code == 1
    assert "holds 11 logs and not the 143" in result.output


def test_the_later_figures_keep_a_c_scale_of_their_own() -> None:
    later = later_figures()
    assert later.c_scale != "original"
    by_name = {figure.condition: figure for figure in later.figures}
    assert (by_name["s0"].c, by_name["s0"].sonnet, by_name["s0"].opus) == (0.952, 22.44, 38.79)
    original = {
        row["name"]: row["distributional_c"] for row in read_yaml("conditions.yaml")["conditions"]
    }
    # The same prompts, and another number: one column of C would mix two scales.
    assert all(by_name[name].c != original[name] for name in ("grid_1", "grid_2", "grid_3"))
