"""The record beside an export: it brings a run back whole, and is refused where it does not fit."""

import json
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import list_eval_logs, read_eval_log
from pandas.testing import assert_frame_equal

from exchange.eps.records import NAME
from protocol.records import DIFFERENCE
from runs.frame import samples_frame
from tests.exchange.originals import (
    bwalpha,
    rejudged,
    two_files,
    write,
)
from tests.tasks.running import OPEN, run


def frames(*folders: Path) -> list[Any]:
    return [samples_frame(str(folder)).drop(columns=["log", "imported"]) for folder in folders]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of this suite, with failures of several kinds."""
    folder = tmp_path_factory.mktemp("simulated")
    run(
        "alpha.py@grid_2",
        folder,
        roles={"sonnet": "simulated/judge", "opus": "simulated/judge-lenient"},
        epochs=3,
        limit=4,
        args=OPEN | {"judge_retries": 1},
    )
    return folder


def test_a_run_of_this_suite_comes_back_whole_from_its_export(
    simulated: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert bwalpha("export", simulated, "--format", "eps", "--out", out).exit_code == 0
    result = bwalpha("import", out, "--out", tmp_path / "logs")
    assert result.exit_code == 0, result.output
    assert_frame_equal(*frames(simulated, tmp_path / "logs"))
    [before], [after] = (
        [read_eval_log(info.name) for info in list_eval_logs(str(folder))]
        for folder in (simulated, tmp_path / "logs")
    )
    metadata = dict(after.eval.metadata or {})
    assert metadata["imported"]["own_seeds"] is True
    assert metadata | {"imported": None} == before.eval.metadata
    assert (after.eval.model, after.eval.config.epochs) == ("simulated/target", 3)
    # The judges' difference is of the viewer's list and no verdict.
    assert [s.scores for s in after.samples or []] == [
        {name: score for name, score in (s.scores or {}).items() if name != DIFFERENCE}
        for s in before.samples or []
    ]
    assert [s.metadata for s in after.samples or []] == [s.metadata for s in before.samples or []]
    assert [s.output.stop_reason for s in after.samples or []] == [
        s.output.stop_reason for s in before.samples or []
    ]


def test_simulated_numbers_stay_simulated_through_the_original_layout(
    simulated: Path, tmp_path: Path
) -> None:
    bwalpha("export", simulated, "--format", "eps", "--out", tmp_path / "out")
    (tmp_path / "out" / "grid_2" / NAME).unlink()
    result = bwalpha("import", tmp_path / "out", "--out", tmp_path / "logs", "--rubric", "open")
    assert result.exit_code == 0, result.output
    assert "SIMULATED" in bwalpha("report", tmp_path / "logs").output
    frame = samples_frame(str(tmp_path / "logs"))
    assert frame["simulated"].all()
    assert set(frame["provenance"]) == {"reconstruction"}


def test_a_simulated_judge_makes_a_real_run_s_table_simulated(tmp_path: Path) -> None:
    first, _ = two_files(tmp_path)
    bwalpha("import", first, "--out", tmp_path / "logs", "--rubric", "open")
    bwalpha("export", tmp_path / "logs", "--format", "eps", "--out", tmp_path / "out")
    path = tmp_path / "out" / "grid_2" / "sonnet" / "alignment_grid_2_detailed.json"
    document = json.loads(path.read_bytes())
    scores = {q: [{"aligned": 5, "coherent": 6, "reasoning": ""}] * 2 for q in document["scores"]}
    other = rejudged(document, scores, "grid_2_x", "simulated/judge")
    opinion = write(tmp_path / "x.json", other)
    result = bwalpha("import", path, opinion, "--out", tmp_path / "again", "--judge", "x")
    assert result.exit_code == 0, result.output
    assert not samples_frame(str(tmp_path / "logs"))["simulated"].any()
    assert samples_frame(str(tmp_path / "again"))["simulated"].all()


def test_a_file_that_was_changed_after_its_export_is_refused(
    simulated: Path, tmp_path: Path
) -> None:
    bwalpha("export", simulated, "--format", "eps", "--out", tmp_path / "out")
    path = tmp_path / "out" / "grid_2" / "sonnet" / "alignment_grid_2_detailed.json"
    path.write_bytes(path.read_bytes() + b"\n")
    result = bwalpha("import", path, "--out", tmp_path / "logs")
    assert result.exit_code == 1
    assert f"remove {NAME}" in result.output


def test_a_second_opinion_from_elsewhere_joins_an_exported_run(
    simulated: Path, tmp_path: Path
) -> None:
    bwalpha("export", simulated, "--format", "eps", "--out", tmp_path / "out")
    path = tmp_path / "out" / "grid_2" / "sonnet" / "alignment_grid_2_detailed.json"
    first = json.loads(path.read_text())
    scores = {q: [{"aligned": 5, "coherent": 6, "reasoning": ""}] * 3 for q in first["scores"]}
    other = write(tmp_path / "rejudged.json", rejudged(first, scores, "grid_2_x", "x-1"))
    result = bwalpha("import", path, other, "--out", tmp_path / "logs", "--judge", "x=x-1")
    assert result.exit_code == 0, result.output
    frame = samples_frame(str(tmp_path / "logs"))
    assert set(frame["x_aligned"]) == {5.0}
    assert frame["sonnet_aligned"].notna().all()
    assert frame["simulated"].all()


def spoiled(key: str, value: Any) -> Any:
    def change(record: dict[str, Any]) -> None:
        record[key] = value

    return change


RECORDS: dict[str, Any] = {
    "another schema": spoiled("schema", 2),
    "no metadata": lambda record: record.pop("metadata"),
    "metadata without a seed": lambda record: record["metadata"].pop("base_seed"),
    "a target that is none": spoiled("target", None),
    "a stop that is none": spoiled("stop_reasons", {"betley_01": ["bored"]}),
    "a file without a judge": spoiled("judges", {}),
    "scores that are none": lambda record: record["scores"]["sonnet"].update(
        {"betley_01": [{"verdict": 5}] * 3}
    ),
}


@pytest.mark.parametrize("change", RECORDS.values(), ids=RECORDS)
def test_a_damaged_record_is_refused_in_one_line(
    change: Any, simulated: Path, tmp_path: Path
) -> None:
    bwalpha("export", simulated, "--format", "eps", "--out", tmp_path / "out")
    path = tmp_path / "out" / "grid_2" / NAME
    record = json.loads(path.read_bytes())
    change(record)
    path.write_text(json.dumps(record))
    result = bwalpha("import", tmp_path / "out", "--out", tmp_path / "logs")
    assert result.exit_code == 1, result.output
    [line] = result.output.splitlines()
    assert NAME in line
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(
    "option",
    [
        ("--condition", "grid_1"),
        ("--seed", "7"),
        ("--target", "another"),
        ("--panel", "bw52"),
        ("--rubric", "eps"),
        ("--judge", "sonnet"),
    ],
    ids=lambda option: option[0],
)
def test_an_option_against_the_record_is_refused_and_never_ignored(
    option: tuple[str, str], simulated: Path, tmp_path: Path
) -> None:
    bwalpha("export", simulated, "--format", "eps", "--out", tmp_path / "out")
    result = bwalpha("import", tmp_path / "out", "--out", tmp_path / "logs", *option)
    assert result.exit_code == 1, result.output
    assert f"{NAME} beside the files says" in result.output
