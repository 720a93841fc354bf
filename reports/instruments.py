"""What a judge's column was measured with, in words where it is not the registered instrument."""

from __future__ import annotations

from protocol.data import read_yaml
from protocol.judges import judge_table
from protocol.records import READING_RULE, Instrument, is_simulated
from runs.run import JudgeColumn

BUDGET = 256
# Rule 0 is the source's own reading of its replies.
READ_ALIKE = (0, READING_RULE)
MILLION = 1_000_000


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
    return found


def cost(column: JudgeColumn) -> float | None:
    """Dollars that a column's calls took at the realtime price list, None where that is not known."""
    prices = read_yaml("prices.yaml")
    if column.input_tokens is None or column.output_tokens is None:
        return None
    if column.instrument.asked.split("/")[0] in prices["free_providers"]:
        return 0.0
    price = judge_table().profile(column.model).price
    if price is None:
        return None
    spent = column.input_tokens * price.input + column.output_tokens * price.output
    return float(spent) / MILLION
