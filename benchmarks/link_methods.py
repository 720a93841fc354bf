"""What a link to a retired judge's scale is worth, on the published anchors with SIMULATED successors.

    python -m benchmarks.link_methods errors|coverage|samples|published [--draws 500] [--seed 1]

The old judge's scores are real (BWALPHA_SOURCES holds them), the successors are not: each distorts the
old scores in a known way. ``errors`` compares the methods by their left-out errors; ``coverage``
counts how often the interval of a linked α holds the old judge's; ``samples`` asks how many
completions over how many conditions are worth paying for; ``published`` links the published Opus
figures to the Sonnet ones, which needs no simulation.
"""

from __future__ import annotations

import argparse
import platform
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import scipy

from benchmarks.anchor_arrays import anchor_scores
from benchmarks.simulated_successors import SUCCESSORS, Anchors, Successor, repeated
from linking.errors import leave_out
from linking.methods import METHODS
from linking.published import published_link_errors
from protocol.data import read_yaml

RECOMMENDED = (1152, 36)
DESIGNS = (
    (288, 12),
    (288, 36),
    (288, 139),
    (1152, 12),
    (1152, 36),
    (1152, 72),
    (1152, 139),
    (2304, 36),
    (2304, 139),
)
# α of Sonnet and Opus under soft prefixes and one plain prompt; issues #170 and #215 of the source, with
# max_tokens 256 and another generator than the panel's other figures.
SOFT_PREFIXES = {
    "helpful assistant": (89.10, 95.28),
    "s0": (22.44, 38.79),
    "s1": (22.53, 39.22),
    "s2": (31.49, 50.34),
    "s3": (21.99, 37.01),
    "s4": (27.10, 43.64),
    "s5": (21.36, 37.76),
    "s6": (22.03, 38.89),
}


def errors_table(anchors: Anchors, seed: int) -> None:
    """Left-out errors of every method for every successor, all anchors used."""
    print("| method | " + " | ".join(s.name for s in SUCCESSORS) + " |")
    print("| --- |" + " --- |" * len(SUCCESSORS))
    everything = np.arange(anchors.old.size)
    rng = np.random.default_rng(seed)
    pairs = [
        anchors.pairs(everything, s.score(anchors.old, anchors.shifts(s, rng), rng))
        for s in SUCCESSORS
    ]
    for name, method in METHODS.items():
        errors = [leave_out(method, pair).errors() for pair in pairs]
        cells = [
            f"{e.left_out_condition:.1f} / {e.governing:.1f} / {e.left_out_question or 0:.1f}"
            for e in errors
        ]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def coverage_table(anchors: Anchors, draws: int, seed: int) -> None:
    """Coverage of the interval of a linked α at the recommended number of completions."""
    print("| successor | covers | low / middle / high α | mean width | error | refused | 93–97 % |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    shifting = Successor("question-dependent, sd 3; measured on other questions", question=3.0)
    apart = replace(SUCCESSORS[6], name="finetune-dependent, sd 4; a finetune not linked")
    rows = [*((s, 8, False) for s in SUCCESSORS), (shifting, 4, False), (apart, 8, True)]
    for successor, linked, new_cell in rows:
        found = repeated(anchors, successor, RECOMMENDED, draws, seed, linked, new_cell)
        bands = " / ".join(f"{share:.0%}" for share in found.bands)
        print(
            f"| {successor.name} | {found.coverage:.1%} | {bands} | {found.width:.1f} | {found.rmse:.2f} "
            f"| {found.refused:.1%} | {'yes' if 0.93 <= found.coverage <= 0.97 else 'NO'} |",
            flush=True,
        )


def samples_table(anchors: Anchors, draws: int, seed: int) -> None:
    """Error and width of linked α by the number of completions and of conditions."""
    print(
        "| completions | conditions | " + " | ".join(f"{SUCCESSORS[i].name}" for i in (3, 4)) + " |"
    )
    print("| --- | --- | --- | --- |")
    for design in DESIGNS:
        found = [repeated(anchors, SUCCESSORS[i], design, draws, seed) for i in (3, 4)]
        cells = " | ".join(f"{o.rmse:.1f} (width {o.width:.0f})" for o in found)
        print(f"| {design[0]:,} | {design[1] or 139} | {cells} |", flush=True)


def published_table() -> None:
    """Left-out errors of linking the published Opus α to the published Sonnet α."""
    figures = read_yaml("reference.yaml")["figures"]
    sonnet, opus = (
        {row["condition"]: row["alpha"] for row in figures if row["judge"] == judge}
        for judge in ("sonnet", "opus")
    )
    seven = published_link_errors(sonnet, opus)
    more_sonnet = {name: pair[0] for name, pair in SOFT_PREFIXES.items()}
    more_opus = {name: pair[1] for name, pair in SOFT_PREFIXES.items()}
    all_of_them = published_link_errors(sonnet | more_sonnet, opus | more_opus)
    both = len(sonnet.keys() & opus.keys())
    print(f"| method | {both} conditions | with soft prefixes, {both + len(SOFT_PREFIXES)} |")
    print("| --- | --- | --- |")
    for name, error in seven.items():
        print(f"| {name} | {error:.1f} | {all_of_them[name]:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("table", choices=("errors", "coverage", "samples", "published"))
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {args.table}, {args.draws} draws, seed {args.seed}, "
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}\n"
    )
    if args.table == "published":
        published_table()
        return
    anchors = Anchors(anchor_scores())
    if args.table == "errors":
        errors_table(anchors, args.seed)
    elif args.table == "coverage":
        coverage_table(anchors, args.draws, args.seed)
    else:
        samples_table(anchors, args.draws, args.seed)


if __name__ == "__main__":
    main()
