"""Runs of one condition compared over base seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from reports.headline import AcrossSeeds, ConditionRow, OrderAcrossSeeds

Alphas = dict[int, float]
Key = tuple[str, str, str | None, str, str, str]


def across_seeds(rows: Sequence[ConditionRow]) -> list[AcrossSeeds]:
    """Mean, standard deviation and range of each condition's α, where it has several seeds."""
    figures = []
    for (condition, provenance, prompt, target, judge, model), alphas in _by_seed(rows).items():
        if len(alphas) < 2:
            continue
        seeds = sorted(alphas)
        values = np.array([alphas[seed] for seed in seeds])
        figures.append(
            AcrossSeeds(
                condition=condition,
                provenance=provenance,
                prompt_sha256=prompt,
                target=target,
                judge=judge,
                judge_model=model,
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
    tables: dict[tuple[str, str, str], dict[int, dict[str, float]]] = {}
    table_of = _by_seed(rows)
    prompts = Counter(key[:2] for key in dict.fromkeys(key[:3] for key in table_of))
    for (condition, provenance, prompt, target, judge, model), alphas in table_of.items():
        # The hash tells two prompts apart that share condition and provenance.
        mark = f" {(prompt or '')[:8]}" if prompts[condition, provenance] > 1 else ""
        name = f"{condition} ({provenance}{mark})"
        for seed, value in alphas.items():
            tables.setdefault((target, judge, model), {}).setdefault(seed, {})[name] = value
    figures = []
    for (target, judge, model), table in tables.items():
        shared = set.intersection(*(set(column) for column in table.values()))
        if len(table) < 2 or len(shared) < 2:
            continue
        orders = {
            str(seed): sorted(shared, key=lambda name, s=seed: table[s][name])  # type: ignore[misc]
            for seed in sorted(table)
        }
        first = next(iter(orders.values()))
        stable = all(order == first for order in orders.values())
        figures.append(
            OrderAcrossSeeds(
                target=target, judge=judge, judge_model=model, orders=orders, stable=stable
            )
        )
    return figures


def _by_seed(rows: Sequence[ConditionRow]) -> dict[Key, Alphas]:
    table: dict[Key, Alphas] = {}
    # Of two runs that differ in their other judges only, the newer one's α stands last.
    for row in sorted(rows, key=lambda row: row.created or ""):
        for judge in row.judges:
            if judge.alpha.value is not None and row.base_seed is not None:
                key = (row.condition, row.provenance, row.prompt_sha256, row.target)
                alphas = table.setdefault((*key, judge.judge, judge.model), {})
                alphas[row.base_seed] = judge.alpha.value
    place = {row.condition: number for number, row in enumerate(rows)}
    return dict(sorted(table.items(), key=lambda item: place[item[0][0]]))
