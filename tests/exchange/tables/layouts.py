"""Small files, one a layout, that all hold the same completions."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from exchange.tables.columns import TableChoices
from exchange.tables.reading import read_tables
from exchange.tables.table import ImportedTable

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
