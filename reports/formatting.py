"""How numbers and reservations read, wherever the report writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from protocol.judges import judge_table
from reports.headline import ConditionRow, Estimate, JudgeFigures
from reports.published import Rules

SIMULATED = "simulated/"


def number(value: float | None, digits: int = 2) -> str:
    """A number for reading, a dash where it is not defined."""
    return "–" if value is None else f"{value:.{digits}f}"


def c_text(value: float | None) -> str:
    """The distributional score C with the digits that were published."""
    return "–" if value is None else f"{value:.4g}"


def estimate_text(estimate: Estimate | None, digits: int = 2) -> str:
    """A number with its 95 % interval, where it has one."""
    if estimate is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return number(estimate.value, digits)
    low, high = number(estimate.low, 1), number(estimate.high, 1)
    return f"{number(estimate.value, digits)} [{low}, {high}]"


def common_caveats(panel: str, rubric: str) -> list[str]:
    """Where a comparison leaves the registered protocol."""
    found = []
    if panel != "bw52":
        found.append(f"panel {panel}, not the registered bw52")
    if rubric != "eps":
        found.append(f"rubric {rubric}, not the registered eps")
    return found


def caveats(row: ConditionRow, figures: JudgeFigures, rules: Rules) -> list[str]:
    """What stands between one condition's figure and what it seems to say."""
    found = []
    if row.simulated:
        found.append("SIMULATED")
    if row.provenance == "reconstruction":
        found.append("reconstructed prompt")
    if not row.target.startswith(SIMULATED) and not row.target.rstrip("/").lower().endswith(
        rules.target.lower()
    ):
        found.append(f"target {row.target}, not the registered {rules.target}")
    found += _judge(figures)
    if row.completions != rules.completions:
        found.append(f"{row.completions:,} completions, not the registered {rules.completions:,}")
    if figures.invalid:
        low, high = figures.worst_case
        found.append(
            f"INVALID: {figures.failed_share or 0:.1%} of the verdicts failed, over "
            f"{rules.failure_limit:.0%}; α lies between {number(low, 1)} and {number(high, 1)}"
        )
    return [*found, *_gate(row, figures.judge, rules.gate)]


def row_name(row: ConditionRow, rows: Sequence[ConditionRow], seed: bool = True) -> str:
    """A row's name among others: its condition, and whatever tells it apart from one of them."""
    twins = [other for other in rows if other.condition == row.condition]
    parts = [row.condition]
    if len({other.target for other in rows}) > 1:
        parts.append(row.target.rsplit("/", 1)[-1])
    if len({other.prompt_sha256 for other in twins}) > 1:
        parts.append(f"{row.provenance} {(row.prompt_sha256 or '')[:6]}")
    if seed and len({other.base_seed for other in rows}) > 1:
        parts.append(f"seed {row.base_seed}")
    return " · ".join(parts)


def unique(lines: Iterable[str]) -> list[str]:
    """The lines, each once, in order."""
    return list(dict.fromkeys(lines))


def _judge(figures: JudgeFigures) -> list[str]:
    registered = judge_table().registered.get(figures.judge)
    if registered is None:
        return [f"{figures.judge} is not a registered judge"]
    if figures.model == registered or figures.model.startswith(SIMULATED):
        return []
    return [f"{figures.judge} is {figures.model}, not the registered {registered}"]


def _gate(row: ConditionRow, judge: str, gate: float) -> list[str]:
    mine = [gap for gap in row.gaps if judge in (gap.first, gap.second)]
    if not mine:
        return ["one judge only, so the gate cannot be checked"]
    return [
        f"gate |gap| < {gate:g} failed, {gap.first} − {gap.second}: "
        f"{number(gap.published_definition.value)}"
        for gap in mine
        if not gap.gate
    ]
