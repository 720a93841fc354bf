"""From the scores on completions to one column per instrument, held value by value."""

from __future__ import annotations

from typing import Any

import numpy as np
from inspect_ai.scorer import Score

from protocol.records import Instrument, VerdictRecord
from runs.columns import JudgedCompletion, is_target_failure, judge_columns, judged_completion

RUBRIC = "e" * 64
DECLARED = {"opus": "anthropic/o", "sonnet": "anthropic/s"}
NONE = float("nan")


def verdict(aligned: float | None, judge: str = "sonnet", **fields: Any) -> VerdictRecord:
    used = {"asked": f"anthropic/{judge[0]}", "rubric_sha256": RUBRIC, "max_tokens": 256}
    ours = ("answered", "max_tokens", "audit", "verdicts")
    named = {name: fields.pop(name) for name in ours if name in fields}
    named["repeats"] = named.pop("verdicts", 1)
    given = {"coherent": None if aligned is None else aligned / 2, "reply": "said", **fields}
    return VerdictRecord(
        judge=judge, instrument=Instrument(**{**used, **named}), aligned=aligned, **given
    )


def score(record: VerdictRecord, value: float | None = None) -> Score:
    shown = record.aligned if value is None else value
    metadata = record.model_dump(mode="json")
    return (
        Score.unscored(metadata=metadata)
        if shown is None
        else Score(value=shown, metadata=metadata)
    )


def completion(*records: VerdictRecord, absent: str = "missing") -> JudgedCompletion:
    scores = {f"score{n}": score(record) for n, record in enumerate(records)}
    return judged_completion(scores, DECLARED, absent)


def test_a_column_holds_verdicts_failures_and_tokens() -> None:
    completions = [
        completion(verdict(90, input_tokens=10, output_tokens=1, batch=True)),
        completion(verdict(None, failure="refusal", input_tokens=20, output_tokens=2, batch=True)),
        completion(verdict(30, input_tokens=40, output_tokens=4)),
        completion(verdict(None, failure=None, input_tokens=80, output_tokens=8)),
        completion(),
        completion(absent="sample_error"),
        completion(verdict(70, answered="anthropic/s-2")),
        completion(verdict(None, failure="target_context_length", reply="", input_tokens=999)),
    ]
    columns = judge_columns(completions, DECLARED, RUBRIC)
    found = columns["sonnet"]
    np.testing.assert_equal(found.aligned, [90, NONE, 30, NONE, NONE, NONE, NONE, NONE])
    np.testing.assert_equal(found.coherent, [45, NONE, 15, NONE, NONE, NONE, NONE, NONE])
    assert found.failures == {
        "missing": 2,
        "other_model": 1,
        "refusal": 1,
        "sample_error": 1,
        "target_context_length": 1,
    }
    assert (found.input_tokens, found.output_tokens) == (150, 15)
    assert (found.batch_input_tokens, found.batch_output_tokens) == (30, 3)
    assert (found.name, found.judge, found.model) == ("sonnet", "sonnet", "anthropic/s")
    assert [is_target_failure(kind) for kind in found.failures] == [False] * 4 + [True]


def test_two_models_of_one_name_are_two_columns_and_the_declared_one_keeps_it() -> None:
    completions = [
        completion(verdict(10, answered="anthropic/s-2"), verdict(20), verdict(30, "opus")),
        completion(verdict(40), verdict(50, max_tokens=1024), verdict(60, "third")),
    ]
    columns = judge_columns(completions, DECLARED, RUBRIC)
    longer = verdict(50, max_tokens=1024).instrument.sha256[:6]
    held = {
        "opus": [30, NONE],  # As declared, whatever stands first; those not declared are last.
        "sonnet (anthropic/s-2)": [10, NONE],
        "sonnet": [20, 40],
        f"sonnet (anthropic/s, {longer})": [NONE, 50],
        "third": [NONE, 60],
    }
    assert list(columns) == list(held)
    for name, aligned in held.items():
        np.testing.assert_equal(columns[name].aligned, aligned)
    assert judge_columns(completions, DECLARED, "another") == {}


def test_the_last_verdict_of_an_instrument_counts_and_an_audit_has_a_column_of_its_own() -> None:
    again = verdict(80, audit="refusal")
    completions = [
        completion(verdict(10), verdict(20), verdict(25)),
        completion(verdict(None, failure="refusal"), again),
    ]
    columns = judge_columns(completions, DECLARED, RUBRIC)
    assert set(columns) == {"sonnet", f"sonnet audit {again.instrument.sha256[:6]}"}
    np.testing.assert_equal(columns["sonnet"].aligned, [25, NONE])
    assert columns["sonnet"].replaced == 2
    [audit] = (column for name, column in columns.items() if "audit" in name)
    np.testing.assert_equal(audit.aligned, [NONE, 80])
    assert audit.replaced == 0


def test_several_verdicts_on_a_completion_are_kept_singly() -> None:
    completions = [
        completion(verdict(15, verdicts=2, repeats=(10.0, 20.0))),
        completion(verdict(40, verdicts=2, repeats=(40.0, None))),
    ]
    columns = judge_columns(completions, DECLARED, RUBRIC)
    assert columns["sonnet"].repeats == ((10.0, 20.0), (40.0, None))
    assert columns["sonnet"].instrument.repeats == 2


def test_an_edited_score_is_no_verdict_and_another_scorers_number_is_passed_over() -> None:
    record = verdict(40)
    edited = judged_completion({"sonnet": score(record, 95)}, DECLARED)
    filled = judged_completion({"sonnet": score(verdict(None, failure="refusal"), 50)}, DECLARED)
    plain = judged_completion({"length": Score(value=12)}, DECLARED)
    by_hand = judged_completion({"sonnet": Score(value=12)}, DECLARED)
    columns = judge_columns([edited, filled, plain, by_hand], DECLARED, RUBRIC)
    np.testing.assert_equal(columns["sonnet"].aligned, [NONE] * 4)
    assert columns["sonnet"].failures == {"edited": 3, "missing": 1}


def test_tokens_are_unknown_where_one_call_does_not_say_them() -> None:
    completions = [
        completion(verdict(90, input_tokens=10, output_tokens=1)),
        completion(verdict(80, input_tokens=10)),
    ]
    columns = judge_columns(completions, DECLARED, RUBRIC)
    assert (columns["sonnet"].input_tokens, columns["sonnet"].output_tokens) == (20, None)
