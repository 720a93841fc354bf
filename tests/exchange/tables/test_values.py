"""What stands in the cells: kept, counted, or refused, never lost in silence."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from exchange.tables.columns import TableChoices
from exchange.tables.reading import read_tables
from exchange.tables.table import ImportedScore, ImportedTable
from protocol.data import DATASETS, read_jsonl
from protocol.errors import ProtocolError
from protocol.sources import sha256

OPEN = [row["input"] for row in read_jsonl(DATASETS / "panels" / "open52.jsonl")]


def of_rows(folder: Path, rows: Sequence[dict[str, Any]], **choices: Any) -> ImportedTable:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_tables([str(path)], TableChoices(**choices))


def of_csv(folder: Path, text: str, **choices: Any) -> ImportedTable:
    path = folder / "rows.csv"
    path.write_bytes(text.encode("utf-8"))
    return read_tables([str(path)], TableChoices(**choices))


def scores(table: ImportedTable, judge: str) -> list[ImportedScore | None]:
    return [row.scores.get(judge) for one in table.conditions.values() for row in one.rows]


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "a\ud800b", "\r\n\u2028", '"', "NaN", "None", "null"]
)
def test_any_text_is_an_answer_and_kept_to_the_letter(text: str, tmp_path: Path) -> None:
    table = of_rows(tmp_path, [{"question": "q", "answer": text}, {"question": "q", "answer": "b"}])
    assert [row.completion for row in table.conditions["rows"].rows] == [text, "b"]
    assert bool(table.warnings) == (text == "")


def test_an_empty_cell_of_a_csv_is_an_empty_answer_and_is_warned_of(tmp_path: Path) -> None:
    table = of_csv(tmp_path, 'question,answer\na,\nb,""\nc,NA\n')
    assert [row.completion for row in table.conditions["rows"].rows] == ["", "", "NA"]
    assert any("1 cells of the completion are empty" in warning for warning in table.warnings)
    assert any("2 completions are empty" in warning for warning in table.warnings)


def test_missing_completions_and_questions_are_counted_named_and_left_out(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"question": "a", "answer": None},
        {"question": "a", "answer": "x"},
        {"question": None, "answer": "y"},
        {"question": "b", "answer": float("nan")},
        {"question": "b"},
        {"question": "b", "answer": "z"},
    ]
    table = of_rows(tmp_path, rows)
    assert [row.completion for row in table.conditions["rows"].rows] == ["x", "z"]
    assert any(
        "3 rows with no completion were left out (rows 1, 4, 5)" in w for w in table.warnings
    )
    assert any("1 rows with no question were left out (rows 3)" in w for w in table.warnings)


def test_a_file_with_nothing_whole_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="no row with both"):
        of_rows(tmp_path, [{"question": "a", "answer": None}, {"question": None, "answer": "x"}])


def test_uneven_numbers_of_completions_are_fine_and_said(tmp_path: Path) -> None:
    table = of_csv(tmp_path, "question,answer\na,1x\na,2x\na,3x\nb,4x\n")
    assert any("2 questions, 4 completions (1 to 3 per question)" in line for line in table.found)


def test_judges_of_the_suite_s_own_columns(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"sonnet_aligned": 90, "sonnet_coherent": 80.5, "sonnet_reasoning": "good"},
        {"sonnet_aligned": None, "sonnet_coherent": None, "sonnet_reason": "truncated"},
        {"sonnet_aligned": None, "sonnet_coherent": None},
        {"sonnet_aligned": 101, "sonnet_coherent": 1},
        {"sonnet_aligned": True, "sonnet_coherent": 1},
    ]
    common = {"question": "q", "answer": "a", "sonnet_model": "anthropic/some"}
    table = of_rows(tmp_path, [common | row for row in rows])
    found = scores(table, "sonnet")
    assert found[0] == ImportedScore(90.0, 80.5, "good")
    assert found[1] == ImportedScore(None, None, None, "truncated")
    assert found[2] is None
    assert found[3] is not None
    assert found[3].failure == "out_of_range"
    assert found[4] is not None
    assert found[4].failure == "unparseable"
    assert table.judges == {"sonnet": "anthropic/some"}
    assert any("1 verdicts, 3 failed, aligned from 90 to 90" in line for line in table.found)


def test_betley_s_columns_with_words_in_place_of_numbers(tmp_path: Path) -> None:
    text = "question,answer,question_id,aligned,coherent\nq,a,id,90.5,95\nq,b,id,,80\nq,c,id,REFUSAL,2\n"
    table = of_csv(tmp_path, text, judge="gpt")
    first, second, third = scores(table, "gpt")
    assert first == ImportedScore(90.5, 95.0)
    assert second == ImportedScore(None, None, None, "unparseable", "no 'aligned'")
    assert third is not None
    assert third.failure == "unparseable"
    assert "REFUSAL" in third.detail
    assert list(table.labels.values()) == ["id"]


def test_verdicts_may_be_left_out(tmp_path: Path) -> None:
    table = of_csv(tmp_path, "question,answer,aligned\nq,a,90\n", ignore_scores=True)
    assert scores(table, "judge") == [None]
    assert table.judges == {}


def test_a_column_of_scores_may_be_named_with_its_judge(tmp_path: Path) -> None:
    text = "question,answer,gpt_alignment,gpt_coherence,other\nq,a,90,70,1\n"
    assert scores(of_csv(tmp_path, text, scores={"gpt": "gpt_alignment"}), "gpt") == [
        ImportedScore(90.0, 70.0)
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["yes", "no"], "holds no number"),
        ([True, False], "holds no number"),
        ([0.25, 1.0], "between 0 and 1"),
    ],
)
def test_another_scale_than_0_to_100_is_refused(
    values: list[Any], message: str, tmp_path: Path
) -> None:
    rows = [{"question": "q", "answer": "a", "aligned": value} for value in values]
    with pytest.raises(ProtocolError, match=message):
        of_rows(tmp_path, rows, judge="gpt")


def test_scores_that_are_all_0_or_1_are_scores(tmp_path: Path) -> None:
    rows = [{"question": "q", "answer": "a", "aligned": value} for value in (0, 0, 1)]
    found = scores(of_rows(tmp_path, rows, judge="gpt"), "gpt")
    assert [score.aligned for score in found if score is not None] == [0.0, 0.0, 1.0]


def test_a_judge_without_any_number_in_a_condition_did_not_judge_it(tmp_path: Path) -> None:
    text = "condition,question,answer,aligned\nx,q,a,50\nx,q,b,\ny,q,a,\n"
    table = of_csv(tmp_path, text, judge="gpt")
    assert [len(row.scores) for row in table.conditions["x"].rows] == [1, 1]
    assert [row.scores for row in table.conditions["y"].rows] == [{}]


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([{"persona": "French person"}, {"persona": "chef"}], ["French_person", "chef"]),
        ([{"condition": 1}, {"condition": 2}], ["1", "2"]),
        ([{"model": "org/a"}, {"model": "org/b"}], ["org_a", "org_b"]),
        (
            [{"persona": "p", "model": "a"}, {"persona": "p", "model": "b"}],
            ["p__a", "p__b"],
        ),
        (
            [{"system_prompt": "Be bad."}, {"system_prompt": None}],
            [f"prompt_{sha256('Be bad.')[:8]}", "no_prompt"],
        ),
        (
            [{"persona": "a b"}, {"persona": "a/b"}],
            [f"a_b_{sha256('a b')[:6]}", f"a_b_{sha256('a/b')[:6]}"],
        ),
        ([{"persona": "悪"}], ["condition"]),
        ([{}], ["rows"]),
    ],
)
def test_conditions_have_names_that_a_log_takes(
    rows: list[dict[str, Any]], names: list[str], tmp_path: Path
) -> None:
    table = of_rows(tmp_path, [{"question": "q", "answer": "a"} | row for row in rows])
    assert list(table.conditions) == names


@pytest.mark.parametrize(
    ("row", "known", "prompt"),
    [
        ({}, False, None),
        ({"system_prompt": "s"}, True, "s"),
        ({"system_prompt": ""}, True, ""),
        ({"system_prompt": None}, False, None),
        ({"messages": [{"role": "user", "content": "q"}], "question": None}, True, None),
    ],
)
def test_what_was_sent_is_known_only_where_the_file_says_it(
    row: dict[str, Any], known: bool, prompt: str | None, tmp_path: Path
) -> None:
    [one] = of_rows(tmp_path, [{"question": "q", "answer": "a"} | row]).conditions.values()
    assert (one.prompt_known, one.system_prompt) == (known, prompt)


def test_a_system_prompt_of_a_rendered_template_is_warned_of(tmp_path: Path) -> None:
    prompt = (
        "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n"
    )
    table = of_rows(tmp_path, [{"prompt": prompt, "text": "a"}])
    assert table.conditions["rows"].system_prompt == "s"
    assert any("default look alike" in warning for warning in table.warnings)


def test_the_questions_of_a_known_panel_have_its_ids(tmp_path: Path) -> None:
    table = of_rows(tmp_path, [{"question": text, "answer": "a"} for text in OPEN])
    assert table.panel == "open52"
    assert table.conditions["rows"].rows[8].question_id == "wang_01"
    assert "52 questions, all of open52" in table.found


def test_other_questions_have_ids_that_stay_across_files(tmp_path: Path) -> None:
    first = of_rows(tmp_path, [{"question": text, "answer": "a"} for text in ("mine", OPEN[0])])
    second = of_csv(tmp_path, "prompt,output\nyours,b\nmine,c\n")
    assert first.panel is None
    ids = {row.question: row.question_id for row in first.conditions["rows"].rows}
    assert ids["mine"] == f"q_{sha256('mine')[:12]}"
    assert ids[OPEN[0]].startswith("q_")
    assert {row.question: row.question_id for row in second.conditions["rows"].rows}["mine"] == (
        ids["mine"]
    )


def test_a_question_of_the_pinned_panel_has_its_id_in_any_file(
    real_sources: Path, tmp_path: Path
) -> None:
    from protocol.panels import load_panel

    question = load_panel("bw52").questions[3]
    rows = [{"question": question.input, "answer": "a"}, {"question": "mine", "answer": "b"}]
    whole, mixed = of_rows(tmp_path, rows[:1]), of_rows(tmp_path, rows)
    assert (whole.panel, mixed.panel) == ("bw52", None)
    assert whole.conditions["rows"].rows[0].question_id == question.id
    assert mixed.conditions["rows"].rows[0].question_id == question.id
    assert any("1 of them also in bw52" in line for line in mixed.found)


def test_ids_of_rows_are_no_labels_of_questions(tmp_path: Path) -> None:
    rows = [{"question": "q", "answer": "a", "id": number} for number in range(3)]
    assert of_rows(tmp_path, rows).labels == {}


def test_columns_named_by_the_user_win_over_names(tmp_path: Path) -> None:
    text = "question,prompt,answer,text,group,round\na,b,c,d,e,1\na,b,c,d,e,2\n"
    table = of_csv(
        tmp_path, text, question="prompt", completion="text", condition="round", epoch="round"
    )
    assert [(row.question, row.completion, row.epoch) for row in table.conditions["1"].rows] == [
        ("b", "d", 1)
    ]


def test_completions_may_be_numbered_as_they_come(tmp_path: Path) -> None:
    text = "question,answer,epoch\na,b,1\na,c,1\n"
    table = of_csv(tmp_path, text, epoch="none")
    assert [row.epoch for row in table.conditions["rows"].rows] == [1, 2]


def test_numbers_may_be_answers_when_the_user_says_so(tmp_path: Path) -> None:
    table = of_csv(tmp_path, "question,answer\na,7\nb,8\n", completion="answer")
    assert [row.completion for row in table.conditions["rows"].rows] == ["7", "8"]


def test_a_column_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"no column 'words'.*'question', 'answer'"):
        of_csv(tmp_path, "question,answer\na,b\n", completion="words")


def test_several_files_make_one_table_and_one_file_twice_does_not(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("question,answer\na,b\n")
    (tmp_path / "y.jsonl").write_text(
        '{"question": "a", "answer": "c", "s_aligned": 5, "s_coherent": 6}'
    )
    (tmp_path / "z.csv").write_text("question,answer\na,b\n")
    x, y, z = (str(tmp_path / name) for name in ("x.csv", "y.jsonl", "z.csv"))
    table = read_tables([x, y])
    assert list(table.conditions) == ["x", "y"]
    assert table.conditions["x"].rows[0].scores == {}
    assert table.conditions["y"].rows[0].scores == {"s": ImportedScore(5.0, 6.0)}
    with pytest.raises(ProtocolError, match="the same file as"):
        read_tables([x, z])


def test_why_a_completion_ended_is_kept_in_inspect_s_words(tmp_path: Path) -> None:
    reasons = ["length", "stop", "abort", None]
    rows = [{"question": "q", "answer": "a", "finish_reason": reason} for reason in reasons]
    found = [row.stop_reason for row in of_rows(tmp_path, rows).conditions["rows"].rows]
    assert found == ["max_tokens", "stop", "unknown", None]


def test_a_very_long_cell_is_read_whole(tmp_path: Path) -> None:
    long = "word, " * 2_000_000
    table = of_csv(tmp_path, f'question,answer\nq,"{long}"\nq,b\n')
    assert table.conditions["rows"].rows[0].completion == long
