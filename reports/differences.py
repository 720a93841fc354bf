"""Conditions against one another: paired differences, ranks, and what coherence and length explain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from estimation.comparisons import difference, equivalence, holm, rank_probabilities
from estimation.confounds import adjusted_differences
from estimation.intervals import Population, Sample
from estimation.means import NAN
from estimation.rules import WINNERS
from protocol.errors import ProtocolError
from reports import headline as hl
from reports.estimates import both, clusters, question_numbers, sample, single
from reports.judge_figures import JudgeFigures
from runs.run import JudgeColumn, Run

NULL, EM = "null", "c6_em"
POPULATIONS: tuple[Population, ...] = ("questions", "panel")
Series = tuple[str, str, int | None, tuple[object, ...]]


@dataclass(frozen=True)
class Entry:
    """One judge's column of one run, with the row that reports it.

    Attributes:
        run: The run.
        row: Its row.
        column: The judge's verdicts.
        figures: The judge's figures.
        sample: The scores, with question numbers that all entries of a comparison share.
    """

    run: Run
    row: hl.ConditionRow
    column: JudgeColumn
    figures: JudgeFigures
    sample: Sample

    @property
    def series(self) -> Series:
        """What two α must share to be compared: judge, instrument, seed and sampling."""
        run, column = self.run, self.column
        return column.judge, column.instrument.sha256, run.seed, run.sampling.settings


@dataclass(frozen=True)
class Asked:
    """Comparisons that the user asks for.

    Attributes:
        pairs: Each ``A:B``, conditions or rows by name.
        margin: Within which two α are called equivalent, in points; None tests no equivalence.
    """

    pairs: tuple[str, ...] = ()
    margin: float | None = None

    def wants(self, first: Entry, second: Entry) -> bool:
        """Whether a pair of this order was asked for."""
        return any(
            f"{a}:{b}" == pair
            for pair in self.pairs
            for a in _names(first.row)
            for b in _names(second.row)
        )

    def check_answered(self, comparisons: Sequence[hl.Comparison]) -> None:
        """Refuse a pair that no comparison answers.

        Raises:
            ProtocolError: A name is no condition here, or the two share no judge, seed and sampling.
        """
        rows = {row.short_name: row for c in comparisons for row in c.rows}
        made = {
            f"{a}:{b}"
            for c in comparisons
            for d in c.differences
            for a in _names(rows[d.first])
            for b in _names(rows[d.second])
        }
        for pair in self.pairs:
            if pair in made:
                continue
            known = ", ".join(dict.fromkeys(row.condition for row in rows.values()))
            raise ProtocolError(
                f"--compare {pair}: give two conditions as A:B that share a judge, an instrument, a "
                f"seed and a sampling. There are {known}."
            )


NOTHING = Asked()


def _names(row: hl.ConditionRow) -> set[str]:
    return {row.condition, row.name, row.short_name}


def entries(runs: Sequence[Run], rows: Sequence[hl.ConditionRow]) -> list[Entry]:
    """Every judge's column of a comparison's runs."""
    numbers = question_numbers(runs)
    return [
        Entry(run, row, column, figures, sample(run, column, numbers))
        for run, row in zip(runs, rows, strict=True)
        for column, figures in zip(run.judges.values(), row.judges, strict=True)
    ]


def by_series(found: Sequence[Entry]) -> dict[Series, list[Entry]]:
    """Entries that may be compared with one another."""
    groups: dict[Series, list[Entry]] = {}
    for entry in found:
        groups.setdefault(entry.series, []).append(entry)
    return groups


def differences(found: Sequence[Entry], asked: Asked) -> list[hl.Difference]:
    """Every winner against null, the EM target and each other, and what was asked for.

    Holm's adjustment is over one judge and seed. An invalid α is in no family.
    """
    made: list[hl.Difference] = []
    for group in by_series(found).values():
        pairs = list(_pairs(group, asked))
        family = [_difference(*pair, asked.margin) for pair in pairs]
        adjusted = holm([NAN if d.p_value is None else d.p_value for d in family])
        panel = holm([NAN if d.panel_p_value is None else d.panel_p_value for d in family])
        made += [
            hl.Difference.model_validate({**d.model_dump(), "holm": a, "panel_holm": b})
            for d, a, b in zip(family, adjusted, panel, strict=True)
        ]
    return made


def _pairs(group: Sequence[Entry], asked: Asked) -> Iterator[tuple[Entry, Entry, bool]]:
    for first, second in combinations(group, 2):
        if asked.wants(first, second):
            yield first, second, True
        elif asked.wants(second, first):
            yield second, first, True
        elif _default(first, second):
            yield first, second, False
        elif _default(second, first):
            yield second, first, False


def _default(first: Entry, second: Entry) -> bool:
    a, b = first.row.condition, second.row.condition
    if a not in WINNERS or a == b:
        return False
    return b == EM or (first.run.target == second.run.target and b in (NULL, *WINNERS))


def _difference(first: Entry, second: Entry, asked: bool, margin: float | None) -> hl.Difference:
    found = {p: difference(first.sample, second.sample, p) for p in POPULATIONS}
    invalid = [entry.row.short_name for entry in (first, second) if entry.figures.invalid]
    caveats = [f"{name} is INVALID" for name in invalid]
    if first.run.target != second.run.target:
        caveats.append(f"targets {first.run.target} and {second.run.target}")
    p, panel = (NAN if invalid else found[name].p_value() for name in POPULATIONS)
    return hl.Difference(
        first=first.row.short_name,
        second=second.row.short_name,
        judge=first.column.name,
        instrument_sha256=first.column.instrument.sha256,
        base_seed=first.run.seed,
        asked=asked,
        difference=both(lambda population: found[population]),
        p_value=p,
        holm=None,
        panel_p_value=panel,
        panel_holm=None,
        equivalence=None if margin is None or invalid else _equivalence(first, second, margin),
        caveats=caveats,
    )


def _equivalence(first: Entry, second: Entry, margin: float) -> hl.Equivalence:
    found = equivalence(first.sample, second.sample, margin)
    return hl.Equivalence(
        margin=margin,
        p_value=found.p_value,
        equivalent=found.equivalent,
        low=found.low,
        high=found.high,
    )


def rankings(found: Sequence[Entry]) -> list[hl.Ranking]:
    """The probability of each rank, over the valid conditions of one target, judge and seed."""
    return [
        hl.Ranking(
            judge=group[0].column.name,
            instrument_sha256=group[0].column.instrument.sha256,
            base_seed=group[0].run.seed,
            population=population,
            conditions=[entry.row.short_name for entry in group],
            probabilities=probabilities.tolist(),
        )
        for group in _same_target(found)
        for population in POPULATIONS
        if (probabilities := rank_probabilities([e.sample for e in group], population)) is not None
    ]


def confounds(found: Sequence[Entry]) -> list[hl.Confound]:
    """Differences from the null condition, or the first, at equal coherence and length."""
    made: list[hl.Confound] = []
    numbers = question_numbers([entry.run for entry in found])
    for group in _same_target(found):
        ordered = sorted(group, key=lambda entry: entry.row.condition != NULL)
        covariates = [
            np.column_stack([e.column.coherent, np.log2(e.run.characters + 1)]) for e in ordered
        ]
        fit = adjusted_differences(
            [e.column.aligned for e in ordered],
            covariates,
            [clusters(e.run, numbers) for e in ordered],
        )
        coherence, length = (single(slope) for slope in fit.slopes)
        made += [
            hl.Confound(
                condition=entry.row.short_name,
                baseline=ordered[0].row.short_name,
                judge=entry.column.name,
                instrument_sha256=entry.column.instrument.sha256,
                base_seed=entry.run.seed,
                raw=single(raw),
                adjusted=single(adjusted),
                coherence_slope=coherence,
                length_slope=length,
            )
            for entry, raw, adjusted in zip(ordered[1:], fit.raw, fit.differences, strict=True)
        ]
    return made


def _same_target(found: Sequence[Entry]) -> Iterator[list[Entry]]:
    valid = [e for e in found if not e.figures.invalid and e.sample.n]
    groups: dict[tuple[Series, str], list[Entry]] = {}
    for entry in valid:
        groups.setdefault((entry.series, entry.run.target), []).append(entry)
    yield from (group for group in groups.values() if len(group) > 1)
