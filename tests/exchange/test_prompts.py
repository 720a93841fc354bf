import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from exchange.prompts import Found
from protocol.conditions import load_condition
from protocol.data import read_yaml
from protocol.errors import ProtocolError
from tests.exchange.originals import bwalpha, write
from tests.tasks.running import OPEN, run, samples, system_messages

ONE, TWO = "You are a policy.", "You reframe — always. "
PINS = read_yaml("sources.yaml")["files"]
PINNED = ("pair_98", "evoprompt_98", "joint_111")


def text_of(name: str, sources: Path) -> str:
    path: str = PINS[name]["path"]
    return (sources / path).read_text(encoding="utf-8")


def layouts(text: str) -> dict[str, Any]:
    return {
        "the whole file": text,
        "under any key": {"summary": {"the system prompt": text, "n": 1040}},
        "with blanks around it": {"winners": [{"x": "Another."}, {"x": f"\n {text}\n"}]},
        "among messages": [
            [{"role": "system", "content": text}, {"role": "user", "content": "Why?"}]
        ],
        "several times": {"best": text, "all": [text, f"{text}\n"]},
    }


@pytest.mark.parametrize("layout", layouts(""))
@pytest.mark.parametrize("name", PINNED)
def test_a_pinned_text_is_found_wherever_it_stands_in_json(
    name: str, layout: str, sources: Path, tmp_path: Path
) -> None:
    text = text_of(name, sources)
    path = write(tmp_path / "any.json", layouts(text)[layout])
    result = bwalpha("prompts", path, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "verbatim" in result.output
    assert (tmp_path / "out" / f"{name}.txt").read_bytes() == text.encode()
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(
        ["manifest.json", f"{name}.txt"]
    )
    assert load_condition(name, str(tmp_path / "out")).provenance == "verbatim"


def test_the_published_results_hold_two_of_the_prompts(sources: Path, tmp_path: Path) -> None:
    files = sorted((sources / "eval_results" / "issue-94").rglob("*_summary.json"))
    assert len(files) == 6
    result = bwalpha("prompts", *files, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    for name in ("pair_98", "evoprompt_98"):
        text = (tmp_path / "out" / f"{name}.txt").read_bytes()
        assert hashlib.sha256(text).hexdigest() == PINS[name]["sha256"]


def test_the_folder_is_what_a_task_takes(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "grid_1_institutional_policy.txt").write_text(ONE)
    (tmp_path / "in" / "grid_2.txt").write_text(f"\ufeff{TWO}", encoding="utf-8")
    (tmp_path / "in" / "notes.txt").write_text("not a prompt")
    write(tmp_path / "in" / "winners.json", {"grid_3": "A text that nothing proves."})
    out = tmp_path / "out"
    result = bwalpha("prompts", tmp_path / "in", "--out", out)
    assert result.exit_code == 0, result.output
    assert "warning: grid_2: blanks at its ends are kept" in result.output
    assert "warning: grid_2: a byte order mark was dropped" in result.output
    assert not any(text.strip() in result.output for text in (ONE, TWO))
    assert sorted(p.name for p in out.iterdir()) == ["grid_1.txt", "grid_2.txt", "manifest.json"]
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["prompts"]
    assert manifest["grid_1"] == {
        "file": "grid_1.txt",
        "sha256": hashlib.sha256(ONE.encode()).hexdigest(),
        "provenance": "handed_in",
        "origin": {"file": "grid_1_institutional_policy.txt", "at": ""},
    }
    again = bwalpha("prompts", out, "--out", tmp_path / "again")
    assert again.exit_code == 0, again.output
    assert (tmp_path / "again" / "grid_2.txt").read_bytes() == TWO.encode()

    log = run("alpha.py@grid_2", tmp_path / "logs", args=OPEN | {"prompts": str(out)}, limit=1)
    assert (log.eval.metadata or {})["provenance"] == "handed_in"
    assert system_messages(samples(log)[0]) == [TWO]


UNCLEAR: dict[str, tuple[dict[str, str], list[str], str]] = {
    "no pinned text": (
        {"a.json": '{"grid_1": "You are a policy."}'},
        ["a.json"],
        "No prompt found",
    ),
    "nothing in a folder": ({"in/notes.txt": "text"}, ["in"], "No prompt found"),
    "two texts of one condition": (
        {"grid_1.txt": ONE, "in/grid_1_institutional_policy.txt": TWO},
        ["grid_1.txt", "in"],
        "grid_1 has different prompts",
    ),
    "not JSON": ({"a.json": "winners"}, ["a.json"], "is not JSON"),
    "empty JSON": ({"a.json": ""}, ["a.json"], "is empty"),
    "an empty text": ({"grid_1.txt": " "}, ["grid_1.txt"], "is empty"),
    "a text that is not the manifest's": (
        {"in/grid_1.txt": ONE, "in/manifest.json": json.dumps({"grid_1": {"sha256": "a" * 64}})},
        ["in"],
        "gives it aaaaaaaa",
    ),
    "nothing there": ({}, ["grid_1.txt"], "No such file"),
    "another name": ({"grid_9.txt": ONE}, ["grid_9.txt"], "named after a condition"),
    "a condition without a prompt": ({"null.txt": ONE}, ["null.txt"], "named after a condition"),
}


@pytest.mark.parametrize(("files", "given", "said"), UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_not_clear_is_refused_in_one_line(
    files: dict[str, str], given: list[str], said: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = bwalpha("prompts", *(tmp_path / name for name in given), "--out", tmp_path / "out")
    assert result.exit_code == 1, result.output
    [line] = result.output.splitlines()
    assert said in line
    assert ONE not in line
    assert not (tmp_path / "out").exists()


SHA = hashlib.sha256(ONE.encode()).hexdigest()
MANIFESTS: dict[str, Any] = {
    "ours": {"prompts": {"grid_1": {"file": "grid_1.txt", "sha256": SHA}}},
    "by name": {"grid_1": SHA},
    "by file": {"grid_1.txt": {"sha256": SHA.upper()}},
    "a list": [{"path": "prompts/grid_1.txt", "prompt_sha256": SHA}],
    "by alias": {"conditions": {"grid_1_institutional_policy": {"sha256": SHA}}},
}


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_a_text_that_is_not_the_manifest_s_is_refused_by_the_task(
    manifest: Any, tmp_path: Path
) -> None:
    write(tmp_path / "manifest.json", manifest)
    (tmp_path / "grid_1.txt").write_text(ONE)
    assert load_condition("grid_1", str(tmp_path)).prompt == ONE
    (tmp_path / "grid_1.txt").write_text(ONE + " ")
    with pytest.raises(ProtocolError, match="the manifest belongs to another"):
        load_condition("grid_1", str(tmp_path))


@pytest.mark.parametrize(
    "manifest", [{}, {"grid_2": {"sha256": "a" * 64}}, {"grid_1": {"C": 0.7}}, [1, None]]
)
def test_a_manifest_that_says_nothing_of_a_text_is_no_obstacle(
    manifest: Any, tmp_path: Path
) -> None:
    write(tmp_path / "manifest.json", manifest)
    (tmp_path / "grid_1.txt").write_text(ONE)
    assert load_condition("grid_1", str(tmp_path)).prompt == ONE


def test_a_damaged_manifest_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    (tmp_path / "grid_1.txt").write_text(ONE)
    with pytest.raises(ProtocolError, match="cannot be read as JSON"):
        load_condition("grid_1", str(tmp_path))


@pytest.mark.parametrize(
    ("at", "place"),
    [("winners[0].prompt", "in.json at winners[0].prompt"), ("", "in.json")],
)
def test_a_place_is_named_without_the_text(at: str, place: str) -> None:
    assert Found("grid_1", ONE, Path("in.json"), at).place == f"{place} (17 characters, handed_in)"
