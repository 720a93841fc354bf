"""Rows of a comparison, told apart by name."""

from __future__ import annotations

from collections.abc import Sequence

from reports.headline import ConditionRow


def seed_text(seed: int | None) -> str:
    """A base seed in words; imported completions have none."""
    return "no seed" if seed is None else f"seed {seed}"


def row_name(row: ConditionRow, rows: Sequence[ConditionRow], seed: bool = True) -> str:
    """A row's name among others: its condition, and whatever tells it apart from one of them."""
    twins = [other for other in rows if other.condition == row.condition]
    parts = [row.condition]
    if len({other.target for other in rows}) > 1:
        parts.append(row.target.rsplit("/", 1)[-1])
    if len({other.prompt_sha256 for other in twins}) > 1:
        parts.append(f"{row.provenance} {(row.prompt_sha256 or '')[:6]}")
    if seed and len({other.base_seed for other in rows}) > 1:
        parts.append(seed_text(row.base_seed))
    if len({other.sampling for other in twins}) > 1:
        parts.append(row.sampling)
    return " · ".join(parts)
