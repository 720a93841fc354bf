"""The registered rules, applied to the runs of one comparison.

Runs of different targets, prompt provenances, samplings or instruments are never ruled on together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import product

from estimation.comparisons import difference
from estimation.intervals import Estimate as Measured
from estimation.intervals import Population, alpha_interval
from estimation.judges import gap
from estimation.registered import (
    against_target,
    independent_difference,
    over_the_four,
    place_alpha,
)
from estimation.registered_seeds import JUDGES, GapChange, cluster_order, followup_1
from estimation.rules import WINNERS, Finding, Ruling
from reports import caveats as cv
from reports.differences import EM, NULL, Entry
from reports.estimates import single
from reports.headline import RuleResult
from reports.judge_figures import Estimate, Interval
from reports.published import Rules
from reports.rule_questions import followup_2_of

RULE = "H1 / H2"
FOUR = "the four winners"
FOLLOW_UP_1 = "follow-up 1 (seeds)"
CLUSTERS = "follow-up 1 (order of the clusters)"
FOLLOW_UP_2 = "follow-up 2 (questions)"
SEED = 42


def rule_results(found: Sequence[Entry], rules: Rules) -> list[RuleResult]:
    """Every result that the entries of one comparison allow; only the four winners are ruled on."""
    if not found:
        return []
    run = found[0].run
    common = cv.common(run.metadata.panel, run.rubric)
    results: list[RuleResult] = []
    for group in _groups([e for e in found if e.row.condition in WINNERS]):
        for series in _by(group, lambda e: e.series).values():
            results += _hypotheses(series, found, rules, common)
        for pair in _instruments(group):
            results += _seeds(pair, rules, common)
        firsts = [e for e in group if e.run.seed == SEED and e.column.judge in JUDGES]
        for series in _by(firsts, lambda e: e.series).values():
            results.append(_questions(series, found, rules, common))
    return results


def _groups(found: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Winners that may be ruled on together: one target, provenance and sampling."""
    yield from _by(
        found, lambda e: (e.run.target, e.run.provenance, e.run.sampling.settings)
    ).values()


def _by(found: Sequence[Entry], key: Callable[[Entry], Hashable]) -> dict[Hashable, list[Entry]]:
    groups: dict[Hashable, list[Entry]] = {}
    for entry in found:
        groups.setdefault(key(entry), []).append(entry)
    return groups


def _finding(entry: Entry, judge: str, population: Population) -> Finding:
    low, high = entry.figures.worst_case
    nan = float("nan")
    return Finding(
        condition=entry.row.condition,
        seed=entry.run.seed or 0,
        judge=judge,
        alpha=alpha_interval(entry.sample.aligned, entry.sample.clusters, population),
        worst=(nan if low is None else low, nan if high is None else high),
        invalid=entry.figures.invalid,
    )


def _target_judge(entry: Entry, common: Sequence[cv.Caveat]) -> str:
    """The judge whose published EM α is this entry's target.

    The published α is no target of another instrument, panel or rubric than it was measured with.
    """
    alike = not common and not entry.figures.differs
    return entry.column.judge if alike else f"{entry.column.name} as used here"


def _hypotheses(
    series: Sequence[Entry], found: Sequence[Entry], rules: Rules, common: list[cv.Caveat]
) -> list[RuleResult]:
    key = series[0].series
    targets = [e for e in found if e.series == key and e.row.condition == EM]
    several = [cv.Caveat("", "several EM targets were measured, and none is used")]
    common = [*common, *(several if len(targets) > 1 else [])]
    em = targets[0] if len(targets) == 1 and not targets[0].figures.invalid else None
    results: list[RuleResult] = []
    rulings: list[tuple[str, Ruling]] = []
    for entry in series:
        measured = difference(entry.sample, em.sample) if em is not None else None
        finding = _finding(entry, _target_judge(entry, common), "questions")
        ruling = place_alpha(finding, measured, rules.registered)
        above = against_target(finding, measured, rules.registered)
        numbers = {"alpha": entry.figures.alpha}
        if above is not None:
            numbers["alpha minus the EM target's"] = single(above)
        rulings.append((entry.row.condition, ruling))
        stands = [*common, *cv.of_entry(entry, rules)]
        results.append(_result(RULE, entry.row.condition, [entry], ruling, numbers, stands))
    four = over_the_four(rulings)
    numbers = {e.row.condition: e.figures.alpha for e in series}
    inherited = [*common, *(c for entry in series for c in cv.of_entry(entry, rules))]
    return [*results, _result(RULE, FOUR, series, four, numbers, inherited)]


def _instruments(group: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Entries of one Sonnet and one Opus instrument, for each two that met in a later seed."""
    ways = [
        list(dict.fromkeys(e.column.instrument.sha256 for e in group if e.column.judge == judge))
        for judge in JUDGES
    ]
    for pair in product(*(way or [""] for way in ways)):
        chosen = [
            entry
            for entry in group
            for judge, instrument in zip(JUDGES, pair, strict=True)
            if (entry.column.judge, entry.column.instrument.sha256) == (judge, instrument)
        ]
        if chosen:
            yield chosen


def _seeds(chosen: Sequence[Entry], rules: Rules, common: list[cv.Caveat]) -> list[RuleResult]:
    later = [e for e in chosen if e.run.seed in rules.registered.seeds]
    if not later:
        return []
    findings = [_finding(entry, entry.column.judge, "panel") for entry in later]
    changes = _gap_changes(chosen, rules)
    numbers: dict[str, Estimate] = {
        f"{e.row.condition} seed {e.run.seed} {e.column.judge}": e.figures.alpha for e in later
    }
    numbers |= {
        f"{c.condition} seed {c.seed} change of the gap": _panel_only(c.change) for c in changes
    }
    stands = [
        *common,
        *(
            c
            for e in later
            for c in cv.of_entry(e, rules, f"{e.row.condition} seed {e.run.seed} {e.column.judge}")
        ),
    ]
    registered = rules.registered
    return [
        _result(
            FOLLOW_UP_1, FOUR, later, followup_1(findings, changes, registered), numbers, stands
        ),
        _result(
            CLUSTERS,
            FOUR,
            [e for e in later if e.column.judge == JUDGES[0]] or later,
            cluster_order(findings, registered),
            {k: v for k, v in numbers.items() if k.endswith(f" {JUDGES[0]}")},
            [c for c in stands if not c.about or c.about.endswith(f" {JUDGES[0]}")],
        ),
    ]


def _panel_only(change: Measured) -> Estimate:
    found = single(change)
    interval = Interval(**found.model_dump(include=set(Interval.model_fields)))
    return Estimate(value=found.value, panel=interval)


def _gap_changes(chosen: Sequence[Entry], rules: Rules) -> list[GapChange]:
    pairs: dict[tuple[str, int | None], list[Entry]] = {}
    for entry in chosen:
        pairs.setdefault((entry.row.condition, entry.run.seed), []).append(entry)
    gaps: dict[tuple[str, int | None], tuple[Measured, bool]] = {}
    for key, mine in pairs.items():
        by_judge = {entry.column.judge: entry for entry in mine}
        # Two runs of one condition and seed, or judges of two runs, are no one gap.
        if len(mine) != len(JUDGES) or len({id(e.run) for e in mine}) != 1:
            continue
        first, second = (by_judge[judge] for judge in JUDGES)
        found = gap(first.column.aligned, second.column.aligned, first.sample.clusters, "panel")
        gaps[key] = found, first.figures.invalid or second.figures.invalid
    return [
        GapChange(
            condition,
            seed,
            independent_difference(gaps[condition, seed][0], gaps[condition, SEED][0]),
            gaps[condition, seed][1] or gaps[condition, SEED][1],
        )
        for condition, seed in product(WINNERS, rules.registered.seeds)
        if (condition, seed) in gaps and (condition, SEED) in gaps
    ]


def _questions(
    series: Sequence[Entry], found: Sequence[Entry], rules: Rules, common: list[cv.Caveat]
) -> RuleResult:
    key, target = series[0].series, series[0].run.target
    nulls = [
        e
        for e in found
        if (e.series, e.row.condition, e.run.target) == (key, NULL, target)
        and not e.figures.invalid
    ]
    ruling, numbers = followup_2_of(series, nulls[0] if len(nulls) == 1 else None, rules)
    stands = [*common, *(c for entry in series for c in cv.of_entry(entry, rules))]
    return _result(FOLLOW_UP_2, FOUR, series, ruling, numbers, stands)


def _result(
    rule: str,
    about: str,
    entries: Sequence[Entry],
    ruling: Ruling,
    numbers: dict[str, Estimate],
    caveats: Sequence[cv.Caveat],
) -> RuleResult:
    seeds = {entry.run.seed for entry in entries}
    alone = about != FOUR
    return RuleResult(
        rule=rule,
        about=about,
        target=entries[0].run.target,
        base_seed=seeds.pop() if len(seeds) == 1 and rule != FOLLOW_UP_1 else None,
        judge=" and ".join(dict.fromkeys(entry.column.name for entry in entries)),
        outcome=ruling.outcome,
        basis=ruling.words,
        numbers=numbers,
        caveats=cv.said_once(
            [cv.Caveat("", c.text, c.figure) for c in caveats] if alone else caveats
        ),
    )
