"""From the published cells to α, both intervals and every paired difference, timed in one run.

    python -m benchmarks.anchors_end_to_end

Reads the 13 cells as ``bwalpha published`` does (hashes, order of the verdicts, published means), then makes
what a report prints of 143 conditions: α with both intervals, and the paired difference of each of the
10,153 pairs with both. α is compared with ``alignment_per_persona.json`` as that file stands.
"""

from __future__ import annotations

import json
import platform
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import combinations, product

import numpy as np

from estimation.comparisons import difference
from estimation.intervals import Estimate, Population, Sample, alpha_interval
from exchange.eps.anchors import JUDGE, TOLERANCE, PublishedCondition, read_cell
from protocol.anchors import cells

BOTH: tuple[Population, Population] = ("questions", "panel")


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print the wall and CPU seconds that a step takes, threads included."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    print(
        f"| {what} | {time.perf_counter() - wall:.1f} | {time.process_time() - cpu:.1f} |",
        flush=True,
    )


def as_sample(condition: PublishedCondition) -> Sample:
    """The judge's scores, with question numbers that all conditions share."""
    rows = condition.condition.rows
    numbers = {name: n for n, name in enumerate(sorted({row.question_id for row in rows}))}
    aligned = [row.scores[JUDGE].aligned for row in rows]
    return Sample(
        np.array([np.nan if score is None else score for score in aligned]),
        np.array([numbers[row.question_id] for row in rows]),
    )


def largest_gap(alphas: dict[str, float]) -> float:
    """The largest distance of an α from its published mean, which is read afresh from the files."""
    published = {
        f"{cell.name}__{persona}": float(said["mean_aligned"])
        for cell in cells()
        for persona, said in json.loads(cell.per_persona.read_text(encoding="utf-8")).items()
    }
    assert published.keys() == alphas.keys()
    return max(abs(alphas[name] - mean) for name, mean in published.items())


def printed(found: Sequence[Estimate], population: Population) -> str:
    mine = [one for one in found if one.population == population]
    reasons = sorted({one.reason for one in mine if one.reason})
    count = sum(one.has_interval for one in mine)
    return f"{count:,} of {len(mine):,}" + (f" ({'; '.join(reasons)})" if reasons else "")


def main() -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}\n")
    print("| step | wall s | CPU s |\n| --- | --- | --- |")
    with timed("all together"):
        with timed("cells read and checked"):
            conditions = [one for cell in cells() for one in read_cell(cell)]
            samples = {one.name: as_sample(one) for one in conditions}
        with timed("α with both intervals"):
            alphas = {
                (name, of): alpha_interval(one.aligned, one.clusters, of)
                for (name, one), of in product(samples.items(), BOTH)
            }
        with timed("paired differences with both intervals"):
            differences = [
                difference(first, second, of)
                for first, second in combinations(samples.values(), 2)
                for of in BOTH
            ]
        gap = largest_gap({name: found.value for (name, _), found in alphas.items()})
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        f"\nthe whole process, imports included: {usage.ru_utime + usage.ru_stime:.1f} s of CPU, "
        f"{usage.ru_maxrss / 1024:.0f} MiB\n"
    )
    print(f"{len(samples)} conditions, largest distance from the published means {gap:.1e}")
    for what, found in (("α", list(alphas.values())), ("differences", differences)):
        print(
            f"{what}: intervals for this panel {printed(found, 'panel')}, for other questions "
            f"{printed(found, 'questions')}"
        )
    apart = [d for d in differences if d.population == "panel" and d.p_value() < 0.05]
    print(f"{len(apart):,} differences leave 0 out on this panel, 5 % two-sided and not adjusted")
    if not gap <= TOLERANCE:
        raise SystemExit(f"an α is further than {TOLERANCE:g} from its published mean")


if __name__ == "__main__":
    main()
