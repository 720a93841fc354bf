"""A report over seeds, faults, three judges, judged again and imported; its numbers by independent code."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from inspect_ai import score
from inspect_ai.log import write_eval_log

from commands.main import main
from reports.build import build_headline
from reports.differences import Asked
from reports.writers import write_headline
from runs.load import load_runs
from tests.reports import plain_statistics as ps
from tests.reports import recomputing as re
from tests.reports.made_logs import judge_named, make_log

JUDGES = ("sonnet", "opus", "gemini")
SEEDS = (42, 137, 256)
# As many as intervals for other questions need, and a few to fail.
QUESTIONS = 31
MARGIN = 20.0
CENTRE = {"null": 75.0, "pair_111": 58.0, "grid_1": 30.0, "grid_2": 3.0}
MADE = [
    (seed, condition)
    for seed, condition in product(SEEDS, CENTRE)
    if seed != 256 or condition in ("pair_111", "grid_2")
]


def verdict_of(condition: str, seed: int, again: float = 0.0) -> Any:
    """Scores over the whole scale, with faults that leave one judge of grid_1 in seed 137 invalid."""

    def verdict(judge: str, question: int, epoch: int) -> tuple[float, float] | str:
        place = JUDGES.index(judge)
        mixed = (7 * question + 11 * epoch + 5 * place + seed + len(condition)) % 23
        broken = 3 if (condition, seed, judge) == ("grid_1", 137, "opus") else 13
        if mixed % broken == 0:
            return ("refusal", "unparseable")[epoch % 2]
        aligned = CENTRE[condition] + 6 * place + 2.5 * (question % 7) + mixed / 3 + again
        return min(aligned, 100.0), min(30 + 3.0 * mixed + place + aligned / 20, 100.0)

    return verdict


@dataclass(frozen=True)
class Report:
    folder: Path
    logs: list[re.Made]

    @property
    def json(self) -> Any:
        return json.loads((self.folder / "headline.json").read_text(encoding="utf-8"))

    def table(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def imported_table(path: Path) -> Path:
    """Two conditions of 31 questions by two judges, one verdict in nine missing."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["question", "answer", "prompt", "sonnet_score", "opus_score"])
        for (place, condition), number, epoch in product(
            enumerate(("grid_2", "null")), range(QUESTIONS), range(3)
        ):
            mixed = (5 * number + 7 * epoch + 3 * place) % 19
            scores = [20 + 40 * place + mixed + number % 13, 30 + 35 * place + 2 * mixed]
            shown = ["" if (mixed + judge) % 9 == 0 else x for judge, x in enumerate(scores)]
            answer = f"answer {epoch} " + "word " * mixed
            rows.writerow([f"What of the {number}th?", answer, condition, *shown])
    return path


def build(folder: Path) -> Report:
    """Logs of a run over seeds with faults, judged again, and an imported table; and their report."""
    for seed, condition in MADE:
        log = make_log(
            folder / "logs",
            condition,
            verdicts=verdict_of(condition, seed),
            judges=JUDGES,
            count=QUESTIONS,
            epochs=2,
            completion="word " * (3 + len(condition)),
            base_seed=seed,
        )
        if (condition, seed) == ("grid_2", 137):
            again = judge_named("sonnet", verdict_of(condition, seed, 1.5), "simulated/sonnet")
            write_eval_log(score(log, again, action="append", display="none"), log.location)
    said = ["--score", "sonnet=sonnet_score", "--score", "opus=opus_score", "--rubric", "open"]
    columns = ["--question", "question", "--completion", "answer", "--condition", "prompt"]
    more = ["--target", "somebody/model"]
    table = imported_table(folder / "answers.csv")
    asked = ["import", str(table), "--out", str(folder / "logs"), *said, *columns, *more]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0, result.output
    loaded = load_runs([str(folder / "logs")])
    write_headline(build_headline(loaded, Asked(margin=MARGIN)), folder / "report")
    return Report(
        folder / "report", [re.read(path) for path in sorted((folder / "logs").glob("*.eval"))]
    )


def made(report: Report, row: Any) -> re.Made:
    [found] = [
        log
        for log in report.logs
        if (log.condition, log.seed, log.target)
        == (row["condition"], row["base_seed"], row["target"])
    ]
    return found


def comparison_numbers(report: Report, found: Any) -> ps.Numbers:
    """What a comparison of headline.json ought to hold."""
    logs = {row["short_name"] + str(row["base_seed"]): made(report, row) for row in found["rows"]}

    def column(name: str, seed: int, judge: str) -> re.Column:
        return logs[name + str(seed)].columns[judge]

    series: dict[Any, dict[int, re.Column]] = defaultdict(dict)
    for log, judge in product(logs.values(), JUDGES):
        if judge in log.columns and not log.columns[judge].invalid:
            series[log.condition, judge][log.seed or 0] = log.columns[judge]
    differences = [
        re.difference_numbers(
            column(d["first"], d["base_seed"], d["judge"]),
            column(d["second"], d["base_seed"], d["judge"]),
            MARGIN,
        )
        for d in found["differences"]
    ]
    families: dict[Any, list[ps.Numbers]] = defaultdict(list)
    for one, numbers in zip(found["differences"], differences, strict=True):
        families[one["judge"], one["base_seed"]].append(numbers)
    for family in families.values():
        for field, name in (("p_value", "holm"), ("panel_p_value", "panel_holm")):
            for numbers, p in zip(family, ps.holm([n[field] for n in family]), strict=True):
                numbers[name] = p
    return {
        "rows": [re.row_numbers(log) for log in logs.values()],
        "across_seeds": [
            re.seeds_numbers(series[one["condition"], one["judge"]])
            for one in found["across_seeds"]
        ],
        "differences": [
            {**numbers, "base_seed": one["base_seed"]}
            for one, numbers in zip(found["differences"], differences, strict=True)
        ],
        "confounds": confounds(found, logs),
        "rule_results": [
            {"base_seed": rule["base_seed"], "numbers": rule_numbers(rule, logs)}
            for rule in found["rule_results"]
        ],
    }


def confounds(found: Any, logs: dict[str, re.Made]) -> list[ps.Numbers]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for one in found["confounds"]:
        groups[one["judge"], one["base_seed"], one["baseline"]].append(one)
    expected = {}
    for (judge, seed, baseline), ones in groups.items():
        chosen = [logs[name + str(seed)] for name in (baseline, *(o["condition"] for o in ones))]
        fits = re.regression([log.columns[judge] for log in chosen], [c.characters for c in chosen])
        for one, fit in zip(ones, fits, strict=True):
            expected[judge, seed, one["condition"]] = {**fit, "base_seed": seed}
    return [expected[o["judge"], o["base_seed"], o["condition"]] for o in found["confounds"]]


def rule_numbers(rule: Any, logs: dict[str, re.Made]) -> ps.Numbers:
    """The numbers that a rule result rests on, by their names."""
    return {name: rule_number(name, rule, logs) for name in rule["numbers"]}


def rule_number(name: str, rule: Any, logs: dict[str, re.Made]) -> ps.Numbers:
    seed = rule["base_seed"]
    if name == "alpha":
        return ps.estimate([logs[f"{rule['about']}{seed}"].columns[rule["judge"]].aligned])
    condition, _, rest = name.partition(" ")
    if not rest:
        return ps.estimate([logs[f"{condition}{seed}"].columns[rule["judge"]].aligned])
    if rest.startswith("seed "):
        _, later, what = rest.split(" ", 2)
        log = logs[condition + later]
        if what in JUDGES:
            return ps.estimate([log.columns[what].aligned])
        return re.gap_change(log, logs[f"{condition}42"])
    means, null = (
        ps.question_means(logs[f"{which}{seed}"].columns[rule["judge"]].aligned)
        for which in (condition, "null")
    )
    return {"value": ps.split(means, null)[rest]}
