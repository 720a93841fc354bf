"""Exports that are refused: one clear line, nothing written."""

from pathlib import Path

import pytest

from tests.exchange.originals import (
    OPEN,
    bwalpha,
    two_files,
)

EXPORTS = {
    "a file as --out": ("eps", "taken.txt", (), "is a file"),
    "a folder with something in it": ("eps", "full", (), "is not empty"),
    "a full folder for a data set": ("dataset", "full", (), "is not empty"),
    "a Hub name without owner": ("dataset", "new", ("--push", "name"), "not owner/name"),
    "questions in the original layout": ("eps", "new", ("--with-questions",), "dataset only"),
}


@pytest.mark.parametrize(("layout", "out", "more", "said"), EXPORTS.values(), ids=EXPORTS)
def test_a_wrong_export_is_refused_and_writes_nothing(
    layout: str, out: str, more: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    first, _ = two_files(tmp_path / "in")
    assert bwalpha("import", first, "--out", tmp_path / "logs", *OPEN).exit_code == 0
    (tmp_path / "taken.txt").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    result = bwalpha(
        "export", tmp_path / "logs", "--format", layout, "--out", tmp_path / out, *more
    )
    assert result.exit_code != 0
    assert said in result.output.splitlines()[-1]
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_an_export_of_no_log_names_what_was_left_out(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    result = bwalpha("export", tmp_path / "logs", "--format", "eps", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "no Inspect logs here" in result.output
    assert not (tmp_path / "out").exists()


def test_two_runs_of_one_condition_are_not_mixed_in_one_folder(tmp_path: Path) -> None:
    first, _ = two_files(tmp_path)
    for seed in (42, 137):
        out = tmp_path / "logs"
        assert bwalpha("import", first, "--out", out, *OPEN, "--seed", seed).exit_code == 0
    result = bwalpha("export", tmp_path / "logs", "--format", "eps", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "2 runs of grid_2 would land in one folder" in result.output
