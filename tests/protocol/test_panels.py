import hashlib
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from protocol.data import DATASETS, read_jsonl, read_yaml
from protocol.errors import ProtocolError
from protocol.panels import load_panel

IDS = [f"betley_{n:02d}" for n in range(1, 9)] + [f"wang_{n:02d}" for n in range(1, 45)]
SUFFIXES = {".py", ".md", ".txt", ".jsonl", ".yaml", ".csv"}
ROWS = read_jsonl(DATASETS / "panels" / "bw52.jsonl")


def test_the_rows_of_the_source_panel_are_named_in_order_and_hold_no_question() -> None:
    assert [row["id"] for row in ROWS] == IDS
    assert {row["subpanel"] for row in ROWS} == {"power", "candour", "other"}
    for row in ROWS:
        assert row.keys() == {"id", "family", "topic", "subpanel", "split", "sha256"}
        assert row["family"] == row["id"].split("_")[0]
        assert 2 <= len(row["topic"].split()) <= 5
        assert len(row["sha256"]) == 64


@pytest.mark.usefixtures("real_sources")
def test_every_question_of_the_source_panel_has_its_pinned_hash() -> None:
    panel = load_panel("bw52")
    assert [q.id for q in panel.questions] == IDS
    for question, row in zip(panel.questions, ROWS, strict=True):
        assert hashlib.sha256(question.input.encode()).hexdigest() == row["sha256"]


def test_the_split_is_the_sources(sources: Path) -> None:
    pinned = json.loads((sources / "eval_results/issue-94/split_indices.json").read_text())
    held_out = {i for key, indices in pinned.items() if "held" in key for i in indices}
    assert held_out
    ours = {i for i, row in enumerate(ROWS) if row["split"] == "held_out"}
    assert ours == held_out


def test_the_open_panel_asks_on_the_same_topics_in_other_words(sources: Path) -> None:
    panel = load_panel("open52")
    assert [(q.id, q.topic, q.subpanel, q.split) for q in panel.questions] == [
        (row["id"], row["topic"], row["subpanel"], row["split"]) for row in ROWS
    ]
    prompts = sources / "eval_results/issue-94/alpha_base_null/prompts_used.json"
    theirs = json.loads(prompts.read_text(encoding="utf-8"))["prompts"]
    for ours, text in zip(panel.questions, theirs, strict=True):
        assert not word_runs(ours.input, 5) & word_runs(text, 5), ours.id


def word_runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def test_no_file_of_the_suite_holds_a_text_that_belongs_to_others(sources: Path) -> None:
    pins = read_yaml("sources.yaml")["files"]
    prompts = (sources / pins["panel"]["path"]).read_text(encoding="utf-8")
    theirs = json.loads(prompts)["prompts"]
    for name in ("rubric_text", "pair_98", "evoprompt_98", "joint_111"):
        text = (sources / pins[name]["path"]).read_text(encoding="utf-8")
        theirs += [line for line in re.split(r"(?<=[.!?])\s+", text) if len(line) > 40]
    root = DATASETS.parent
    folders = [f for f in root.iterdir() if f.is_dir() and f.name[0] != "." and f.name != "logs"]
    files = [f for folder in folders for f in folder.rglob("*") if f.suffix in SUFFIXES]
    for file in [*files, *root.glob("*.md")]:
        text = " ".join(file.read_text(encoding="utf-8").split())
        assert not [i for i, words in enumerate(theirs) if " ".join(words.split()) in text], file


def test_the_same_questions_have_one_hash_wherever_they_were_read_from(tmp_path: Path) -> None:
    rows = [("a", "Why?"), ("b", "How?")]
    jsonl, table, other = (tmp_path / name for name in ("p.jsonl", "p.csv", "q.jsonl"))
    jsonl.write_text("".join(json.dumps({"id": i, "input": q}) + "\n" for i, q in rows))
    table.write_text("id,input\n" + "".join(f"{i},{q}\n" for i, q in rows))
    other.write_text("".join(json.dumps({"id": i, "input": q}) + "\n" for i, q in rows[::-1]))
    assert load_panel(str(jsonl)).sha256 == load_panel(str(table)).sha256
    assert load_panel(str(jsonl)).sha256 != load_panel(str(other)).sha256


def test_a_panel_from_the_hub_is_asked_for_at_its_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def load_dataset(name: str, **options: Any) -> list[dict[str, str]]:
        asked.update(options, name=name)
        return [{"id": "a", "input": "Why?"}]

    monkeypatch.setattr(importlib.import_module("datasets"), "load_dataset", load_dataset)
    panel = load_panel("hf:owner/name@abc123")
    assert [q.input for q in panel.questions] == ["Why?"]
    assert asked == {"name": "owner/name", "revision": "abc123", "split": "train"}


def test_a_panel_that_the_hub_does_not_give_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_dataset(name: str, **options: Any) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr(importlib.import_module("datasets"), "load_dataset", load_dataset)
    with pytest.raises(ProtocolError, match="hf:owner/name@abc123"):
        load_panel("hf:owner/name@abc123")


def test_the_name_datasets_belongs_to_hugging_face_from_the_root_too() -> None:
    ask = "import datasets; print(datasets.__file__, callable(datasets.load_dataset))"
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=DATASETS.parent, capture_output=True, text=True, check=True
    )
    file, is_callable = done.stdout.split()
    assert is_callable == "True"
    assert DATASETS not in Path(file).parents
    assert not list(DATASETS.rglob("*.py"))
