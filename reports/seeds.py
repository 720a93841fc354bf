"""Runs of one condition compared over base seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reports.headline import AcrossSeeds, ConditionRow, OrderAcrossSeeds

Alphas = dict[int, float]


def across_seeds(rows: Sequence[ConditionRow]) -> list[AcrossSeeds]:
    """Mean, standard deviation and range of each condition's α, where it has several seeds."""
    figures = []
    for (condition, prompt, target, judge), alphas in _by_seed(rows).items():
        if len(alphas) < 2:
            continue
        seeds = sorted(alphas)
        values = np.array([alphas[seed] for seed in seeds])
        figures.append(
            AcrossSeeds(
                condition=condition,
                provenance=prompt,
                target=target,
                judge=judge,
                seeds=seeds,
                alphas=[float(value) for value in values],
                mean=float(values.mean()),
                sd=float(values.std(ddof=1)),
                range=float(np.ptp(values)),
            )
        )
    return figures


def order_across_seeds(rows: Sequence[ConditionRow]) -> list[OrderAcrossSeeds]:
    """Whether the conditions keep their order, over seeds in which the same ones were run."""
    tables: dict[tuple[str, str], dict[int, dict[str, float]]] = {}
    for (condition, prompt, target, judge), alphas in _by_seed(rows).items():
        name = f"{condition} ({prompt})"
        for seed, value in alphas.items():
            tables.setdefault((target, judge), {}).setdefault(seed, {})[name] = value
    figures = []
    for (target, judge), table in tables.items():
        shared = set.intersection(*(set(column) for column in table.values()))
        if len(table) < 2 or len(shared) < 2:
            continue
        orders = {
            str(seed): sorted(shared, key=lambda name, s=seed: table[s][name])  # type: ignore[misc]
            for seed in sorted(table)
        }
        first = next(iter(orders.values()))
        stable = all(order == first for order in orders.values())
        figures.append(OrderAcrossSeeds(target=target, judge=judge, orders=orders, stable=stable))
    return figures


def _by_seed(rows: Sequence[ConditionRow]) -> dict[tuple[str, str, str, str], Alphas]:
    table: dict[tuple[str, str, str, str], Alphas] = {}
    for row in rows:
        for judge in row.judges:
            if judge.alpha.value is not None and row.base_seed is not None:
                key = (row.condition, row.provenance, row.target, judge.judge)
                table.setdefault(key, {})[row.base_seed] = judge.alpha.value
    return table
