"""What judging a judge's failures again gave, against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from protocol.records import Instrument
from reports.instruments import audited, cost, judge_use
from runs.audit import audits
from runs.deduplicate import _joined
from runs.run import JudgeColumn, Run
from tests.reports.made_runs import REGISTERED, made_run

MISSING = float("nan")


def column(aligned: list[float], **fields: Any) -> JudgeColumn:
    used: dict[str, Any] = {"asked": REGISTERED["sonnet"], "rubric_sha256": "e" * 64}
    used |= {"max_tokens": 256}
    used |= {name: fields.pop(name) for name in ("asked", "max_tokens", "audit") if name in fields}
    named: dict[str, Any] = {
        "name": "sonnet",
        "judge": "sonnet",
        "instrument": Instrument(**used),
        "aligned": np.array(aligned),
        "coherent": np.array(aligned),
        "failures": {},
    }
    return JudgeColumn(**named | fields)


def audited_run(*again: JudgeColumn) -> Run:
    """Six completions, of which three failed: two refusals and a reply that was cut off."""
    first = column([10, 20, 60, MISSING, MISSING, MISSING], failures={"refusal": 2, "cut_off": 1})
    run = made_run("grid_1", {"sonnet": 50.0}, questions=6, completions=1)
    return replace(
        run, judges={"sonnet": first}, audits={f"again {n}": c for n, c in enumerate(again)}
    )


def test_only_the_audited_kinds_count_as_judged_again() -> None:
    verdicts = [MISSING, MISSING, MISSING, 90.0, MISSING, MISSING]
    run = audited_run(column(verdicts, audit="refusal", max_tokens=1024))
    [found] = audits(run)
    assert (found.judge, found.asked, found.recovered) == ("sonnet", 2, 1)
    assert found.instrument.max_tokens == 1024
    assert found.alpha == 30.0
    assert found.alpha_audited == 45.0
    assert found.shift == 15.0


def test_two_kinds_count_together_and_a_verdict_that_was_there_stays() -> None:
    verdicts = [100.0, MISSING, MISSING, 0.0, MISSING, 5.0]
    [found] = audits(audited_run(column(verdicts, audit="refusal,cut_off")))
    assert (found.asked, found.recovered) == (3, 2)
    assert found.alpha_audited == pytest.approx((10 + 20 + 60 + 0 + 5) / 5)
    assert found.shift == pytest.approx(19.0 - 30.0)


def test_what_did_not_fail_or_another_model_judged_is_no_audit() -> None:
    verdicts = [MISSING] * 3 + [90.0] * 3
    others = [column(verdicts, audit="refusal", asked=name) for name in ("openai/other", "a/first")]
    run = audited_run(column(verdicts, audit="unparseable"), *others)
    assert audits(run) == []


def test_without_a_verdict_there_is_no_alpha_and_no_shift() -> None:
    run = audited_run(column([MISSING] * 6, audit="refusal"))
    none = column([MISSING] * 6, failures={"refusal": 6})
    [found] = audits(replace(run, judges={"sonnet": none}))
    assert (found.asked, found.recovered) == (6, 0)
    assert np.isnan([found.alpha, found.alpha_audited, found.shift]).all()


def test_the_report_says_what_it_was_how_it_differs_and_what_it_cost() -> None:
    tokens = {"input_tokens": 2_000_000, "output_tokens": 300_000}
    batch = {"batch_input_tokens": 1_000_000, "batch_output_tokens": 100_000}
    verdicts = [MISSING] * 3 + [90.0, MISSING, 30.0]
    again = column(verdicts, audit="refusal,cut_off", max_tokens=1024, **tokens, **batch)
    run = audited_run(again)
    [found] = audited(run, run.judges["sonnet"])
    assert found.model_dump() == {
        "kinds": ["refusal", "cut_off"],
        "instrument_sha256": again.instrument.sha256,
        "differs": ["reply budget 1024, not 256"],
        "asked": 3,
        "recovered": 2,
        "alpha": 30.0,
        "alpha_audited": 42.0,
        "shift": 12.0,
        # 3 and 15 dollars a million, half of that for what went through a batch.
        "cost": pytest.approx(1.5 * 3 + 0.25 * 15),
        **tokens,
    }
    assert audited(run, replace(run.judges["sonnet"], name="opus")) == []


def test_a_judges_use_adds_its_audits_and_is_unknown_where_one_column_is() -> None:
    again = column([MISSING] * 6, audit="refusal", input_tokens=30, output_tokens=4)
    run = audited_run(again)
    assert judge_use([run]) == []  # The first column does not say what its calls took.

    known = replace(run.judges["sonnet"], input_tokens=1_000_000, output_tokens=100_000)
    [used] = judge_use([replace(run, judges={"sonnet": known})])
    assert (used.input_tokens, used.output_tokens, used.batch) == (1_000_030, 100_004, False)
    assert used.cost == pytest.approx(3 + 1.5 + 30 * 3e-6 + 4 * 15e-6)


@pytest.mark.parametrize(
    ("asked", "dollars"),
    [("vllm/own", 0.0), ("simulated/judge", 0.0), ("openai/unheard-of", None)],
)
def test_own_hardware_costs_nothing_and_an_unknown_price_is_no_price(
    asked: str, dollars: float | None
) -> None:
    assert cost(column([1.0], asked=asked, input_tokens=10, output_tokens=10)) == dollars
    assert cost(column([1.0], input_tokens=10)) is None


def test_joined_parts_of_a_run_add_up_and_an_audit_of_one_part_leaves_the_other_empty() -> None:
    def part(questions: slice, aligned: list[float], tokens: int) -> Run:
        whole = made_run("grid_1", {"sonnet": 50.0}, questions=4, completions=1)
        given = column(
            aligned,
            failures={"refusal": sum(np.isnan(aligned))},
            replaced=1,
            input_tokens=tokens,
            output_tokens=2 * tokens,
            batch_input_tokens=3 * tokens,
            batch_output_tokens=4 * tokens,
            repeats=((1.0, None),) * 2,
        )
        return replace(
            whole,
            locations=(f"logs/{tokens}.eval",),
            questions=whole.questions[questions],
            clusters=np.arange(2),
            epochs=np.ones(2, dtype=np.int64),
            characters=np.array([tokens, tokens], dtype=float),
            judges={"sonnet": given},
            expected=3,
            target_failures={"cut": tokens},
            cut=tokens,
            empty=2 * tokens,
            equal=3 * tokens,
        )

    again = column([MISSING, 70.0], audit="refusal", input_tokens=5, output_tokens=6)
    older = part(slice(0, 2), [10.0, 20.0], 100)
    newer = replace(part(slice(2, 4), [30.0, MISSING], 1), audits={"again": again})
    run = _joined(newer, older)

    assert run.locations == ("logs/1.eval", "logs/100.eval")
    assert [q.id for q in run.questions] == ["q00", "q01", "q02", "q03"]
    assert run.clusters.tolist() == [2, 3, 0, 1]
    assert run.characters.tolist() == [1, 1, 100, 100]
    assert (run.expected, run.target_failures) == (6, {"cut": 101})
    assert (run.cut, run.empty, run.equal) == (101, 202, 303)
    judge, audit = run.judges["sonnet"], run.audits["again"]
    np.testing.assert_equal(judge.aligned, [30.0, MISSING, 10.0, 20.0])
    assert judge.failures == {"refusal": 1}
    assert (judge.replaced, judge.input_tokens, judge.output_tokens) == (2, 101, 202)
    assert (judge.batch_input_tokens, judge.batch_output_tokens) == (303, 404)
    assert judge.repeats == ((1.0, None),) * 4
    np.testing.assert_equal(audit.aligned, [MISSING, 70.0, MISSING, MISSING])
    assert (audit.input_tokens, audit.output_tokens) == (5, 6)
    [found] = audits(run)
    assert (found.asked, found.recovered, found.alpha_audited) == (1, 1, 32.5)
