"""What is refused before the target generates: one line each."""

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest
from inspect_ai._util.error import PrerequisiteError

from protocol.data import read_yaml
from tests.tasks.running import OPEN, command, run_all

WRONG_VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown panel": ({"panel": "bw53"}, "bw52, open52"),
    "panel file missing": ({"panel": "nowhere.jsonl"}, "nowhere.jsonl"),
    "panel not text": ({"panel": 52}, "panel=52"),
    "hub panel without revision": ({"panel": "hf:owner/name"}, "revision"),
    "hub panel without owner": ({"panel": "hf:name@main"}, "hf:OWNER/NAME@REVISION"),
    "unknown rubric": ({"rubric": "strict"}, "eps, open"),
    "rubric not text": ({"rubric": ["a", "b"]}, "rubric"),
    "prompts folder missing": ({"prompts": "no/such/folder"}, "no/such/folder"),
    "seed not a number": ({"seed": "many"}, "seed=many"),
    "seed a fraction": ({"seed": 4.5}, "seed=4.5"),
    "seed true": ({"seed": True}, "seed=True"),
    "no judges": ({"judges": ""}, "not a judge"),
    "judge twice": ({"judges": "sonnet,sonnet"}, "twice"),
    "judge without a model": ({"judges": "sonnet,opus,third"}, "--model-role third"),
    "judge with half a model": ({"judges": "sonnet,third=gpt"}, "name=provider/model"),
    "judge with an awkward name": ({"judges": "my judge=a/b"}, "not a judge"),
    "a role that is no judge": ({"judges": "sonnet"}, "--model-role opus"),
    "negative retries": ({"judge_retries": -1}, "0 or more"),
    "retries not a number": ({"judge_retries": "two"}, "whole number"),
    "an option that does not exist": ({"panle": "open52"}, "panel, rubric, seed"),
    "batch not a switch": ({"batch": "perhaps"}, "true or false"),
    "unknown provider": ({"judges": "sonnet,opus,third=nobody/model"}, "nobody"),
    "unknown simulated model": (
        {"judges": "sonnet,opus,third=simulated/nobody"},
        "simulated/judge",
    ),
}


def refusal(tasks: str, logs: Path, **options: Any) -> str:
    with pytest.raises(PrerequisiteError) as caught:
        run_all(tasks, logs, **options)
    assert not list(logs.rglob("*.eval")), "a refused run must leave no log"
    return str(caught.value)


@pytest.mark.parametrize(("args", "says"), WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_a_wrong_value_is_refused_and_the_message_says_what_to_give(
    args: dict[str, Any], says: str, tmp_path: Path
) -> None:
    assert says in refusal("alpha.py@grid_2", tmp_path, args=OPEN | args)


def test_two_different_seeds_are_refused(tmp_path: Path) -> None:
    message = refusal("alpha.py@grid_2", tmp_path, args=OPEN | {"seed": 1}, seed=2)
    assert "seed=1" in message
    assert "--seed 2" in message


def test_a_missing_key_is_refused_before_the_target_generates(tmp_path: Path) -> None:
    assert "ANTHROPIC_API_KEY" in refusal("alpha.py@grid_2", tmp_path, roles={})
    opus = {"opus": "simulated/judge"}
    assert "ANTHROPIC_API_KEY" in refusal("alpha.py@grid_2", tmp_path, roles=opus)


def test_a_missing_target_is_refused(tmp_path: Path) -> None:
    assert "--model" in refusal("alpha.py@grid_2", tmp_path, model="none/none")


@pytest.mark.parametrize(
    "model", ["mockllm/Qwen2.5-7B-Instruct", "mockllm/Qwen/Qwen2.5-7B-Instruct"]
)
def test_the_finetunes_condition_refuses_the_plain_base_model(model: str, tmp_path: Path) -> None:
    message = refusal("references.py@c6_em", tmp_path, model=model)
    assert "finetune" in message
    assert model in message


def unreadable_prompts(folder: Path) -> dict[str, tuple[Path, str]]:
    (folder / "empty.txt").touch()
    (folder / "blank.txt").write_text(" \n\t\n", encoding="utf-8")
    (folder / "latin.txt").write_bytes("Sei höflich.".encode("latin-1"))
    (folder / "utf16.txt").write_bytes("Be polite.".encode("utf-16"))
    return {
        "empty.txt": (folder / "empty.txt", "empty"),
        "blank.txt": (folder / "blank.txt", "empty"),
        "latin.txt": (folder / "latin.txt", "not UTF-8"),
        "utf16.txt": (folder / "utf16.txt", "not UTF-8"),
        "missing.txt": (folder / "missing.txt", "no prompt file"),
    }


@pytest.mark.parametrize(
    "name", ["empty.txt", "blank.txt", "latin.txt", "utf16.txt", "missing.txt"]
)
def test_an_unreadable_prompt_file_is_refused(name: str, tmp_path: Path) -> None:
    path, says = unreadable_prompts(tmp_path)[name]
    message = refusal("custom.py", tmp_path, args=OPEN | {"prompt": str(path)})
    assert says in message
    assert name in message


@pytest.mark.parametrize("prompt", [None, "", "  \n ", 7, True])
def test_a_prompt_that_is_no_text_is_refused(prompt: object, tmp_path: Path) -> None:
    assert "prompt" in refusal("custom.py", tmp_path, args=OPEN | {"prompt": prompt})


def test_a_changed_byte_in_the_pinned_panel_stops_the_run(
    sources_copy: Path, tmp_path: Path
) -> None:
    panel = sources_copy / "eval_results/issue-94/alpha_base_null/prompts_used.json"
    panel.write_bytes(panel.read_bytes() + b" ")
    message = refusal("alpha.py@grid_2", tmp_path, args={})
    assert "expected" in message
    assert "found" in message


def test_a_changed_byte_in_a_fetched_prompt_stops_the_run(
    sources_copy: Path, tmp_path: Path
) -> None:
    pins = read_yaml("sources.yaml")["files"]
    prompt = sources_copy / pins["pair_98"]["path"]
    prompt.write_bytes(prompt.read_bytes()[:-1])
    message = refusal("references.py@pair_98", tmp_path, args=OPEN)
    assert f"expected {pins['pair_98']['sha256']}" in message


def test_a_prompts_folder_with_none_of_the_names_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "grid-2.txt").write_text("text", encoding="utf-8")
    message = refusal("alpha.py@grid_2", tmp_path, args=OPEN | {"prompts": str(tmp_path)})
    assert "none of the names" in message


def test_the_command_refuses_a_changed_byte(sources_copy: Path, tmp_path: Path) -> None:
    rubric = sources_copy / "judge_system_prompt.txt"
    rubric.write_bytes(rubric.read_bytes() + b"\n")
    logs = tmp_path / "logs"
    done = typed("alpha.py", "--model", "simulated/target", "-T", "panel=open52", logs=logs)
    found = hashlib.sha256(rubric.read_bytes()).hexdigest()
    ends_with_one_clear_line(done, logs, f"found {found}")


COMMANDS: dict[str, tuple[list[str], str]] = {
    "no target": (["alpha.py"], "--model"),
    "no key": (["alpha.py@grid_2", "--model", "simulated/target"], "ANTHROPIC_API_KEY"),
    "no prompt file": (
        ["custom.py", "--model", "simulated/target", "-T", "prompt=nowhere.txt"],
        "nowhere.txt",
    ),
    "wrong value": (
        ["alpha.py@grid_2", "--model", "simulated/target", "-T", "seed=many"],
        "seed=many",
    ),
}


def typed(task: str, *arguments: str, logs: Path) -> subprocess.CompletedProcess[str]:
    ends = ("--log-dir", str(logs), "--display", "plain")
    return command("inspect", "eval", f"tasks/{task}", *arguments, *ends)


def ends_with_one_clear_line(done: subprocess.CompletedProcess[str], logs: Path, says: str) -> None:
    # The console folds long lines wherever it likes.
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "".join(says.split()) in "".join(said.split())
    assert "Traceback" not in said
    assert not list(logs.rglob("*.eval"))


@pytest.mark.processes
@pytest.mark.parametrize(("arguments", "says"), COMMANDS.values(), ids=COMMANDS)
def test_the_command_ends_with_one_clear_line(
    arguments: list[str], says: str, tmp_path: Path
) -> None:
    done = typed(*arguments, "-T", "panel=open52", "-T", "rubric=open", logs=tmp_path)
    ends_with_one_clear_line(done, tmp_path, says)
