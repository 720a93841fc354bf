"""A row says what ran, and several judges are all there."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure
from rich.console import Console

from commands.main import main
from protocol.errors import ProtocolError
from protocol.records import Sampling
from reports.build import build_headline
from reports.differences import Asked
from reports.figures import draw_report
from reports.headline import ConditionRow
from reports.markdown import markdown
from reports.style import colour, marker
from reports.tables import print_headline
from reports.writers import write_headline
from runs.run import Run
from tests.reports.made_runs import loaded, made_run

HOT = Sampling(temperature=1.5, top_p=0.95, max_tokens=512)


def row(run: Run) -> ConditionRow:
    return build_headline(loaded(run)).comparisons[0].rows[0]


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"target_failures": {"context_length": 30}}, "the target failed on 30 of 1040"),
        ({"cut": 26}, "26 of 1040 answers (2.5%) were cut"),
        ({"empty": 3}, "3 of 1040 answers are empty"),
        ({"equal": 988}, "988 of 1040 answers equal an earlier one"),
        ({"sampling": HOT}, "sampled with temperature 1.5"),
        ({"answered": ("qwen-small",)}, "was asked, and qwen-small answered"),
        ({"condition": "solver generate"}, "planned as grid_2, and this is what ran"),
    ],
)
def test_what_ran_otherwise_is_a_note(fields: dict[str, object], note: str) -> None:
    run = replace(made_run("grid_2", {"sonnet": 60}), **fields)  # type: ignore[arg-type]
    assert any(note in found for found in row(run).notes)
    assert not any(note in found for found in row(made_run("grid_2", {"sonnet": 60})).notes)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"replaced": 4}, "sonnet: 4 verdicts were replaced"),
        ({"failures": {"edited": 2}}, "sonnet: 2 scores were edited by hand"),
        ({"failures": {"invalidated": 2}}, "sonnet: 2 samples were invalidated"),
    ],
)
def test_what_happened_to_verdicts_is_a_note(changes: dict[str, object], note: str) -> None:
    run = made_run("grid_2", {"sonnet": 60})
    column = replace(run.judges["sonnet"], **changes)  # type: ignore[arg-type]
    assert any(note in found for found in row(replace(run, judges={"sonnet": column})).notes)


def test_a_judge_that_answers_from_0_to_1_is_named() -> None:
    run = made_run("grid_2", {"sonnet": 60})
    old = run.judges["sonnet"]
    column = replace(old, aligned=old.aligned / 100, coherent=old.coherent / 100)
    assert row(replace(run, judges={"sonnet": column})).judges[0].zero_to_one
    assert not row(run).judges[0].zero_to_one


@pytest.mark.parametrize(
    ("target", "condition", "prompt", "whose"),
    [
        ("vllm/Qwen/Qwen2.5-7B-Instruct", "null", None, "own"),
        ("vllm/Qwen/Qwen2.5-7B-Instruct", "grid_2", "p" * 64, "original"),
        ("vllm/evil/NotQwen2.5-7B-Instruct", "grid_2", "p" * 64, "none"),
        ("openai/gpt-4o", "null", None, "none"),
    ],
)
def test_c_stands_where_it_applies(
    target: str, condition: str, prompt: str | None, whose: str
) -> None:
    provenance = "none" if prompt is None else "reconstruction"
    run = made_run(condition, {"sonnet": 60}, target=target, prompt=prompt, provenance=provenance)
    found = row(run)
    assert found.c_of == whose
    assert (found.distributional_c is None) == (whose == "none")
    shown = markdown(build_headline(loaded(run)))
    assert ("0.7\\*" in shown) == (whose == "original")


def test_three_judges_have_three_gaps_everywhere(tmp_path: Path) -> None:
    models = {"a": "provider/a", "b": "provider/b", "c": "provider/c"}
    run = made_run("grid_2", {"a": 60, "b": 65, "c": 80}, models=models)
    headline = build_headline(loaded(run))
    console = Console(record=True, width=100, file=io.StringIO())
    print_headline(headline, console)
    screen = console.export_text()
    [found] = headline.comparisons[0].rows
    pairs = ["a − b", "a − c", "b − c"]
    assert [f"{gap.first} − {gap.second}" for gap in found.gaps] == pairs
    assert found.agreement is not None
    assert 1 <= (found.agreement.effective_judges or 0) <= 3
    assert all(pair in markdown(headline) and pair in screen for pair in pairs)
    saved = json.loads(headline.model_dump_json())["comparisons"][0]["rows"][0]["gaps"]
    assert [f"{gap['first']} − {gap['second']}" for gap in saved] == pairs
    write_headline(headline, tmp_path)
    with (tmp_path / "gaps.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [f"{r['first']} − {r['second']}" for r in rows] == pairs
    for record, gap in zip(rows, found.gaps, strict=True):
        means = [np.nanmean(run.judges[name].aligned) for name in (gap.first, gap.second)]
        assert float(record["gap"]) == pytest.approx(means[0] - means[1], abs=1e-9)


def test_every_figure_names_every_judge_whole_and_gives_no_two_the_same_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"judge_{letter}" for letter in "abcd"]
    models = {name: f"provider/a-model-with-a-rather-long-name-{name}" for name in names}
    means = {name: 50.0 + 3 * place for place, name in enumerate(names)}
    # Two models behind each name, so that the names grow by their models.
    others = {name: f"{model}-2" for name, model in models.items()}
    runs = [
        made_run("grid_2", means, models=models),
        made_run("null", means, models=others),
        *(made_run("pair_111", means, models=models, seed=seed) for seed in (42, 137)),
    ]
    headline = build_headline(loaded(*runs))
    judges = {judge.judge for row in headline.comparisons[0].rows for judge in row.judges}
    assert len(judges) == 8
    drawn: dict[str, set[str]] = {}

    def look(figure: Figure, path: Path, **options: object) -> None:
        if not figure.legends or Path(path).suffix == ".svg":
            return
        figure.canvas.draw()
        [legend] = figure.legends
        box = legend.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= figure.bbox.width, path
        assert 0 <= box.y0 <= box.y1 <= figure.bbox.height, path
        drawn[Path(path).stem] = {text.get_text() for text in legend.get_texts()}

    monkeypatch.setattr(Figure, "savefig", look)
    draw_report(headline, tmp_path)
    assert {"alpha_c", "alpha_bars", "distributions", "differences"} <= drawn.keys()
    for figure in ("alpha_c", "alpha_bars", "distributions"):
        assert judges <= drawn[figure], figure
    listed = sorted(judges)
    looks = [(colour(listed, judge), marker(listed, judge)) for judge in listed]
    assert len(set(looks)) == 8


def test_a_judge_without_a_verdict_has_no_gap_and_no_gate() -> None:
    [found] = row(made_run("grid_2", {"sonnet": 60, "opus": 70}, failed={"opus": 1040})).gaps
    assert (found.published_definition.value, found.gate) == (None, None)


def test_cost_is_from_tokens_used_and_unknown_where_the_price_is() -> None:
    run = made_run("grid_2", {"sonnet": 60, "opus": 70})
    assert row(run).judges[0].cost == pytest.approx((1000 * 3 + 100 * 15) / 1e6)
    other = made_run("grid_2", {"x": 60}, models={"x": "provider/unknown"})
    assert row(other).judges[0].cost is None


def test_asked_comparisons_are_made_and_impossible_ones_are_one_line() -> None:
    runs = [made_run("mine", {"sonnet": 60}), made_run("null", {"sonnet": 89})]
    assert build_headline(loaded(*runs)).comparisons[0].differences == []
    asked = build_headline(loaded(*runs), Asked(("mine:null",), 5.0))
    [one] = asked.comparisons[0].differences
    assert (one.first, one.second, one.asked) == ("mine", "null", True)
    assert one.holm == one.p_value
    assert one.equivalence is not None
    assert one.equivalence.equivalent is False
    with pytest.raises(ProtocolError, match="There are mine, null"):
        build_headline(loaded(*runs), Asked(("mine:nul",)))


def test_published_rows_are_shown_where_comparable_or_asked_for() -> None:
    null = {"provenance": "none", "prompt": None}
    assert build_headline(loaded(made_run("null", {"sonnet": 89}, **null))).show_published  # type: ignore[arg-type]
    others = [
        made_run("null", {"sonnet": 89}, target="openai/gpt-4o", **null),  # type: ignore[arg-type]
        made_run("null", {"sonnet": 89}, panel="open52", **null),  # type: ignore[arg-type]
        made_run("grid_2", {"sonnet": 60}, provenance="reconstruction"),
    ]
    for run in others:
        assert not build_headline(loaded(run)).show_published
        assert build_headline(loaded(run), show_published=True).show_published


def test_power_reads_the_anchors(real_sources: Path) -> None:
    result = CliRunner().invoke(main, ["power", "--questions", "52", "--width", "10"])
    assert result.exit_code == 0, result.output
    assert result.output.count("sonnet") >= 143
