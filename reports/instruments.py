"""What a judge's column was measured with, in words where it is not the registered instrument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from estimation.retest import scatter
from protocol.data import read_yaml
from protocol.judges import judge_table
from protocol.records import READING_RULE, Instrument, is_simulated
from reports.judge_figures import AuditFigures, JudgeUse, RetestFigures
from runs.audit import audits
from runs.run import JudgeColumn, Run

BUDGET = 256
# Rule 0 is the source's own reading of its replies.
READ_ALIKE = (0, READING_RULE)
MILLION = 1_000_000


def named_apart(runs: Sequence[Run]) -> list[Run]:
    """Give every instrument of a comparison's runs a column name of its own.

    A run names its columns alone: two runs may call two instruments by one name, which would put them
    into one series. Of such two the registered one keeps the name.
    """
    columns = [column for run in runs for column in run.judges.values()]
    names: dict[str, set[Instrument]] = {}
    models: dict[tuple[str, str], set[Instrument]] = {}
    for column in columns:
        names.setdefault(column.name, set()).add(column.instrument)
        models.setdefault((column.judge, column.model), set()).add(column.instrument)

    real = [c for c in columns if is_registered(c) and not is_simulated(c.instrument.asked)]

    def name(column: JudgeColumn) -> str:
        registered = {c.instrument for c in real if c.name == column.name}
        if len(names[column.name]) == 1 or registered == {column.instrument}:
            return column.name
        alone = len(models[column.judge, column.model]) == 1
        mark = "" if alone else f", {column.instrument.sha256[:6]}"
        return f"{column.judge} ({column.model}{mark})"

    def renamed(found: JudgeColumn) -> JudgeColumn:
        return replace(found, name=name(found))

    return [
        replace(run, judges={c.name: c for c in map(renamed, run.judges.values())}) for run in runs
    ]


def differences(column: JudgeColumn) -> list[str]:
    """How a column's instrument differs from the registered one of its judge; empty where it does not.

    A simulated judge stands in for the registered one: that it is simulated is said elsewhere. The
    rubric is the comparison's and not named here.
    """
    registered = judge_table().registered.get(column.judge)
    used, found = column.instrument, []
    if registered is None:
        found.append(f"{column.judge} is not a registered judge")
    elif used.model != registered and not is_simulated(used.asked):
        found.append(f"{column.judge} is {used.model}, not the registered {registered}")
    if used.answered is not None:
        found.append(f"{used.asked} was asked and {used.answered} answered")
    return [*found, *_settings(used)]


def is_registered(column: JudgeColumn) -> bool:
    """Whether a column is the registered judge's, asked as for the published figures."""
    return not differences(column)


def _settings(used: Instrument) -> list[str]:
    found = []
    if used.max_tokens not in (None, BUDGET):
        found.append(f"reply budget {used.max_tokens}, not {BUDGET}")
    sent = {
        "temperature": used.temperature,
        "top_p": used.top_p,
        "reasoning": used.reasoning,
    }
    found += [f"{name} {value} sent" for name, value in sent.items() if value is not None]
    if used.reading_rule not in READ_ALIKE:
        found.append(f"read by rule {used.reading_rule}")
    if used.reply != "free":
        found.append("replies held to a schema")
    if used.repeats != 1:
        found.append(f"mean of {used.repeats} verdicts")
    if used.other:
        found.append(f"{used.other} set")
    return found


def cost(column: JudgeColumn) -> float | None:
    """Dollars that a column's calls took, batches at their price; None where that is not known."""
    prices = read_yaml("prices.yaml")
    if column.input_tokens is None or column.output_tokens is None:
        return None
    if column.instrument.asked.split("/")[0] in prices["free_providers"]:
        return 0.0
    price = judge_table().profile(column.model).price
    if price is None:
        return None
    rebate = 1 - prices["batch_factor"]
    asked = column.input_tokens - rebate * column.batch_input_tokens
    answered = column.output_tokens - rebate * column.batch_output_tokens
    return float(asked * price.input + answered * price.output) / MILLION


def judge_use(runs: Sequence[Run]) -> list[JudgeUse]:
    """Each judge's sums, audits included, where every one of its columns says what its calls took."""
    found: dict[tuple[str, str], list[JudgeColumn]] = {}
    for run in runs:
        for column in (*run.judges.values(), *run.audits.values()):
            found.setdefault((column.judge, column.model), []).append(column)
    used = []
    for (role, model), columns in found.items():
        asked = [c.input_tokens for c in columns if c.input_tokens is not None]
        answered = [c.output_tokens for c in columns if c.output_tokens is not None]
        costs = [dollars for c in columns if (dollars := cost(c)) is not None]
        if len(asked) == len(answered) == len(columns):
            used.append(
                JudgeUse(
                    role=role,
                    model=model,
                    input_tokens=sum(asked),
                    output_tokens=sum(answered),
                    batch=any(c.batch_output_tokens for c in columns),
                    cost=sum(costs) if len(costs) == len(columns) else None,
                )
            )
    return used


def retest(column: JudgeColumn) -> RetestFigures | None:
    """How much a judge's verdicts on the same completion differ, where it gave several."""
    if column.instrument.repeats == 1:
        return None
    found = scatter(column.repeats)
    return RetestFigures(
        verdicts=column.instrument.repeats,
        completions=found.completions,
        sd=found.retest_sd,
        reliability=found.reliability,
    )


def audited(run: Run, column: JudgeColumn) -> list[AuditFigures]:
    """What judging a column's failures again gave, for each instrument that did."""
    return [
        AuditFigures(
            kinds=found.instrument.audit.split(","),
            instrument_sha256=found.instrument.sha256,
            differs=_settings(found.instrument),
            asked=found.asked,
            recovered=found.recovered,
            alpha=found.alpha,
            alpha_audited=found.alpha_audited,
            shift=found.shift,
            input_tokens=found.column.input_tokens,
            output_tokens=found.column.output_tokens,
            cost=cost(found.column),
        )
        for found in audits(run)
        if found.judge == column.name
    ]
