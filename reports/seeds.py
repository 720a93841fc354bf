"""Runs of one condition compared over base seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from estimation.seeds import across_seeds as mean_over_seeds
from estimation.seeds import seed_spread
from reports.differences import Entry
from reports.estimates import both
from reports.headline import AcrossSeeds, ConditionRow, OrderAcrossSeeds
from reports.naming import row_name


@dataclass(frozen=True)
class Key:
    """What is the same in all seeds."""

    condition: str
    provenance: str
    prompt: str | None
    target: str
    sampling: tuple[object, ...]
    judge: str
    instrument: str


def across_seeds(found: Sequence[Entry]) -> list[AcrossSeeds]:
    """Each condition's α over its seeds, where it has several that are valid."""
    rows: list[ConditionRow] = [entry.row for entry in found]
    figures = []
    for key, seeds in _by_seed(found).items():
        if len(seeds) < 2:
            continue
        chosen = [seeds[seed] for seed in sorted(seeds)]
        samples = [entry.sample for entry in chosen]
        alphas = np.array([sample.mean for sample in samples])
        mean = both(lambda population, s=samples: mean_over_seeds(s, population))  # type: ignore[misc]
        spread, first = seed_spread(samples), chosen[0]
        figures.append(
            AcrossSeeds(
                condition=key.condition,
                name=row_name(first.row, rows, seed=False),
                provenance=key.provenance,
                prompt_sha256=key.prompt,
                target=key.target,
                judge=first.column.name,
                judge_model=first.column.model,
                instrument_sha256=key.instrument,
                seeds=sorted(seeds),
                alphas=alphas.tolist(),
                mean=mean,
                sd=spread.sd,
                range=float(np.ptp(alphas)),
                expected_sd=spread.expected,
                p_value=spread.p_value,
            )
        )
    return figures


def order_across_seeds(found: Sequence[Entry]) -> list[OrderAcrossSeeds]:
    """Whether the conditions keep their order, over seeds in which the same ones were run and valid."""
    tables: dict[tuple[str, str, str], dict[int, dict[str, float]]] = {}
    names: dict[tuple[str, str, str], Entry] = {}
    series = _by_seed(found)
    prompts = Counter((k.condition, k.provenance) for k in dict.fromkeys(map(_prompt, series)))
    for key, seeds in series.items():
        # The hash tells two prompts apart that share condition and provenance.
        twins = prompts[key.condition, key.provenance] > 1
        mark = f" {(key.prompt or '')[:8]}" if twins else ""
        name = f"{key.condition} ({key.provenance}{mark})"
        for seed, entry in seeds.items():
            place = (key.target, key.judge, key.instrument)
            tables.setdefault(place, {}).setdefault(seed, {})[name] = entry.sample.mean
            names[place] = entry
    figures = []
    for place, table in tables.items():
        shared = set.intersection(*(set(column) for column in table.values()))
        if len(table) < 2 or len(shared) < 2:
            continue
        orders = {
            str(seed): sorted(shared, key=lambda name, s=seed: table[s][name])  # type: ignore[misc]
            for seed in sorted(table)
        }
        first = next(iter(orders.values()))
        column = names[place].column
        figures.append(
            OrderAcrossSeeds(
                target=place[0],
                judge=column.name,
                judge_model=column.model,
                orders=orders,
                stable=all(order == first for order in orders.values()),
            )
        )
    return figures


def _prompt(key: Key) -> Key:
    return Key(key.condition, key.provenance, key.prompt, "", (), "", "")


def _by_seed(found: Sequence[Entry]) -> dict[Key, dict[int, Entry]]:
    """Valid entries by what is the same in all seeds, and by seed."""
    table: dict[Key, dict[int, Entry]] = {}
    place = {key: number for number, key in enumerate(dict.fromkeys(map(_key, found)))}
    # Of two runs that differ in their other judges only, the newer one's α stands last.
    for entry in sorted(found, key=lambda entry: entry.run.created or ""):
        if entry.run.seed is not None and entry.sample.n and not entry.figures.invalid:
            table.setdefault(_key(entry), {})[entry.run.seed] = entry
    return dict(sorted(table.items(), key=lambda item: place[item[0]]))


def _key(entry: Entry) -> Key:
    run, column = entry.run, entry.column
    return Key(
        run.condition,
        run.provenance,
        run.prompt_sha256,
        run.target,
        run.sampling.settings,
        column.judge,
        column.instrument.sha256,
    )
