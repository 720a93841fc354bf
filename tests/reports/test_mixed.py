"""Inputs that do not belong together: each is named, and no number is wrong for it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from click.testing import CliRunner, Result
from inspect_ai import Task, eval, score
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalError, read_eval_log, write_eval_log

from commands.main import main
from protocol.records import COMPARABILITY
from protocol.rubrics import load_rubric
from reports.build import build_headline
from reports.headline import Headline
from runs.load import load_runs
from tests.reports.made_logs import Verdicts, judge_named, make_log, no_judge, silent


def constant(aligned: float, coherent: float = 90.0) -> Verdicts:
    return lambda judge, question, epoch: (aligned, coherent)


def headline_of(*places: Path) -> Headline:
    return build_headline(load_runs([str(place) for place in places]))


def report(*places: Path | str) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, places)])


@pytest.fixture
def good(tmp_path: Path) -> Path:
    make_log(tmp_path / "good", verdicts=constant(50))
    return tmp_path / "good"


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    files = fsspec.filesystem("memory")
    yield files
    files.rm("/", recursive=True)


def stranger(folder: Path) -> None:
    task = Task(dataset=[Sample(input="hello")], solver=silent(), name="stranger")
    eval(task, model="mockllm/model", log_dir=str(folder), display="none")


def cancelled(folder: Path) -> None:
    log = read_eval_log(make_log(folder, verdicts=constant(0)).location)
    log.status = "cancelled"
    write_eval_log(log, log.location)


def truncated(folder: Path) -> None:
    log = make_log(folder, verdicts=constant(0))
    path = Path(log.location.removeprefix("file://"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def of_another_comparability(folder: Path) -> None:
    make_log(folder, verdicts=constant(0), comparability=COMPARABILITY - 1)


def with_damaged_metadata(folder: Path) -> None:
    make_log(folder, verdicts=constant(0), base_seed="?")


def without_verdicts(folder: Path) -> None:
    make_log(folder, judges=(), more=[no_judge()])


def empty(folder: Path) -> None:
    folder.mkdir()


def of_notes_only(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("no log", encoding="utf-8")
    (folder / "headline.json").write_text("{}", encoding="utf-8")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (stranger, "not this suite's log (task stranger)"),
        (cancelled, "unfinished: status cancelled"),
        (truncated, "cannot be read: "),
        (
            of_another_comparability,
            f"comparability version {COMPARABILITY - 1}, this report reads {COMPARABILITY}",
        ),
        (with_damaged_metadata, "its metadata do not say what was run (base_seed: "),
        (without_verdicts, "no judge's verdicts; bwalpha judge LOG adds them"),
        (empty, "no Inspect logs here"),
        (of_notes_only, "no Inspect logs here"),
    ],
)
def test_what_cannot_count_is_named_and_alone_it_is_one_line(
    make: Callable[[Path], None], reason: str, good: Path, tmp_path: Path
) -> None:
    make(tmp_path / "bad")
    beside = headline_of(good, tmp_path / "bad")
    assert [log.reason.startswith(reason) for log in beside.skipped] == [True], beside.skipped
    [row] = beside.comparisons[0].rows
    assert [judge.alpha.value for judge in row.judges] == [50, 50]
    said = " ".join(report(good, tmp_path / "bad").output.split())
    assert f"left out: {beside.skipped[0].log}: {reason.strip()}" in said
    alone = report(tmp_path / "bad")
    assert alone.exit_code == 1
    assert alone.output.startswith("Error: no log of this suite to report on (")
    assert reason in alone.output
    assert alone.output.count("\n") == 1


def test_a_bad_place_is_one_line_whatever_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no log", encoding="utf-8")
    places: dict[Path | str, str] = {
        tmp_path / "absent": "no such file or folder",
        tmp_path / "absent.eval": "no such file",
        tmp_path / "notes.txt": "not a log; name a .eval or .json log, or a folder of them",
        "unheard-of://x": "cannot be listed: ",
        "memory://nothing/here": "no Inspect logs here",
    }
    for place, reason in places.items():
        result = report(place)
        assert (result.exit_code, result.output.count("\n")) == (1, 1)
        assert f"{place}: {reason}" in result.output


@pytest.mark.parametrize(
    "change",
    [{"panel": "bw52", "panel_sha256": "b" * 64}, {"rubric": "eps", "rubric_sha256": "e" * 64}],
)
def test_two_panels_or_rubrics_stand_in_tables_of_their_own(
    change: dict[str, str], good: Path, tmp_path: Path
) -> None:
    log = read_eval_log(make_log(tmp_path / "other", "grid_1", verdicts=constant(10)).location)
    assert log.eval.metadata is not None
    log.eval.metadata |= change
    for sample in log.samples or []:
        for given in (sample.scores or {}).values():
            data = given.metadata or {}
            rubric = {"rubric_sha256": log.eval.metadata["rubric_sha256"]}
            given.metadata = data | {"instrument": data["instrument"] | rubric}
    write_eval_log(log, log.location)
    comparisons = headline_of(good, tmp_path / "other").comparisons
    found = {
        (c.panel, c.rubric, r.condition): r.judges[0].alpha.value
        for c in comparisons
        for r in c.rows
    }
    assert found["open52", "open", "grid_2"] == 50
    assert found[change.get("panel", "open52"), change.get("rubric", "open"), "grid_1"] == 10


def test_judging_again_under_another_rubric_is_kept_apart(tmp_path: Path) -> None:
    log = make_log(tmp_path / "first", verdicts=constant(50))
    sha = load_rubric("open").sha256
    again = judge_named("opus", constant(10), "simulated/opus", rubric=sha)
    other = judge_named("opus", constant(20), "simulated/opus", rubric="c" * 64)
    log = score(log, [again, other], action="append", display="none")
    write_eval_log(log, str(tmp_path / "again.eval"))
    headline = headline_of(tmp_path / "again.eval", tmp_path / "first")
    assert sorted(c.rubric for c in headline.comparisons) == ["c" * 12, "open", "open"]
    by_sha = {
        c.rubric_sha256: {j.judge: j.alpha.value for j in c.rows[0].judges}
        for c in headline.comparisons
    }
    assert by_sha == {
        "r" * 64: {"sonnet": 50, "opus": 50},
        sha: {"opus": 10},
        "c" * 64: {"opus": 20},
    }
    assert [log.reason.startswith("same evaluation as") for log in headline.replaced] == [True]


def test_a_copy_with_a_judge_of_its_own_stays_beside_the_log_it_was_made_from(
    tmp_path: Path,
) -> None:
    log = make_log(tmp_path / "first", verdicts=constant(50))
    third = judge_named("gpt", constant(30), "openai/made")
    write_eval_log(
        score(log, third, action="overwrite", display="none"), str(tmp_path / "third.eval")
    )
    rows = headline_of(tmp_path / "first", tmp_path / "third.eval").comparisons[0].rows
    found = [{j.judge: j.alpha.value for j in row.judges} for row in rows]
    assert sorted(found, key=len) == [{"gpt": 30}, {"sonnet": 50, "opus": 50}]


def test_of_a_log_and_its_overwritten_copy_the_file_written_last_counts(tmp_path: Path) -> None:
    log = make_log(tmp_path / "first", verdicts=constant(50), judges=("sonnet",))
    again = judge_named("sonnet", constant(30), "simulated/sonnet")
    write_eval_log(
        score(log, again, action="overwrite", display="none"), str(tmp_path / "copy.eval")
    )
    for order in (
        (tmp_path / "first", tmp_path / "copy.eval"),
        (tmp_path / "copy.eval", tmp_path / "first"),
    ):
        headline = headline_of(*order)
        assert [j.alpha.value for j in headline.comparisons[0].rows[0].judges] == [30]
        assert len(headline.replaced) == 1


def test_a_simulated_judge_that_judged_a_real_run_later_makes_its_row_simulated(
    tmp_path: Path,
) -> None:
    models = {"sonnet": "anthropic/made"}
    log = make_log(tmp_path / "first", judges=("sonnet",), judge_models=models, simulated=False)
    assert not headline_of(tmp_path / "first").simulated
    later = judge_named("opus", constant(30), "simulated/judge-lenient")
    write_eval_log(score(log, later, action="append", display="none"), str(tmp_path / "again.eval"))
    assert headline_of(tmp_path / "again.eval").simulated


def test_a_score_that_no_judge_gave_changes_no_number(tmp_path: Path) -> None:
    make_log(tmp_path / "plain")
    make_log(tmp_path / "more", more=[no_judge()])
    plain, more = (
        headline_of(tmp_path / name).comparisons[0].rows[0] for name in ("plain", "more")
    )
    assert more.judges == plain.judges
    assert more.gaps == plain.gaps


def test_long_texts_cost_no_score_coherence_or_failure_kind(tmp_path: Path) -> None:
    def verdicts(judge: str, question: int, epoch: int) -> tuple[float, float] | str:
        return "truncated" if question == 1 else (10.0 * question + epoch, 77.25)

    # Inspect shortens texts and drops values over 1 kB in the summaries that the report reads.
    long = "long " * 20_000
    make_log(tmp_path / "long", verdicts=verdicts, completion=long, reply=long, count=3, epochs=2)
    make_log(tmp_path / "short", verdicts=verdicts, count=3, epochs=2)
    long_row, short_row = (
        headline_of(tmp_path / n).comparisons[0].rows[0] for n in ("long", "short")
    )
    assert long_row.judges == short_row.judges
    assert long_row.per_question == short_row.per_question
    assert long_row.judges[0].failures == {"truncated": 2}
    assert long_row.judges[0].coherence == 77.25


def test_a_log_is_read_from_any_store_that_inspect_reads(
    good: Path, memory: fsspec.AbstractFileSystem
) -> None:
    for log in good.glob("*.eval"):
        memory.pipe(f"/logs/{log.name}", log.read_bytes())
    result = report("memory://logs")
    assert result.exit_code == 0, result.output
    assert "50.00" in result.output
    assert "inspect view --log-dir memory:///logs" in result.output
    [run] = load_runs([good.as_uri()]).runs
    assert run.judges["opus"].aligned.tolist() == [50.0] * 18


def test_a_sample_that_stopped_on_an_error_is_a_failure_of_its_own_kind(tmp_path: Path) -> None:
    log = read_eval_log(make_log(tmp_path / "log", verdicts=constant(40)).location)
    assert log.samples
    log.samples[0].scores = None
    log.samples[0].error = EvalError(message="made", traceback="", traceback_ansi="")
    write_eval_log(log, log.location)
    judge = headline_of(tmp_path / "log").comparisons[0].rows[0].judges[0]
    assert (judge.scored, judge.failed, judge.failures) == (17, 1, {"sample_error": 1})
    assert judge.alpha.value == 40


def test_several_folders_are_one_report_and_a_partial_run_says_so(
    good: Path, tmp_path: Path
) -> None:
    make_log(tmp_path / "later", "grid_3", verdicts=constant(20), epochs=1)
    result = report(good, tmp_path / "later")
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "grid_3: 6 completions to 6 questions; the protocol has 1,040" in said
    assert Path(said.rsplit(" ", 1)[1]).resolve() == tmp_path
