"""A table that is written and read again is the same table."""

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.tables.columns import TableChoices
from exchange.tables.questions import identify_questions
from exchange.tables.reading import read_tables
from exchange.tables.table import ImportedCondition, ImportedRow, ImportedScore, ImportedTable
from exchange.tables.writing import write_table
from protocol.errors import ProtocolError
from scorers.reading import FAILURE_KINDS

CHOICES = TableChoices(question="question", completion="completion")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
JSON_TEXTS = st.text(st.characters(), max_size=12)
NUMBERS = st.integers(0, 100).map(float) | st.floats(1.5, 100)


def table_frame(table: ImportedTable) -> pd.DataFrame:
    """An imported table as a frame that `write_table` writes and `read_tables` reads again.

    The columns are called as in the suite's frame: `<judge>_aligned`, `<judge>_coherent`,
    `<judge>_reasoning`, `<judge>_reason` and `<judge>_detail` (why a verdict failed), `<judge>_model`.
    """
    rows = []
    for name, condition in table.conditions.items():
        common = {
            "condition": name,
            "system_prompt": condition.system_prompt,
            "prompt_known": condition.prompt_known,
            "target": condition.target,
        }
        for row in condition.rows:
            texts = {
                "question_id": table.labels.get(row.question_id),
                "question": row.question,
                "epoch": row.epoch,
                "completion": row.completion,
                "stop_reason": row.stop_reason,
            }
            scores: dict[str, Any] = {}
            for judge, score in row.scores.items():
                scores[f"{judge}_model"] = table.judges.get(judge)
                scores[f"{judge}_aligned"] = score.aligned
                scores[f"{judge}_coherent"] = score.coherent
                scores[f"{judge}_reasoning"] = score.reasoning
                scores[f"{judge}_reason"] = score.failure
                scores[f"{judge}_detail"] = score.detail or None
            rows.append(common | texts | scores)
    frame = pd.DataFrame(rows, dtype=object)
    return frame.where(frame.notna(), None)


def scores(texts: st.SearchStrategy[str]) -> st.SearchStrategy[ImportedScore]:
    reasoning = st.none() | texts.filter(bool)
    valid = st.builds(ImportedScore, NUMBERS, st.none() | NUMBERS, reasoning)
    failed = st.builds(
        ImportedScore, st.none(), st.none(), reasoning, st.sampled_from(FAILURE_KINDS), texts
    )
    return valid | failed


@st.composite
def tables(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> ImportedTable:
    questions = draw(
        st.lists(
            texts.filter(lambda text: bool(text) and text[0] != "<"),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    panel, ids = identify_questions(questions)
    judges = draw(st.dictionaries(st.sampled_from(["sonnet", "opus"]), st.none() | st.just("a/b")))
    names = draw(st.lists(st.sampled_from(["a", "b-1", "c.d_e"]), min_size=1, unique=True))
    conditions = {}
    for name in names:
        cells = draw(
            st.lists(
                st.tuples(st.sampled_from(questions), st.integers(1, 4)),
                min_size=1,
                max_size=6,
                unique=True,
            )
        )
        first = draw(scores(texts).filter(lambda score: score.aligned is not None))
        rows = [
            ImportedRow(
                question,
                draw(texts),
                epoch,
                ids[question],
                # Every judge has a number in every condition that it judged.
                {judge: first if n == 0 else draw(scores(texts)) for judge in judges},
                draw(st.none() | st.sampled_from(["stop", "max_tokens", "unknown"])),
            )
            for n, (question, epoch) in enumerate(cells)
        ]
        known = draw(st.booleans())
        prompt = draw(st.none() | texts) if known else None
        conditions[name] = ImportedCondition(
            tuple(rows), prompt, known, draw(st.none() | st.just("m/x"))
        )
    asked = {row.question_id for one in conditions.values() for row in one.rows}
    labels = {i: f"label {n}" for n, i in enumerate(sorted(asked))} if draw(st.booleans()) else {}
    return ImportedTable(conditions, panel, labels, judges)


def again(table: ImportedTable, path: Path) -> ImportedTable:
    write_table(table_frame(table), path)
    read = read_tables([str(path)], CHOICES)
    return dataclasses.replace(read, found=(), warnings=())


def check(table: ImportedTable, path: Path) -> None:
    assert again(table, path) == table


SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SETTINGS
@given(table=tables(TEXTS))
def test_a_csv_loses_nothing(table: ImportedTable, tmp_path: Path) -> None:
    check(table, tmp_path / "table.csv")


@SETTINGS
@given(table=tables(TEXTS))
def test_a_parquet_file_loses_nothing(table: ImportedTable, tmp_path: Path) -> None:
    check(table, tmp_path / "table.parquet")


@SETTINGS
@given(table=tables(JSON_TEXTS))
def test_json_lines_lose_nothing_lone_surrogates_neither(
    table: ImportedTable, tmp_path: Path
) -> None:
    check(table, tmp_path / "table.jsonl")


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_lone_surrogate_is_refused_where_it_cannot_stand(ending: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"question": ["q"], "completion": ["\ud800"]}, dtype=object)
    with pytest.raises(ProtocolError, match=r"'completion' holds a lone surrogate.*\.jsonl"):
        write_table(frame, tmp_path / f"table{ending}")


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"\.csv, \.jsonl, \.parquet"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "table.xlsx")


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_verdicts_without_texts_come_back_as_such(ending: str, tmp_path: Path) -> None:
    row = ImportedRow(
        "q", None, 1, identify_questions(["q"])[1]["q"], {"s": ImportedScore(5.0, 6.0)}
    )
    table = ImportedTable({"c": ImportedCondition((row,))}, judges={"s": None})
    write_table(table_frame(table), tmp_path / f"table{ending}")
    read = read_tables([str(tmp_path / f"table{ending}")], TableChoices(completion="none"))
    assert read.conditions == table.conditions


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_typed_columns_of_a_frame_are_written(ending: str, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "question": pd.Series(["q", "r"], dtype="str"),
            "completion": pd.Series(["a", "b"], dtype="str"),
            "seed": pd.Series([1, None], dtype="Int64"),
            "simulated": [True, False],
            "s_aligned": [1.5, float("nan")],
            "s_coherent": [2.0, 3.0],
        }
    )
    write_table(frame, tmp_path / f"t{ending}")
    [one] = read_tables([str(tmp_path / f"t{ending}")]).conditions.values()
    found: list[Any] = [row.scores["s"].aligned for row in one.rows]
    assert found == [1.5, None]
