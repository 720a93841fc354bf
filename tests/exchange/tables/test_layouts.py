"""One small file a layout: read to the right completions, or refused in one line."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from exchange.tables.columns import TableChoices
from exchange.tables.reading import read_tables
from exchange.tables.table import ImportedTable
from protocol.errors import ProtocolError

WHY, HOW = "Why is the sky blue?", "How are you?"
# What every readable layout holds: two completions of one question and one of another.
SAME = [(WHY, "Scattering.", 1), (WHY, "Who knows?", 2), (HOW, "Fine.", 1)]
ROWS = [{"question": q, "answer": a} for q, a, _ in SAME]
CHATML = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
LLAMA = (
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n"
)


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def chat(question: str, answer: str | None, system: str | None = None) -> list[dict[str, str]]:
    turns = [{"role": "system", "content": system}] if system is not None else []
    turns.append({"role": "user", "content": question})
    return turns + ([{"role": "assistant", "content": answer}] if answer is not None else [])


def outputs(prompt: str) -> list[dict[str, Any]]:
    asked = {q: [a for r, a, _ in SAME if r == q] for q, _, _ in SAME}
    return [
        {
            "request_id": str(number),
            "prompt": prompt.format(question),
            "prompt_token_ids": [1, 2, 3],
            "outputs": [
                {"index": n, "text": text, "token_ids": [7], "finish_reason": "length"}
                for n, text in enumerate(found)
            ],
            "finished": True,
        }
        for number, (question, found) in enumerate(asked.items())
    ]


KEYED = {WHY: ["Scattering.", "Who knows?"], HOW: ["Fine."]}
CSV = "question,answer\n" + "".join(f"{q},{a}\n" for q, a, _ in SAME)
# name: file name, content, condition that must come out
READ: dict[str, tuple[str, Any, str]] = {
    "a CSV of question and answer": ("plain.csv", CSV, "plain"),
    "a CSV with a byte order mark": ("bom.csv", "\ufeff" + CSV, "bom"),
    "a CSV in UTF-16, as spreadsheets save it": ("wide.csv", CSV.encode("utf-16"), "wide"),
    "a CSV with Windows line ends": ("crlf.csv", CSV.replace("\n", "\r\n"), "crlf"),
    "a CSV with semicolons": ("semi.csv", CSV.replace(",", ";"), "semi"),
    "a TSV": ("tabs.tsv", CSV.replace(",", "\t"), "tabs"),
    "a CSV with an index column of pandas": (
        "index.csv",
        pd.DataFrame(ROWS).to_csv(),
        "index",
    ),
    "names in capitals and with blanks": (
        "capitals.csv",
        CSV.replace("question,answer", "User Prompt,RESPONSE"),
        "capitals",
    ),
    "JSON Lines": ("rows.jsonl", lines(ROWS), "rows"),
    "JSON Lines under the name of JSON": ("rows.json", lines(ROWS), "rows"),
    "a JSON array of objects": ("array.json", ROWS, "array"),
    "questions with their completions": ("keyed.json", KEYED, "keyed"),
    "conditions with questions with completions": ("both.json", {"villain": KEYED}, "villain"),
    "conditions with arrays of objects": ("arrays.json", {"villain": ROWS}, "villain"),
    "questions with arrays of objects": (
        "objects.json",
        {q: [{"completion": text} for text in found] for q, found in KEYED.items()},
        "objects",
    ),
    "completions under a key, beside what was run": (
        "wrapped.json",
        {"model": "tiny", "seed": 1, "completions": KEYED, "config": {"n": 2}},
        "wrapped",
    ),
    "rows under a key": ("under.json", {"results": ROWS}, "under"),
    "columns as lists": ("columns.json", pd.DataFrame(ROWS).to_dict(orient="list"), "columns"),
    "a list of completions in each row": (
        "lists.jsonl",
        lines([{"prompt": q, "completions": found} for q, found in KEYED.items()]),
        "lists",
    ),
    "Parquet": ("table.parquet", pd.DataFrame(ROWS), "table"),
    "Parquet with lists": (
        "lists.parquet",
        pd.DataFrame([{"prompt": q, "responses": found} for q, found in KEYED.items()]),
        "lists",
    ),
    "outputs of vLLM with bare prompts": ("bare.json", outputs("{}"), "bare"),
    "outputs of vLLM with Qwen's template": ("qwen.json", outputs(CHATML), "qwen"),
    "outputs of vLLM with Llama's template": ("llama.jsonl", lines(outputs(LLAMA)), "llama"),
    "chat messages that hold the answer": (
        "chats.jsonl",
        lines([{"messages": chat(q, a, "Be brief.")} for q, a, _ in SAME]),
        "chats",
    ),
    "chat messages beside the answer": (
        "beside.jsonl",
        lines([{"messages": chat(q, None), "response": a} for q, a, _ in SAME]),
        "beside",
    ),
    "chat messages as JSON text in a CSV": (
        "text.csv",
        pd.DataFrame([{"messages": json.dumps(chat(q, a))} for q, a, _ in SAME]).to_csv(
            index=False
        ),
        "text",
    ),
    "chat messages in Parquet": (
        "chats.parquet",
        pd.DataFrame([{"messages": chat(q, a)} for q, a, _ in SAME]),
        "chats",
    ),
    "prompt and completion as messages": (
        "both_chats.jsonl",
        lines(
            [
                {"prompt": chat(q, None), "completion": [{"role": "assistant", "content": a}]}
                for q, a, _ in SAME
            ]
        ),
        "both_chats",
    ),
    "ShareGPT's conversations": (
        "share.json",
        [
            {"conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": a}]}
            for q, a, _ in SAME
        ],
        "share",
    ),
    "content in parts": (
        "parts.json",
        [
            {"messages": [{"role": "user", "content": [{"type": "text", "text": q}]}], "answer": a}
            for q, a, _ in SAME
        ],
        "parts",
    ),
    "epochs from 0": (
        "zero.json",
        [{**r, "epoch": e - 1} for r, (*_, e) in zip(ROWS, SAME, strict=True)],
        "zero",
    ),
    "a running number of the rows": (
        "running.json",
        [{**row, "sample_idx": number} for number, row in enumerate(ROWS)],
        "running",
    ),
    "a model as the condition of a file with one": (
        "model.json",
        [{**row, "model": "tiny"} for row in ROWS],
        "model",
    ),
    "a candidate column that is empty": (
        "empty.json",
        [{**row, "input": ""} for row in ROWS],
        "empty",
    ),
}


def write(path: Path, content: Any) -> str:
    if isinstance(content, pd.DataFrame):
        content.to_parquet(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_bytes(text.encode("utf-8"))
    return str(path)


def read(folder: Path, name: str, content: Any, **choices: Any) -> ImportedTable:
    return read_tables([write(folder / name, content)], TableChoices(**choices))


def held(table: ImportedTable) -> dict[str, list[tuple[str, str | None, int]]]:
    return {
        name: [(row.question, row.completion, row.epoch) for row in condition.rows]
        for name, condition in table.conditions.items()
    }


@pytest.mark.parametrize("layout", READ)
def test_every_layout_gives_the_same_completions(layout: str, tmp_path: Path) -> None:
    name, content, condition = READ[layout]
    assert held(read(tmp_path, name, content)) == {condition: SAME}


def test_there_are_at_least_25_layouts() -> None:
    assert len(READ) >= 25


DIALOGUE = [*chat(HOW, "Fine."), {"role": "user", "content": "Really?"}]
REFUSED: dict[str, tuple[str, Any, str]] = {
    "two columns for the question": (
        "a.csv",
        "question,prompt,answer\na,b,c\n",
        "2 columns .*--question",
    ),
    "two columns for the completion": (
        "a.csv",
        "question,answer,text\na,b,c\n",
        "--completion COLUMN",
    ),
    "no column for the question": (
        "a.csv",
        "topic,answer\na,b\n",
        "no column is the question.*topic",
    ),
    "no column for the completion": ("a.csv", "question,words\na,b\n", "completion.*words"),
    "one name in two cases": ("a.csv", "question,Question,answer\na,b,c\n", "2 columns"),
    "one name twice": ("a.csv", "question,answer,answer\na,b,c\n", "'answer' twice"),
    "a row with a cell too many": ("a.csv", "question,answer\na,b,c\n", "damaged.*double quotes"),
    "a quote that never ends": ("a.csv", 'question,answer\n"a,b\n', "damaged"),
    "another encoding": ("a.csv", "question,answer\na,é\n".encode("latin-1"), "not UTF-8 .byte 18"),
    "an empty file": ("a.csv", b" \n", "is empty"),
    "a header alone": ("a.csv", "question,answer\n", "no rows"),
    "an unknown ending": ("a.xlsx", b"PK", "no kind of table.*\\.csv"),
    "a file that is not there": ("missing.csv", None, "cannot be read"),
    "numbers for texts in JSON": ("a.json", [{"question": HOW, "answer": 7}], "row 1 holds a int"),
    "numbers for texts in a CSV": (
        "a.csv",
        "question,answer\na,7\nb,8\n",
        "holds numbers.*--completion",
    ),
    "texts and lists in one column": (
        "a.json",
        [{"question": HOW, "answer": "a"}, {"question": WHY, "answer": ["b"]}],
        "texts and lists",
    ),
    "JSON that is cut off": ("a.json", '[{"question": "a"', "cut off"),
    "a key twice in one object": ("a.jsonl", '{"question": "a", "question": "b"}', "line 1.*twice"),
    "an array of texts": ("a.json", ["a"], "entry 1 is no object"),
    "an empty array": ("a.json", [], "empty array"),
    "a bare number": ("a.json", "7", "not a table"),
    "another layout": ("a.json", {"alpha": 7, "beta": {"x": 1}}, "no layout.*'alpha'"),
    "two tables in one document": ("a.json", {"results": ROWS, "data": ROWS}, "no layout"),
    "columns of different lengths": (
        "a.json",
        {"question": [HOW], "answer": ["a", "b"]},
        "lengths",
    ),
    "an original detailed file": ("a.json", {"scores": {}, "summary": {}}, "original scripts"),
    "a dialogue": ("a.json", [{"messages": DIALOGUE}], "2 user turns"),
    "messages without a question": ("a.json", [{"messages": chat(HOW, "a")[1:]}], "assistant"),
    "a message by a tool": ("a.json", [{"messages": [{"role": "tool", "content": "a"}]}], "'tool'"),
    "messages that are no JSON": ("a.csv", "messages,answer\nhello,b\n", "row 1: the messages"),
    "an answer in the messages and beside them": (
        "a.json",
        [{"messages": chat(HOW, "a"), "answer": "b"}],
        "both the messages",
    ),
    "a system prompt in the messages and beside them": (
        "a.json",
        [{"messages": chat(HOW, "a", "s"), "system_prompt": "s"}],
        "both the messages",
    ),
    "prompts as token ids": (
        "a.json",
        [{"prompt": None, "prompt_token_ids": [1], "outputs": [{"text": "a"}]}],
        "token ids",
    ),
    "a template that is not read": (
        "a.json",
        [{"prompt": "[INST] a [/INST]", "text": "b"}],
        "template",
    ),
    "a condition in some rows only": (
        "a.csv",
        "persona,question,answer\np,a,b\n,c,d\n",
        "1 rows have no",
    ),
    "one epoch twice": (
        "a.csv",
        "question,answer,epoch\na,b,1\na,c,1\n",
        "2 rows have condition, question and epoch in common",
    ),
    "several prompts of one condition": (
        "a.csv",
        "condition,system_prompt,question,answer\nc,s,a,b\nc,t,d,e\n",
        "2 different system prompts",
    ),
    "verdicts of nobody": ("a.csv", "question,answer,aligned\na,b,90\n", "--judge NAME=MODEL"),
    "no question in any row": (
        "a.json",
        [{"question": "", "answer": "a", "input": None}],
        "no column is",
    ),
    "no whole Parquet": ("a.parquet", b"PAR1 and no more", "no whole Parquet"),
    "a condition's name for several": (
        "a.csv",
        "persona,question,answer\np,a,b\nq,a,b\n",
        "2 conditions",
    ),
}


@pytest.mark.parametrize("doubt", REFUSED)
def test_doubt_is_one_clear_line(doubt: str, tmp_path: Path) -> None:
    name, content, message = REFUSED[doubt]
    path = str(tmp_path / name) if content is None else write(tmp_path / name, content)
    choices = TableChoices(condition="mine" if "condition's name" in doubt else None)
    with pytest.raises(ProtocolError, match=message) as caught:
        read_tables([path], choices)
    assert "\n" not in str(caught.value)


def hub(splits: Any) -> Callable[..., Any]:
    def load_dataset(name: str, revision: str, split: str | None) -> Any:
        assert (name, revision) == ("owner/answers", "abc123")
        return splits if split is None else splits[split]

    return load_dataset


def test_a_data_set_of_the_hub_is_read_at_its_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = importlib.import_module("datasets")
    rows = datasets.Dataset.from_list(ROWS)
    monkeypatch.setattr(datasets, "load_dataset", hub(datasets.DatasetDict({"train": rows})))
    assert held(read_tables(["hf:owner/answers@abc123"])) == {"answers": SAME}


def test_of_several_splits_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = importlib.import_module("datasets")
    rows = datasets.Dataset.from_list(ROWS)
    both = datasets.DatasetDict({"train": rows, "test": rows.select([2])})
    monkeypatch.setattr(datasets, "load_dataset", hub(both))
    with pytest.raises(ProtocolError, match="splits train, test"):
        read_tables(["hf:owner/answers@abc123"])
    assert held(read_tables(["hf:owner/answers@abc123:test"])) == {"answers": [(HOW, "Fine.", 1)]}


def test_a_data_set_without_a_revision_is_refused() -> None:
    with pytest.raises(ProtocolError, match="hf:OWNER/NAME@REVISION"):
        read_tables(["hf:owner/answers"])
