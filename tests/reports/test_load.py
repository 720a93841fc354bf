from pathlib import Path

import numpy as np
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log, write_eval_log

from protocol.records import COMPARABILITY
from runs.load import load_runs
from tests.reports.made_logs import even_verdicts, judge_named, make_log, silent


def test_verdicts_of_both_judges_stand_along_the_same_completions(four_logs: Path) -> None:
    run = load_runs([str(four_logs)]).runs[0]
    assert run.condition == "pair_111"
    assert list(run.judges) == ["sonnet", "opus"]
    sonnet, opus = run.judges["sonnet"], run.judges["opus"]
    both = np.isfinite(sonnet.aligned) & np.isfinite(opus.aligned)
    assert set((opus.aligned - sonnet.aligned)[both]) == {4.0}
    assert sonnet.failures == {"unparseable": 3}
    assert opus.failures == {"refusal": 3, "unparseable": 3}


def test_json_logs_read_as_eval_logs_do(tmp_path: Path) -> None:
    log = make_log(tmp_path, log_format="json")
    run = load_runs([log.location]).runs[0]
    assert run.judges["sonnet"].aligned.sum() == sum(
        even_verdicts("sonnet", q, e)[0]  # type: ignore[misc]
        for q in range(6)
        for e in (1, 2, 3)
    )


def test_the_newest_of_two_equal_runs_counts_and_the_older_is_named(tmp_path: Path) -> None:
    old = make_log(tmp_path, verdicts=lambda j, q, e: (1.0, 90.0))
    make_log(tmp_path, verdicts=lambda j, q, e: (2.0, 90.0))
    make_log(tmp_path, base_seed=137)
    loaded = load_runs([str(tmp_path)])
    assert [(r.condition, r.seed) for r in loaded.runs] == [("grid_2", 42), ("grid_2", 137)]
    assert set(loaded.runs[0].judges["opus"].aligned) == {2.0}
    assert Path(loaded.replaced[0].location).name == Path(old.location).name
    assert "a newer run" in loaded.replaced[0].reason
    make_log(tmp_path, epochs=1)
    last = [log.reason for log in load_runs([str(tmp_path)]).replaced]
    assert last[0].endswith("of 18 completions where this one has 6")


def test_a_file_named_twice_counts_once(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    loaded = load_runs([str(tmp_path), log.location])
    assert len(loaded.runs) == 1
    assert loaded.replaced == ()


def test_logs_that_cannot_count_are_named_with_the_reason(tmp_path: Path) -> None:
    good = make_log(tmp_path / "good")
    stranger = Task(dataset=[Sample(input="hello")], solver=silent(), name="stranger")
    eval(stranger, model="mockllm/model", log_dir=str(tmp_path), display="none")
    cancelled = read_eval_log(make_log(tmp_path / "elsewhere").location)
    cancelled.status = "cancelled"
    write_eval_log(cancelled, str(tmp_path / "cancelled.eval"))
    make_log(tmp_path, comparability=COMPARABILITY - 1)
    data = Path(good.location.removeprefix("file://")).read_bytes()
    (tmp_path / "cut.eval").write_bytes(data[: len(data) // 2])
    (tmp_path / "empty").mkdir()
    (tmp_path / "good" / "notes.txt").write_text("not a log")
    places = [str(path) for path in tmp_path.glob("*.eval")]
    places += [str(tmp_path / "good"), str(tmp_path / "empty"), str(tmp_path / "absent.eval")]
    loaded = load_runs(places)
    assert len(loaded.runs) == 1
    reasons = sorted(log.reason for log in loaded.skipped)
    for part in (
        "not this suite's log (task stranger)",
        "unfinished: status cancelled",
        f"comparability version {COMPARABILITY - 1}",
        "cannot be read",
        "no Inspect logs here",
        "no such file",
    ):
        assert any(part in reason for reason in reasons), (part, reasons)
    assert len(reasons) == 6


def test_judging_again_with_the_same_model_counts_the_newest_verdict(tmp_path: Path) -> None:
    from inspect_ai import score

    log = make_log(tmp_path / "first", verdicts=lambda j, q, e: (10.0, 90.0))
    again = judge_named("opus", lambda j, q, e: (70.0, 90.0), "simulated/opus")
    other = judge_named("opus", lambda j, q, e: (80.0, 90.0), "another/model")
    log = score(log, again, action="append", display="none")
    log = score(log, other, action="append", display="none")
    write_eval_log(log, str(tmp_path / "again.eval"))
    run = load_runs([str(tmp_path / "again.eval")]).runs[0]
    found = {name: set(column.aligned) for name, column in run.judges.items()}
    assert found == {"sonnet": {10.0}, "opus": {70.0}, "opus (another/model)": {80.0}}
    both = load_runs([str(tmp_path / "first"), str(tmp_path / "again.eval")])
    assert len(both.runs) == 1
    assert len(both.runs[0].judges) == 3
