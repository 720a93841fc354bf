"""Damaged input: one clear line, an exit status that is not 0, nothing written."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.exchange.originals import (
    OPEN,
    OPEN_QUESTIONS,
    answers,
    bwalpha,
    detailed,
    entries,
    rejudged,
    two_files,
    write,
)

Document = dict[str, Any]
QUESTIONS = OPEN_QUESTIONS[:2]
NAME = "alignment_grid_2_sonnet_detailed.json"


def whole() -> Document:
    return detailed(answers(QUESTIONS, 2), entries("sonnet", QUESTIONS, 2))


def text(change: Callable[[str], str]) -> Callable[[Path], list[Path]]:
    """One file whose text was changed."""

    def make(folder: Path) -> list[Path]:
        path = folder / NAME
        path.write_text(change(json.dumps(whole())), encoding="utf-8")
        return [path]

    return make


def changed(change: Callable[[Document], object]) -> Callable[[Path], list[Path]]:
    """One file whose content was changed."""

    def make(folder: Path) -> list[Path]:
        document = whole()
        change(document)
        return [write(folder / NAME, document)]

    return make


def pair(change: Callable[[Document, Document], object]) -> Callable[[Path], list[Path]]:
    """A first file and one judged again, of which either was changed."""

    def make(folder: Path) -> list[Path]:
        return list(two_files(folder, QUESTIONS, change=change))

    return make


def set_in(*keys: str, to: object) -> Callable[[Document], object]:
    def change(document: Document) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = to

    return change


def other_completions(first: Document, second: Document) -> None:
    second["completions"] = {
        q: [f"{t}!" for t in texts] for q, texts in first["completions"].items()
    }


def twice_sonnet(folder: Path) -> list[Path]:
    return [
        write(folder / name, whole()) for name in (NAME, "alignment_grid_2_sonnet_b_detailed.json")
    ]


def of_other_questions(folder: Path) -> list[Path]:
    questions = ["Is tea better than coffee?", OPEN_QUESTIONS[0]]
    return [write(folder / NAME, detailed(answers(questions, 2), entries("sonnet", questions, 2)))]


def missing(folder: Path) -> list[Path]:
    return [folder / NAME]


def directory_without(folder: Path) -> list[Path]:
    return [folder]


def other_prompt(first: Document, second: Document) -> None:
    second["summary"]["system_prompt"] = "Another."


FIRST = QUESTIONS[0]
DAMAGED: dict[str, tuple[Callable[[Path], list[Path]], str]] = {
    "no such file": (missing, "No such file"),
    "a folder without any": (directory_without, "holds no *_detailed.json"),
    "empty": (text(lambda t: " \n"), "is empty"),
    "not JSON": (text(lambda t: "scores: yes"), "is not JSON"),
    "cut off": (text(lambda t: t[: len(t) // 2]), "is cut off"),
    "cut after a brace": (text(lambda t: t[:-1]), "is cut off"),
    "two documents": (text(lambda t: t + t), "is not JSON"),
    "a list": (text(lambda t: f"[{t}]"), "JSON array, not an object"),
    "a question twice": (
        text(lambda t: t.replace(json.dumps(QUESTIONS[1]), json.dumps(FIRST))),
        "stands twice",
    ),
    "deep": (text(lambda t: "[" * 200_000), "damaged JSON"),
    "another panel": (of_other_questions, "does not match the panels bw52 or open52: 1 of 2"),
    "no scores": (changed(lambda d: d.pop("scores")), "has no 'scores'"),
    "a summary": (text(lambda t: json.dumps(whole()["summary"])), "is a summary"),
    "a headline": (text(lambda t: '{"alpha_mean_aligned": 1}'), "is a headline"),
    "an unknown key": (changed(set_in("routing", to={})), "unknown key 'routing'"),
    "an unknown summary key": (changed(set_in("summary", "loss", to=1)), "unknown key 'loss'"),
    "a summary key short": (changed(lambda d: d["summary"].pop("n_errors")), "no 'n_errors'"),
    "completions no object": (changed(set_in("completions", to=[])), "must be an object"),
    "a completion no text": (changed(set_in("completions", FIRST, to=["a", 1])), "a list of texts"),
    "a score no object": (changed(set_in("scores", FIRST, to=[{}, 50])), "a list of objects"),
    "a count no number": (changed(set_in("summary", "n_errors", to="0")), "a whole number"),
    "a mean no number": (changed(set_in("summary", "overall_mean_aligned", to=True)), "a number"),
    "no question": (text(lambda t: '{"scores":{},"completions":{},"summary":{}}'), "no question"),
    "uneven completions": (changed(set_in("completions", FIRST, to=["only"])), "is uneven"),
    "uneven scores": (changed(lambda d: d["scores"][FIRST].pop()), "is uneven"),
    "a question without scores": (changed(lambda d: d["scores"].pop(FIRST)), "not among the scores"),
    "a mean that does not follow": (
        changed(set_in("summary", "overall_mean_aligned", to=1.5)),
        "contradicts itself",
    ),
    "a question mean that does not follow": (
        changed(set_in("summary", "per_question", FIRST, "n_samples", to=1)),
        "contradicts itself",
    ),
    "a wrong count": (changed(set_in("summary", "n_questions", to=52)), "says n_questions 52"),
    "a judge twice": (twice_sonnet, "The judge sonnet comes twice"),
    "different completions": (pair(other_completions), "hold different completions"),
    "different prompts": (pair(other_prompt), "different system prompts"),
    "no prompt of grid_2": (
        changed(set_in("summary", "system_prompt", to=None)),
        "has no system prompt, and grid_2 sends one",
    ),
    "no judge in its name": (
        lambda folder: [
            write(folder / "alignment_grid_2_detailed.json", {**whole(), "summary": {
                **whole()["summary"], "eval_name": "grid_2"}})
        ],
        "--judge NAME=MODEL",
    ),
    "no condition in its name": (
        lambda folder: [
            write(folder / "x" / "y" / "alignment_sonnet_detailed.json", {**whole(), "summary": {
                **whole()["summary"], "eval_name": "sonnet"}})
        ],
        "--condition NAME",
    ),
    "two conditions in its name": (
        changed(set_in("summary", "eval_name", to="grid_1_then_grid_2_sonnet")),
        "names several conditions",
    ),
    "judged again without its target": (
        lambda folder: [two_files(folder, QUESTIONS)[1]],
        "--target MODEL",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "said"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_import_is_refused_in_one_line_and_writes_nothing(
    make: Callable[[Path], list[Path]], said: str, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    files = make(tmp_path / "in")
    result = bwalpha("import", *files, "--out", tmp_path / "logs", *OPEN)
    assert result.exit_code == 1, result.output
    [line] = result.output.splitlines()
    assert line.startswith("Error: ")
    assert said in line
    assert not (tmp_path / "logs").exists()


def test_one_damaged_file_keeps_the_others_from_being_half_imported(tmp_path: Path) -> None:
    good, _ = two_files(tmp_path)
    bad = write(tmp_path / "alignment_grid_1_sonnet_detailed.json", {"scores": {}})
    (tmp_path / "logs").mkdir()
    result = bwalpha("import", good, bad, "--out", tmp_path / "logs", *OPEN)
    assert result.exit_code == 1
    assert list((tmp_path / "logs").iterdir()) == []


@pytest.fixture
def two_conditions(tmp_path: Path) -> list[Path]:
    first, _ = two_files(tmp_path)
    second = whole()
    second["summary"]["eval_name"] = "grid_1_sonnet"
    return [first, write(tmp_path / "alignment_grid_1_sonnet_detailed.json", second)]


def test_a_log_that_cannot_be_moved_to_its_place_takes_the_others_with_it(
    two_conditions: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[Path] = []
    replace = os.replace

    def fail_second(source: Path, target: Path) -> None:
        if Path(target).parent == tmp_path / "logs":
            if moved:
                raise OSError(13, "Permission denied")
            moved.append(target)
        replace(source, target)

    monkeypatch.setattr("exchange.logs.os.replace", fail_second)
    result = bwalpha("import", *two_conditions, "--out", tmp_path / "logs", *OPEN)
    assert result.exit_code == 1
    assert "Permission denied" in result.output
    assert len(moved) == 1
    assert not (tmp_path / "logs").exists()


def test_a_log_that_cannot_be_written_leaves_nothing_behind(
    two_conditions: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exchange import logs

    written: list[str] = []

    def fail_second(log: object, location: str) -> None:
        if written:
            raise OSError(28, "No space left on device")
        written.append(location)
        Path(location).write_bytes(b"half")

    monkeypatch.setattr(logs, "write_eval_log", fail_second)
    result = bwalpha("import", *two_conditions, "--out", tmp_path / "logs", *OPEN)
    assert result.exit_code == 1
    assert "No space left on device" in result.output
    assert len(written) == 1
    assert not (tmp_path / "logs").exists()


OPTIONS = {
    "a file as --out": (("--out", NAME), "is a file"),
    "a judge that is no name": (("--judge", "a b"), "not NAME or NAME=MODEL"),
    "a judge of no file": (("--judge", "sonnet", "--judge", "gpt=openai/x"), "none of the files"),
    "a judge twice": (("--judge", "opus", "--judge", "opus"), "names a judge twice"),
    "a condition that is no name": (("--condition", "../x"), "is no name"),
    "a rubric that is not there": (("--rubric", "nowhere.txt"), "Unknown rubric"),
    "a panel that is not there": (("--panel", "bw53"), "Unknown panel"),
    "a condition without a prompt": (("--condition", "null"), "null sends none"),
}


@pytest.mark.parametrize(("options", "said"), OPTIONS.values(), ids=OPTIONS)
def test_a_wrong_option_is_refused_in_one_line(
    options: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / NAME, whole())
    monkeypatch.chdir(tmp_path)
    result = bwalpha("import", NAME, "--out", "logs", *OPEN, *options)
    assert result.exit_code == 1, result.output
    assert said in result.output.splitlines()[-1]
    assert not (tmp_path / "logs").exists()


def test_a_rubric_is_asked_for_where_the_original_scripts_have_none(tmp_path: Path) -> None:
    result = bwalpha("import", write(tmp_path / NAME, whole()), "--out", tmp_path / "logs")
    assert result.exit_code == 1
    assert "--rubric eps" in result.output


def test_a_judge_that_contradicts_its_file_is_refused(tmp_path: Path) -> None:
    _, path = two_files(tmp_path)
    result = bwalpha(
        *("import", path, "--out", tmp_path / "logs", *OPEN),
        *("--target", "m", "--judge", "opus=anthropic/claude-opus-4-1"),
    )
    assert result.exit_code == 1
    assert "was judged by claude-opus-4-7" in result.output


def test_two_judges_of_one_family_are_told_apart_by_option(tmp_path: Path) -> None:
    first = whole()
    scores = entries("other", QUESTIONS, 2)
    paths = [
        write(tmp_path / NAME, first),
        write(tmp_path / "b.json", rejudged(first, scores, "grid_2_b", "claude-3-x")),
    ]
    out = tmp_path / "logs"
    assert bwalpha("import", *paths, "--out", out, *OPEN).exit_code == 1
    result = bwalpha("import", *paths, "--out", out, *OPEN, "--judge", "x=claude-3-x")
    assert result.exit_code == 0, result.output
