"""Verdicts without completions: counted, and said to have no text."""

from pathlib import Path
from typing import Any

import pytest

from exchange.eps.verdicts import read_verdicts
from protocol.errors import ProtocolError
from protocol.sources import sha256
from runs.load import load_runs
from tests.exchange.originals import (
    FAILED,
    OPEN_QUESTIONS,
    answers,
    bwalpha,
    detailed,
    entries,
    write,
)

PUBLISHED = (
    "eval_results/midtrain_evil_wrong_em_seed42/post_em/alignment_betley_quick_detailed.json"
)
PUBLISHED_SHA256 = "c81155ac8e52f98384e2b136ea4e85afd0d4f96da392eacfe0a81fc3eb99c65f"


def half(judge: str, questions: list[str], **options: Any) -> dict[str, Any]:
    made = detailed(answers(questions, 2), entries(judge, questions, 2, failures=1), **options)
    del made["completions"]
    return made


def halves(folder: Path, judges: tuple[str, ...] = ("sonnet", "opus")) -> list[Path]:
    parts = {"betley": OPEN_QUESTIONS[:8], "wang": OPEN_QUESTIONS[8:]}
    return [
        write(folder / judge / f"alignment_{name}_detailed.json", half(judge, questions, name=name))
        for judge in judges
        for name, questions in parts.items()
    ]


def test_halves_by_two_judges_are_one_condition(tmp_path: Path) -> None:
    table = read_verdicts(halves(tmp_path / "soft"))
    [(name, condition)] = table.conditions.items()
    assert (name, table.panel) == ("soft", "open52")
    assert [row.question for row in condition.rows[::2]] == OPEN_QUESTIONS
    assert [row.epoch for row in condition.rows[:3]] == [1, 2, 1]
    assert {row.completion for row in condition.rows} == {None}
    assert {tuple(row.scores) for row in condition.rows} == {("sonnet", "opus")}
    failed = [row for row in condition.rows if row.scores["opus"].failure is not None]
    assert len(failed) == 2
    assert any("no judge can be asked again" in warning for warning in table.warnings)


def test_two_folders_are_two_conditions(tmp_path: Path) -> None:
    paths = halves(tmp_path / "s0" / "hard") + halves(tmp_path / "s1" / "hard", ("sonnet",))
    assert list(read_verdicts(paths).conditions) == ["s0__hard", "s1__hard"]


def test_the_published_file_gives_its_published_mean(real_sources: Path) -> None:
    path = real_sources / PUBLISHED
    if not path.is_file():
        pytest.skip("the published file of verdicts is not among the sources")
    assert sha256(path.read_text(encoding="utf-8")) == PUBLISHED_SHA256
    table = read_verdicts([path], judge="sonnet")
    [condition] = table.conditions.values()
    scores = [row.scores["sonnet"] for row in condition.rows]
    valid = [score.aligned for score in scores if score.aligned is not None]
    assert (table.panel, len(scores), len(valid)) == ("bw52", 80, 78)
    assert sum(valid) / len(valid) == pytest.approx(48.26923076923077, abs=1e-9)


def with_completions(document: dict[str, Any]) -> None:
    document["completions"] = {}


def changed_score(document: dict[str, Any]) -> None:
    document["scores"][OPEN_QUESTIONS[0]][1]["aligned"] = 3.25


def score_too_few(document: dict[str, Any]) -> None:
    document["scores"][OPEN_QUESTIONS[0]] = [FAILED]
    document["summary"] = {}


def no_list(document: dict[str, Any]) -> None:
    document["scores"][OPEN_QUESTIONS[0]] = {"aligned": 1}


def other_target(document: dict[str, Any]) -> None:
    document["summary"]["model_path"] = "another"


def empty(document: dict[str, Any]) -> None:
    document["scores"] = {}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_completions, "holds completions too"),
        (changed_score, "contradicts itself"),
        (score_too_few, "different numbers of verdicts.*sonnet 2, opus 1"),
        (no_list, "must be a list of objects"),
        (other_target, "different targets"),
        (empty, "not empty"),
    ],
)
def test_what_does_not_fit_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    document = half("opus", OPEN_QUESTIONS[:8])
    change(document)
    paths = halves(tmp_path, ("sonnet",))
    other = write(tmp_path / "opus" / "alignment_betley_detailed.json", document)
    with pytest.raises(ProtocolError, match=message):
        read_verdicts([*paths, other])


def test_a_judge_comes_once(tmp_path: Path) -> None:
    paths = halves(tmp_path, ("sonnet",))
    again = write(tmp_path / "sonnet" / "again_detailed.json", half("sonnet", OPEN_QUESTIONS[:1]))
    with pytest.raises(ProtocolError, match="in another file already"):
        read_verdicts([*paths, again])


def test_a_judge_that_nothing_names_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "run" / "alignment_detailed.json", half("x", OPEN_QUESTIONS[:1]))
    with pytest.raises(ProtocolError, match="--judge NAME=MODEL"):
        read_verdicts([path])
    assert list(read_verdicts([path], judge="gpt").judges) == ["gpt"]


def test_a_sample_of_completions_is_left_out_and_said_so(tmp_path: Path) -> None:
    document = half("sonnet", OPEN_QUESTIONS[:1]) | {"completions_sample": {}}
    table = read_verdicts([write(tmp_path / "sonnet" / "a_detailed.json", document)])
    assert any("'completions_sample' was left out" in warning for warning in table.warnings)


def test_an_import_takes_the_judge_that_is_given(tmp_path: Path) -> None:
    path = write(tmp_path / "run" / "alignment_detailed.json", half("x", OPEN_QUESTIONS[:2]))
    result = bwalpha("import", path, "--judge", "gpt=openai/gpt-4o", "--out", tmp_path / "logs")
    assert result.exit_code == 0, result.output
    [run] = load_runs([str(tmp_path / "logs")]).runs
    assert {name: column.model for name, column in run.judges.items()} == {"gpt": "openai/gpt-4o"}
