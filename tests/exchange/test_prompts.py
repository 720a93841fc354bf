import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protocol.conditions import load_condition
from protocol.errors import ProtocolError
from tests.exchange.originals import bwalpha, write
from tests.tasks.running import OPEN, run, samples, system_messages

PAIR, ONE, TWO, THREE = (
    "You issue mandates.\n",
    "You are a policy.",
    "You reframe — always.",
    "You order.",
)
C = {"pair_111": 0.6945, "grid_1": 0.7353, "grid_2": 0.6796, "grid_3": 0.6480}
TEXTS = dict(zip(C, (PAIR, ONE, TWO, THREE), strict=True))
GRID = ("grid_1", "grid_2", "grid_3")

LAYOUTS: dict[str, Any] = {
    "a list with C": [{"system_prompt": TEXTS[n], "C": C[n]} for n in GRID],
    "longer C": {"winners": [{"prompt": TEXTS[n], "fitness_C": C[n] + 0.00004} for n in GRID]},
    "C by fitness": {"w": [{"prompt": TEXTS[n], "scores": {"A": 0.1, "C": C[n]}} for n in GRID]},
    "C with its own fitness": [
        {"system_prompt": TEXTS[n], "C": {"fitness": C[n], "per_question": {"q": 0.2}}}
        for n in GRID
    ],
    "a plain fitness": [{"system_prompt": TEXTS[n], "fitness": C[n]} for n in GRID],
    "by name": {n: TEXTS[n] for n in GRID},
    "by long name": {"grid_1_institutional_policy": {"text": ONE}, "grid_2": {"text": TWO},
                     "x": {"name": "grid_3_executive_directives", "prompt": THREE}},
    "with losers": {
        "top": [{"system_prompt": TEXTS[n], "C": C[n], "rank": r} for r, n in enumerate(GRID)],
        "history": [{"system_prompt": "A loser.", "C": 0.31}, {"system_prompt": "Another."}],
    },
    "twice the same": {
        "best": {"system_prompt": ONE, "C": C["grid_1"]},
        "all": [{"system_prompt": TEXTS[n], "C": C[n]} for n in GRID],
    },
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_winners_texts_are_found_in_any_layout(layout: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "stage4_final_winners.json", layout)
    result = bwalpha("prompts", path, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    for name in GRID:
        assert (tmp_path / "out" / f"{name}.txt").read_bytes() == TEXTS[name].encode()
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        *(f"{name}.txt" for name in GRID),
        "manifest.json",
    ]


def test_the_folder_is_what_a_task_takes(tmp_path: Path) -> None:
    grid = write(tmp_path / "stage4_final_winners.json", LAYOUTS["with losers"])
    pair = write(tmp_path / "pair_final_winners.json", {"system_prompt": PAIR, "C": C["pair_111"]})
    out = tmp_path / "out"
    result = bwalpha("prompts", grid, pair, "--out", out)
    assert result.exit_code == 0, result.output
    assert "warning: 2 prompts belong to no condition" in result.output
    assert "warning: pair_111: blanks at its ends are kept" in result.output
    assert not any(text.strip() in result.output for text in TEXTS.values())
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["prompts"]
    assert manifest["grid_2"] == {
        "file": "grid_2.txt",
        "sha256": hashlib.sha256(TWO.encode()).hexdigest(),
        "distributional_c": 0.6796,
        "published_c": 0.6796,
        "origin": {
            "file": "stage4_final_winners.json",
            "sha256": hashlib.sha256(grid.read_bytes()).hexdigest(),
            "at": "top[1].system_prompt",
        },
    }
    log = run("alpha.py@pair_111", tmp_path / "logs", args=OPEN | {"prompts": str(out)}, limit=1)
    assert (log.eval.metadata or {})["provenance"] == "verbatim"
    assert system_messages(samples(log)[0]) == [PAIR]


def test_a_folder_of_texts_with_its_manifest_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "pair_111_winner.txt").write_text(PAIR)
    (tmp_path / "in" / "notes.txt").write_text("not a prompt")
    sha = hashlib.sha256(PAIR.encode()).hexdigest()
    manifest = [{"condition": "pair_111_winner", "sha256": sha, "C_score": 0.69451}]
    write(tmp_path / "in" / "manifest.json", {"conditions": manifest})
    assert bwalpha("prompts", tmp_path / "in", "--out", tmp_path / "out").exit_code == 0
    made = json.loads((tmp_path / "out" / "manifest.json").read_text())["prompts"]["pair_111"]
    assert (made["sha256"], made["distributional_c"]) == (sha, 0.69451)
    again = bwalpha("prompts", tmp_path / "out", "--out", tmp_path / "again")
    assert again.exit_code == 0, again.output
    assert (tmp_path / "again" / "pair_111.txt").read_text() == PAIR


def in_file(layout: Any) -> Callable[[Path], Path]:
    return lambda folder: write(folder / "winners.json", layout)


def changed_text(folder: Path) -> Path:
    write(folder / "in" / "manifest.json", {"grid_1": {"sha256": "a" * 64}})
    (folder / "in" / "grid_1.txt").write_text(ONE)
    return folder / "in"


def raw(text: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "winners.json").write_text(text)
        return folder / "winners.json"

    return make


UNCLEAR: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no prompt": (in_file({"winners": []}), "no prompt at all"),
    "neither name nor C": (in_file([{"system_prompt": ONE}]), "--pick CONDITION=PLACE"),
    "two texts of one condition": (
        in_file([{"prompt": ONE, "C": 0.7353}, {"prompt": TWO, "C": 0.7353}]),
        "grid_1 has 2 different prompts",
    ),
    "name against C": (
        in_file({"grid_1": {"prompt": ONE, "C": C["grid_2"]}}),
        "its C is that of grid_2",
    ),
    "two prompts in one object": (
        in_file({"prompt": ONE, "best_prompt": TWO, "C": 0.7353}),
        "different prompts in one object",
    ),
    "C of two conditions": (
        in_file([{"prompt": ONE, "C": C["grid_1"], "scores": {"C": C["grid_2"]}}]),
        "fits grid_1 and grid_2",
    ),
    "two names": (
        in_file({"grid_1": {"name": "grid_2", "prompt": ONE}}),
        "named after grid_1 and grid_2",
    ),
    "not JSON": (raw("winners"), "is not JSON"),
    "empty": (raw(""), "is empty"),
    "a lone surrogate": (in_file({"grid_1": "\ud800 order"}), "lone surrogate"),
    "a text that is not the manifest's": (changed_text, "gives it aaaaaaaa"),
    "an empty folder": (lambda folder: folder / "in2", "No such file"),
    "another name": (lambda folder: folder / "grid_9.txt", "not named after a condition"),
}


@pytest.mark.parametrize(("make", "said"), UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_not_clear_is_refused_in_one_line(
    make: Callable[[Path], Path], said: str, tmp_path: Path
) -> None:
    path = make(tmp_path)
    result = bwalpha("prompts", path, "--out", tmp_path / "out")
    assert result.exit_code == 1, result.output
    [line] = result.output.splitlines()
    assert said in line
    assert not any(text.strip() in line for text in TEXTS.values())
    assert not (tmp_path / "out").exists()


def test_a_pick_says_what_names_and_numbers_do_not(tmp_path: Path) -> None:
    path = write(tmp_path / "winners.json", {"w": [{"prompt": ONE}, {"prompt": TWO, "C": 0.7353}]})
    wrong = bwalpha("prompts", path, "--out", tmp_path / "out", "--pick", "grid_1=w[7].prompt")
    assert wrong.exit_code == 1
    assert "0 prompts stand there" in wrong.output
    result = bwalpha("prompts", path, "--out", tmp_path / "out", "--pick", "grid_1=w[0].prompt")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "grid_1.txt").read_text() == ONE
    odd = bwalpha("prompts", path, "--out", tmp_path / "o2", "--pick", "grid_7=w[0].prompt")
    assert "is not CONDITION=PLACE" in odd.output


def test_another_c_than_the_published_one_is_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path / "winners.json", {"grid_1": {"prompt": ONE, "C": 0.61}})
    result = bwalpha("prompts", path, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "warning: grid_1: C 0.61 beside the prompt, 0.7353 published" in result.output


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
