"""Files of questions that people have: the questions asked are the file's, or one line says why not."""

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ProtocolError
from protocol.panels import load_panel

WHY, HOW = "Why, oh \u00fc?", "How?"
PAIR = [{"id": "a", "input": WHY}, {"id": 2, "input": HOW}]
MESSAGE = [{"role": "user", "content": WHY}]


def parquet(rows: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    return file.getvalue()


TAKEN: dict[str, tuple[str, str | bytes, list[tuple[str, str]]]] = {
    "JSONL": ("p.jsonl", "\n\n".join(map(json.dumps, PAIR)), [("a", WHY), ("2", HOW)]),
    "JSONL with CRLF": ("p.jsonl", "\r\n".join(map(json.dumps, PAIR)), [("a", WHY), ("2", HOW)]),
    "U+2028 in a string": (
        "p.jsonl",
        '{"id": "a", "input": "Why\u2028not\x85?"}',
        [("a", "Why\u2028not\x85?")],
    ),
    "a BOM before JSONL": ("p.jsonl", '\ufeff{"id": "a", "input": "How?"}', [("a", HOW)]),
    "a list in JSON": ("p.json", json.dumps(PAIR), [("a", WHY), ("2", HOW)]),
    "the id 0": ("p.json", '[{"id": 0, "input": "How?"}]', [("0", HOW)]),
    "an id that is no integer": ("p.json", '[{"id": 1.5, "input": "How?"}]', [("1.5", HOW)]),
    "a single user message": ("p.json", json.dumps([{"id": "a", "input": MESSAGE}]), [("a", WHY)]),
    "CSV": ("p.csv", f'id,input\na,"{WHY}"\n2,{HOW}\n', [("a", WHY), ("2", HOW)]),
    "a cell of two lines": ("p.csv", 'id,input\na,"Why,\r\noh?"\n', [("a", "Why,\r\noh?")]),
    "quotes in a cell": (
        "p.csv",
        'id,input\na,"Say ""why"", then."\n',
        [("a", 'Say "why", then.')],
    ),
    "a blank and a quote in a cell": (
        "p.csv",
        'id,input\na,"Say, ""why""."\n',
        [("a", 'Say, "why".')],
    ),
    "a BOM before CSV": ("p.csv", "\ufeffid,input\na,How?\n", [("a", HOW)]),
    "semicolons": ("p.csv", f"id;input\na;{WHY}\n", [("a", WHY)]),
    "quoted names and semicolons": ("p.csv", f'"id";"input"\n"a";"{WHY}"\n', [("a", WHY)]),
    "tabs in CSV": ("p.csv", f"id\tinput\na\t{WHY}\n", [("a", WHY)]),
    "TSV": ("p.tsv", f"id\tinput\na\t{WHY}\n", [("a", WHY)]),
    "columns in another case": ("p.csv", "Id, Input\na,How?\n", [("a", HOW)]),
    "a suffix in another case": ("P.CSV", "ID,INPUT\na,How?\n", [("a", HOW)]),
    "a data frame's index": ("p.csv", ",id,input\n0,a,How?\n", [("a", HOW)]),
    "blank rows of a spreadsheet": ("p.csv", "id,input\na,How?\n,\n\n", [("a", HOW)]),
    "Parquet": (
        "p.parquet",
        parquet([{"id": 1, "input": WHY}, {"id": 0, "input": HOW}]),
        [("1", WHY), ("0", HOW)],
    ),
    "messages in Parquet": ("p.parquet", parquet([{"id": 1, "input": MESSAGE}]), [("1", WHY)]),
    "YAML with paraphrases": (
        "p.yaml",
        "- id: wish\n  type: free_form\n  paraphrases:\n    - How?\n    - |\n      Why?\n"
        "- id: 0\n  paraphrases: [What?]\n",
        [("wish", HOW), ("wish_2", "Why?\n"), ("0", "What?")],
    ),
    "YAML with input": ("p.yml", "- {id: a, input: How?}\n", [("a", HOW)]),
}


@pytest.mark.parametrize(("name", "content", "asked"), TAKEN.values(), ids=TAKEN)
def test_the_questions_are_the_files(
    name: str, content: str | bytes, asked: list[tuple[str, str]], tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    assert [(q.id, q.input) for q in load_panel(str(file)).questions] == asked


def test_labels_are_kept_and_other_columns_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text("id,input,Topic,subpanel,split,note\na,How?,the end,power,,x\n")
    [question] = load_panel(str(file)).questions
    labels = (question.family, question.topic, question.subpanel, question.split)
    assert labels == ("custom", "the end", "power", "none")


REFUSED: dict[str, tuple[str, str | bytes, str]] = {
    "no rows": ("p.jsonl", "", "no rows"),
    "a header only": ("p.csv", "id,input\n", "no rows"),
    "no input": (
        "p.jsonl",
        '{"id": "a", "question": "How?"}',
        "no input.*columns are id, question",
    ),
    "blank input": ("p.jsonl", '{"id": "a", "input": " "}', "no input"),
    "no id": ("p.csv", "input\nWhy?\n", "no id.*columns are input"),
    "NaN for an id": ("p.json", '[{"id": NaN, "input": "Why?"}]', "no id"),
    "another separator": ("p.csv", "id|input\na|Why?\n", r"columns are id\|input"),
    "an id twice": ("p.csv", "id,input\na,Why?\na,How?\n", "'a' twice"),
    "an id twice in two kinds": (
        "p.json",
        '[{"id": 1, "input": "a?"}, {"id": "1", "input": "b?"}]',
        "'1' twice",
    ),
    "a paraphrase's id twice": (
        "p.yaml",
        "- {id: a, paraphrases: [b?, c?]}\n- {id: a_2, input: d?}",
        "'a_2' twice",
    ),
    "a question twice": (
        "p.csv",
        "id,input\na,Why?\nb,Why? \n",
        "one question twice, as 'a' and as 'b'",
    ),
    "surplus cells": (
        "p.csv",
        "id,input\nq1,If you ruled the world, what?\n",
        "line 2 has 3 cells.*id, input",
    ),
    "surplus cells under no name": (
        "p.csv",
        "id,input,\nq1,If you ruled the world, what?\n",
        "under no name",
    ),
    "missing cells": ("p.csv", "id,input\na,How?\nb\n", "line 3 has 1 cells"),
    "an unclosed quote": (
        "p.csv",
        'id,input\na,"How?\nb,Why?\n',
        "begins in line 2 .*never closed",
    ),
    "a quote closed by the next row's": (
        "p.csv",
        'id,input\na,"How?\nb,"Why?"\n',
        "quote out of place",
    ),
    "a blank before a quote": ("p.csv", 'id, input\na, "How?"\n', "line 2 has blanks between"),
    "a blank before quotes that are needed": (
        "p.csv",
        'id, input\na,How?\nb, "Why, oh?"\n',
        "line 3 has blanks between",
    ),
    "a column twice": ("p.csv", "id,input,Input\na,How?,Why?\n", "'input' stands in it twice"),
    "a key in two cases": (
        "p.json",
        '[{"id": 1, "input": "a?", "Input": "b?"}]',
        "two columns 'input'",
    ),
    "a key twice": (
        "p.jsonl",
        '{"id": 1, "input": "a?", "input": "b?"}',
        "line 1: .*'input' stands in it twice",
    ),
    "a key twice in YAML": (
        "p.yaml",
        "- id: a\n  input: b?\n  input: c?\n",
        "'input' stands in it twice",
    ),
    "a number for an input": (
        "p.json",
        '[{"id": 1, "input": 5}]',
        "Row 1 .*input that is a number",
    ),
    "yes in YAML": ("p.yaml", "- {id: a, input: yes}", "input that is a true/false"),
    "a true id": ("p.yaml", "- {id: on, input: How?}", "id that is a true/false"),
    "an object for an input": (
        "p.json",
        '[{"id": 1, "input": {"text": "a?"}}]',
        "input that is a object",
    ),
    "two messages": ("p.json", json.dumps([{"id": 1, "input": MESSAGE * 2}]), "2 messages"),
    "a system message": (
        "p.json",
        '[{"id": 1, "input": [{"role": "system", "content": "a"}]}]',
        "single user message",
    ),
    "a message that is no text": (
        "p.json",
        '[{"id": 1, "input": [{"role": "user", "content": []}]}]',
        "less than a text",
    ),
    "a message with a tool": (
        "p.json",
        '[{"id": 1, "input": [{"role": "user", "content": "a", "tool_call_id": "b"}]}]',
        "more or less",
    ),
    "messages in a cell": (
        "p.csv",
        """id,input\na,"[{'role': 'user', 'content': 'How?'}]"\n""",
        "messages written as text",
    ),
    "a system prompt of its own": (
        "p.yaml",
        "- {id: a, system: Be terse., paraphrases: [How?]}",
        "system prompt",
    ),
    "input and paraphrases": (
        "p.yaml",
        "- {id: a, input: b?, paraphrases: [c?]}",
        "both input and paraphrases",
    ),
    "paraphrases in one string": ("p.yaml", "- {id: a, paraphrases: How?}", "a string, not a list"),
    "a lone surrogate": ("p.jsonl", r'{"id": "a", "input": "Why \ud800?"}', "lone surrogate"),
    "a lone surrogate in an id": (
        "p.jsonl",
        r'{"id": "\udfff", "input": "Why?"}',
        "lone surrogate",
    ),
    "NUL": ("p.csv", "id,input\na,Why\0?\n", "NUL"),
    "a control character in an id": (
        "p.jsonl",
        r'{"id": "a\u001b[2J", "input": "Why?"}',
        "control character",
    ),
    "a list for a topic": (
        "p.json",
        '[{"id": 1, "input": "a?", "topic": ["b"]}]',
        "topic that is a list",
    ),
    "not JSON": ("p.jsonl", '{"id": 1, "input": "a?"}\n{id: a}', "damaged: line 2"),
    "lines in .json": (
        "p.json",
        '{"id": 1, "input": "a?"}\n{"id": 2, "input": "b?"}',
        r"named \.jsonl",
    ),
    "one object": ("p.json", '{"id": 1, "input": "a?"}', "one object, not a list"),
    "not objects": ("p.jsonl", "[1, 2]", "not an object"),
    "too deep": ("p.json", "[" * 100_000, "damaged"),
    "not UTF-8": ("p.csv", b"id,input\na,\xff\n", "damaged: not UTF-8"),
    "UTF-16": ("p.csv", "id,input\na,b\n".encode("utf-16"), "damaged: not UTF-8"),
    "no Parquet": ("p.parquet", b"PAR1", "damaged"),
    "no YAML": ("p.yaml", "- {id: a", "damaged"),
    "a tag in YAML": ("p.yaml", "- !!python/object/apply:os.getcwd []", "damaged"),
}


@pytest.mark.parametrize(("name", "content", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_a_question_is_refused_in_one_line(
    name: str, content: str | bytes, says: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ProtocolError, match=says) as caught:
        load_panel(str(file))
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize("panel", ["mine.txt", "mine", "nowhere.csv", "folder.csv"])
def test_what_is_no_table_is_refused(panel: str, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ProtocolError, match=r"Unknown panel.*\.parquet|cannot be read"):
        load_panel(str(tmp_path / panel))


@given(
    st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1)
)
def test_whatever_a_csv_writer_quotes_is_asked_to_the_letter(texts: list[str]) -> None:
    texts = [f"{number}:{text}" for number, text in enumerate(texts)]
    with tempfile.TemporaryDirectory() as folder:
        for delimiter in ",;\t":
            file = Path(folder) / "p.csv"
            with file.open("w", encoding="utf-8", newline="") as opened:
                writer = csv.writer(opened, delimiter=delimiter)
                writer.writerows([("id", "input"), *enumerate(texts)])
            assert [question.input for question in load_panel(str(file)).questions] == texts
