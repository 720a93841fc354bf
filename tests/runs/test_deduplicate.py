"""Parts of a run are joined, and a smaller one never takes a larger one's place."""

from pathlib import Path

from inspect_ai.log import write_eval_log

from runs.load import load_runs
from tests.tasks.running import run, samples


def test_halves_with_disjoint_questions_are_one_run(tmp_path: Path) -> None:
    run("alpha.py@grid_2", tmp_path, limit=(0, 2))
    run("alpha.py@grid_2", tmp_path, limit=(2, 5))
    loaded = load_runs([str(tmp_path)])
    [joined] = loaded.runs
    assert len(joined.locations) == 2
    assert len(joined.questions) == 5
    assert len(joined.clusters) == len(joined.judges["opus"].aligned) == 10
    assert loaded.replaced == ()


def test_a_smaller_newer_run_takes_no_larger_ones_place(tmp_path: Path) -> None:
    large = run("alpha.py@grid_2", tmp_path / "large", limit=5)
    small = run("alpha.py@grid_2", tmp_path / "small", limit=2)
    loaded = load_runs([str(tmp_path)])
    [kept] = loaded.runs
    assert len(kept.clusters) == 10
    assert str(large.location).endswith(Path(kept.location).name)
    [passed_over] = loaded.replaced
    assert str(small.location).endswith(Path(passed_over.location).name)
    assert "a larger run" in passed_over.reason


def test_completions_of_an_older_suite_in_a_retried_log_are_kept_apart(tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path / "first", limit=4)
    for sample in samples(log)[::2]:
        sample.metadata["completion"]["comparability"] = 2
    write_eval_log(log, str(tmp_path / "mixed.eval"))
    loaded = load_runs([str(tmp_path / "mixed.eval")])
    [found] = loaded.runs
    assert len(found.clusters) == 4
    [said] = loaded.skipped
    assert "4 of 8 completions were made by another version" in said.reason
