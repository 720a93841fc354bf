"""Files that leave a doubt: one clear line each."""

from pathlib import Path
from typing import Any

import pytest

from exchange.tables.columns import TableChoices
from exchange.tables.reading import read_tables
from protocol.errors import ProtocolError
from tests.exchange.tables.layouts import HOW, ROWS, WHY, chat, write

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
