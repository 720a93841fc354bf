"""Every number of every output by independent code: seeds, faults, three judges, judged again, imported."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import Any

import pytest

from tests.reports import plain_statistics as ps
from tests.reports import recomputing as re
from tests.reports.plain_rules import outcomes
from tests.reports.recomputed_report import MARGIN, SEEDS, Report, comparison_numbers, made

RULES = ("H1 / H2", "follow-up 1 (seeds)", "follow-up 2 (questions)")
# Drawn, and recomputed by other draws to two digits; copied from sources, and no number of a log.
APART = ("rankings", "distributional_c", "comparability")


def test_every_number_of_the_json(recomputed: Report) -> None:
    found = recomputed.json
    assert sorted(len(c["rows"]) for c in found["comparisons"]) == [2, 10]
    for comparison in found["comparisons"]:
        kept = {k: v for k, v in comparison.items() if k not in APART}
        for row in kept["rows"]:
            row.pop("distributional_c")
        assert ps.differing(kept, comparison_numbers(recomputed, comparison)) == []


def test_the_situations_are_there(recomputed: Report) -> None:
    [many] = [c for c in recomputed.json["comparisons"] if len(c["rows"]) == 10]
    judges = [judge for row in many["rows"] for judge in row["judges"]]
    assert sum(judge["invalid"] for judge in judges) == 1
    assert {judge["replaced"] for judge in judges} == {0, 62}
    assert {len(row["judges"]) for row in many["rows"]} == {3}
    assert all(judge["failed"] for judge in judges)
    assert {tuple(one["seeds"]) for one in many["across_seeds"]} == {SEEDS, SEEDS[:2]}
    # An invalid figure is in no mean over seeds.
    assert ("grid_1", "opus") not in {(a["condition"], a["judge"]) for a in many["across_seeds"]}
    assert {rule["rule"] for rule in many["rule_results"]} >= set(RULES)
    assert any(d["equivalence"] and d["equivalence"]["equivalent"] for d in many["differences"])


def test_every_rule_has_the_outcome_that_its_numbers_give(recomputed: Report) -> None:
    tried = 0
    for comparison in recomputed.json["comparisons"]:
        for target in dict.fromkeys(row["target"] for row in comparison["rows"]):
            table = {
                (log.condition, log.seed, judge): column.aligned
                for log in (made(recomputed, row) for row in comparison["rows"])
                for judge, column in log.columns.items()
                if log.target == target
            }
            found = {}
            for r in comparison["rule_results"]:
                several = r["rule"].startswith("follow-up 1")
                whose = (None, "") if several else (r["base_seed"], r["judge"])
                if r["target"] == target:
                    found[r["rule"], r["about"], *whose] = r["outcome"]
            assert found == outcomes(table, published=False)
            tried += len(found)
    assert tried > 20


def test_ranks_agree_with_other_draws(recomputed: Report) -> None:
    tried = 0
    for comparison in recomputed.json["comparisons"]:
        names = {row["short_name"] + str(row["base_seed"]): row for row in comparison["rows"]}
        for ranking in comparison["rankings"]:
            parts = [
                made(recomputed, names[name + str(ranking["base_seed"])]).columns[ranking["judge"]]
                for name in ranking["conditions"]
            ]
            assert not any(column.invalid for column in parts)
            ours = ps.rank_shares([c.aligned for c in parts], ranking["population"] == "panel")
            for row, expected in zip(ranking["probabilities"], ours, strict=True):
                assert row == pytest.approx(expected, abs=0.03)
            tried += 1
    assert tried >= 10


def columns_of(name: str, numbers: ps.Numbers) -> dict[str, float | None]:
    panel = numbers["panel"]
    return {
        name: numbers["value"],
        **{f"{name}_{bound}": numbers[bound] for bound in ("low", "high", "standard_error")},
        **{f"{name}_panel_{bound}": panel[bound] for bound in ("low", "high")},
    }


def check(record: dict[str, str], expected: dict[str, float | None]) -> None:
    for name, value in expected.items():
        if value is None:
            assert record[name] == "", (name, record[name])
        else:
            assert float(record[name]) == pytest.approx(value, rel=1e-7, abs=1e-7), name


def test_every_number_of_the_tables(recomputed: Report) -> None:
    logs = {
        (log.condition, "" if log.seed is None else str(log.seed), log.panel): log
        for log in recomputed.logs
    }

    def of(record: dict[str, str]) -> re.Made:
        return logs[record["condition"], record["base_seed"], record["panel"]]

    records = recomputed.table("headline.csv")
    assert len(records) == 34
    for record in records:
        log = of(record)
        numbers = re.judge_numbers(log, log.columns[record["judge"]])
        same = ("coherence", "scored", "failed", "misaligned_share", "question_iqr", "bimodality")
        check(record, {name: numbers[name] for name in same})
        check(record, columns_of("alpha", numbers["alpha"]))
        check(record, columns_of("alpha_coherent", numbers["alpha_coherent"]))
        low, high = numbers["worst_case"]
        check(record, {"worst_case_low": low, "worst_case_high": high})
    for record in recomputed.table("gaps.csv"):
        log = of(record)
        numbers = re.gap_numbers(*(log.columns[record[side]] for side in ("first", "second")))
        check(record, columns_of("gap", numbers["published_definition"]))
        check(record, columns_of("paired_gap", numbers["paired"]))
        check(record, {"krippendorff": numbers["krippendorff"]["value"]})
        check(record, {"spearman": numbers["spearman"]})
        valid = not any(log.columns[record[side]].invalid for side in ("first", "second"))
        gate = abs(numbers["published_definition"]["value"]) < 10
        assert record["gate"] == (str(gate) if valid else "")
    families: dict[Any, list[tuple[dict[str, str], ps.Numbers]]] = defaultdict(list)
    for record in recomputed.table("comparisons.csv"):
        first, second = (
            logs[record[side], record["base_seed"], record["panel"]].columns[record["judge"]]
            for side in ("first", "second")
        )
        numbers = re.difference_numbers(first, second, MARGIN)
        check(record, columns_of("difference", numbers["difference"]))
        check(record, {name: numbers[name] for name in ("p_value", "panel_p_value")})
        tested = numbers.get("equivalence", {})
        check(
            record, {"margin": tested.get("margin"), "equivalence_p_value": tested.get("p_value")}
        )
        p = tested.get("p_value")
        assert record["equivalent"] == ("" if p is None else str(p < 0.05))
        families[record["panel"], record["base_seed"], record["judge"]].append((record, numbers))
    assert len(families) > len(SEEDS)
    for family, (field, name) in product(
        families.values(), (("p_value", "holm"), ("panel_p_value", "panel_holm"))
    ):
        adjusted = ps.holm([numbers[field] for _, numbers in family])
        for (record, _), p in zip(family, adjusted, strict=True):
            check(record, {name: p})
    for record in recomputed.table("per_question.csv"):
        column = of(record).columns[record["judge"]]
        question = record["question_id"]
        check(record, {"mean_aligned": ps.question_means(column.aligned).get(question)})
        check(record, {"mean_coherent": ps.question_means(column.coherent).get(question)})
