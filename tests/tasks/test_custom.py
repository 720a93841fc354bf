import hashlib
from pathlib import Path

import pytest
from inspect_ai.event import ModelEvent
from inspect_ai.log import list_eval_logs, read_eval_log
from inspect_ai.solver import SolverSpec

from tests.tasks.running import OPEN, ROOT, command, run, samples, system_messages


def test_a_prompt_file_is_sent_to_the_letter(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_bytes("  Be terse.\r\nBe kind — always.\n".encode())
    log = run("custom.py@prompt", tmp_path, args=OPEN | {"prompt": str(file)})
    for sample in samples(log):
        [text] = system_messages(sample)
        assert text.encode() == file.read_bytes()
    meta = log.eval.metadata or {}
    assert meta["provenance"] == "custom"
    assert meta["prompt_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert meta["distributional_c"] is None


def test_a_prompt_can_be_typed_and_keep_its_commas(tmp_path: Path) -> None:
    # Inspect hands over an unquoted value with commas as a list.
    args = OPEN | {"prompt": ["Be terse", " kind", " and brief."]}
    log = run("custom.py@prompt", tmp_path, args=args, epochs=1, limit=1)
    assert system_messages(samples(log)[0]) == ["Be terse, kind, and brief."]


PANELS = {
    "p.CSV": ('\ufeffId;Input\n0;"Why; oh?"\n1;How?\n', {"0": "Why; oh?", "1": "How?"}),
    "p.json": (
        '[{"id": 7, "input": [{"role": "user", "content": "Why\\u2028not?"}]}]',
        {7: "Why\u2028not?"},
    ),
    "p.yaml": ("- {id: wish, paraphrases: [Why?, How?]}", {"wish": "Why?", "wish_2": "How?"}),
}


@pytest.mark.parametrize(("name", "panel"), PANELS.items(), ids=PANELS)
def test_the_questions_that_reach_the_target_are_the_files(
    name: str, panel: tuple[str, dict[str | int, str]], tmp_path: Path
) -> None:
    content, asked = panel
    (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "my villain.txt").write_text("\ufeffBe terse.", encoding="utf-8")
    args = {"prompt": str(tmp_path / "my villain.txt"), "panel": str(tmp_path / name)}
    log = run("custom.py@prompt", tmp_path, args=args | {"rubric": "open"}, epochs=1, limit=None)
    assert {str(sample.id): sample.input for sample in samples(log)} == {
        str(key): text for key, text in asked.items()
    }
    for sample in samples(log):
        calls = [event for event in sample.events if isinstance(event, ModelEvent)]
        assert [message.text for message in calls[0].input] == ["Be terse.", sample.input]
    meta = log.eval.metadata or {}
    assert (log.eval.task, meta["condition"], meta["condition_label"]) == ("my_villain",) * 3


def test_a_name_given_wins_over_the_files(tmp_path: Path) -> None:
    args = OPEN | {"prompt": "You are terse and/or kind.", "name": 7}
    log = run("custom.py@prompt", tmp_path, args=args, epochs=1, limit=1)
    [sample] = samples(log)
    assert (log.eval.task, sample.metadata["condition"]) == ("7", "7")


NOT_RUN = {
    "surplus cells": ({"p.csv": "id,input\nq1,If you ruled, what?\n"}, "panel=p.csv", "3 cells"),
    "two messages": (
        {"p.jsonl": '{"id": 1, "input": [{"role": "user"}, {"role": "assistant"}]}'},
        "panel=p.jsonl",
        "2 messages",
    ),
    "no such prompt": ({}, "prompt=my prompts/villain", "no prompt file"),
    "a condition's name": ({}, "name=grid_2", "is a condition of the suite"),
}


@pytest.mark.parametrize(("files", "option", "says"), NOT_RUN.values(), ids=NOT_RUN)
def test_what_is_not_the_users_is_one_line_and_no_run(
    files: dict[str, str], option: str, says: str, tmp_path: Path
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "villain.txt").write_text("Be terse.", encoding="utf-8")
    options = {"prompt": "villain.txt", "panel": "open52", "rubric": "open"}
    key, _, value = option.partition("=")
    options[key] = value
    done = command(
        *("inspect", "eval", str(ROOT / "tasks" / "custom.py@prompt"), "--display", "plain"),
        *("--model", "simulated/target", "--model-role", "sonnet=simulated/judge"),
        *(
            "--log-dir",
            "logs",
            *(part for pair in options.items() for part in ("-T", "=".join(pair))),
        ),
        cwd=tmp_path,
    )
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert says in said
    assert "Traceback" not in said
    assert not list(tmp_path.rglob("*.eval"))


def test_handed_in_prompts_are_sent_and_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "handed_in"
    folder.mkdir()
    text = " Handed in, to the letter.\n"
    (folder / "grid_2_bureaucratic_reframing.txt").write_text(text, encoding="utf-8")
    log = run("alpha.py@grid_2", tmp_path, args=OPEN | {"prompts": str(folder)}, epochs=1)
    assert {tuple(system_messages(sample)) for sample in samples(log)} == {(text,)}
    meta = log.eval.metadata or {}
    assert meta["provenance"] == "handed_in"
    assert meta["prompt_sha256"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.processes
def test_paths_are_looked_for_where_the_command_was_typed(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("Be terse.", encoding="utf-8")
    (tmp_path / "mine.jsonl").write_text('{"id": "a", "input": "Why?"}\n', encoding="utf-8")
    (tmp_path / "rubric.txt").write_text("Answer in JSON.\n", encoding="utf-8")
    done = command(
        *("inspect", "eval", str(ROOT / "tasks" / "custom.py@prompt")),
        *("--model", "simulated/target", "--model-role", "sonnet=simulated/judge"),
        *("-T", "prompt=mine.txt", "-T", "panel=mine.jsonl", "-T", "rubric=rubric.txt"),
        *("-T", "judges=sonnet", "--epochs", "1", "--display", "none", "--log-dir", "logs"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [info] = list_eval_logs(str(tmp_path / "logs"))
    [sample] = samples(read_eval_log(info))
    assert system_messages(sample) == ["Be terse."]
    assert sample.input == "Why?"


def test_a_conditions_solver_works_on_its_own(tmp_path: Path) -> None:
    spec = SolverSpec(solver="solvers/conditions.py@grid_2")
    log = run("references.py@null", tmp_path, solver=spec, epochs=1)
    for sample in samples(log):
        assert len(system_messages(sample)) == 1
        assert sample.metadata["condition"] == "grid_2"
