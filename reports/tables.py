"""The headline on a terminal, in rich tables. Names and texts are shown, never obeyed."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from protocol.later_figures import LaterFigures
from reports.differences import EM, NULL
from reports.formatting import (
    MEANING,
    REAL_TARGET,
    c_text,
    counts_text,
    gate_text,
    instrument_lines,
    interval_text,
    linked_lines,
    methods,
    number,
    p_text,
    published_remarks,
    remarks,
    seed_lines,
    signed,
    simulated_lines,
    simulated_mark,
    title,
    unique,
    use_lines,
)
from reports.headline import (
    Comparison,
    ConditionRow,
    Difference,
    Headline,
    PublishedFigures,
    RuleResult,
)
from reports.judge_figures import Estimate, GapFigures, JudgeFigures
from reports.naming import seed_text
from reports.rule_results import FOUR

BASIS = 120
Rows = Sequence[ConditionRow] | Sequence[PublishedFigures]


def print_headline(headline: Headline, console: Console) -> None:
    """The report on a terminal: tables, differences, rule results, logs without a number."""
    for comparison in headline.comparisons:
        _print_rows(comparison.rows, title(comparison), headline.gate, console)
        if used := methods(j.alpha for row in comparison.rows for j in row.judges):
            say(console, f"95 % intervals: {'; '.join(used)}")
        for line in simulated_lines(comparison.rows):
            say(console, line, "bold yellow")
        for lines in (remarks, instrument_lines, seed_lines, use_lines, linked_lines):
            for line in lines(comparison):
                say(console, line)
        _print_differences(comparison.differences, console)
    if headline.show_published:
        print_published(headline.published, headline.gate, console)
    for comparison in headline.comparisons:
        _print_rules(comparison, console)
    for word, logs in (("not counted", headline.replaced), ("left out", headline.skipped)):
        for log in logs:
            # Unfolded, so that a long path can be copied.
            say(console, f"{word}: {log.log}: {log.reason}", soft_wrap=True)


def print_published(rows: list[PublishedFigures], gate: float, console: Console) -> None:
    """The published table with the caveats that the suite's own rules find in it."""
    _print_rows(rows, "published figures, not measured here (bw52, eps, seed 42)", gate, console)
    for line in published_remarks(rows):
        say(console, line)


def print_later(later: LaterFigures, console: Console) -> None:
    """Figures of later write-ups, in a table of their own: their C is another scale's."""
    columns = ["C", *(f"α {judge}" for judge in later.judges)]
    table = _new_table("later write-ups, not measured here", ["condition", "kind"], columns)
    for figure in later.figures:
        numbers = (f"{a:.2f}" if a is not None else "–" for a in (figure.sonnet, figure.opus))
        table.add_row(figure.condition, figure.kind, f"{figure.c:.3f}", *numbers)
    console.print(table)
    say(
        console,
        f"C of a {later.c_scale} classifier, not the scale of the table above; {later.sampling} "
        f"({later.origin})",
    )
    for note in later.notes:
        say(console, note)


def say(console: Console, line: str, style: str = "", soft_wrap: bool = False) -> None:
    """One line in which brackets are brackets and colons colons."""
    console.print(Text(line, style=style), soft_wrap=soft_wrap)


def _print_rows(rows: Rows, heading: str, gate: float, console: Console) -> None:
    console.print(_alphas(rows, heading))
    gaps = [(row, gap) for row in rows for gap in row.gaps]
    if gaps:
        console.print(_gaps(gaps, gate))


def _name(row: ConditionRow | PublishedFigures) -> str:
    return row.name if isinstance(row, ConditionRow) else row.condition


def _new_table(heading: str, left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(
        title=Text(heading) if heading else None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        expand=False,
    )
    for name in left:
        table.add_column(Text(name), overflow="fold")
    for name in right:
        table.add_column(Text(name), justify="right", no_wrap=True)
    return table


def _alphas(rows: Rows, heading: str) -> Table:
    table = _new_table(heading, ["condition"], ["C"])
    table.add_column("judge", overflow="fold")
    for name in ("α [95 %]", "coher-\nence", "scored/\nfailed"):
        table.add_column(Text(name), justify="right", no_wrap=True)
    measured = [row for row in rows if isinstance(row, ConditionRow)]
    several = len({row.base_seed for row in measured}) > 1
    for row in rows:
        for place, judge in enumerate(row.judges):
            first = place == 0
            table.add_row(
                Text(_row_head(row, several) if first else ""),
                Text(c_text(row) if first else ""),
                Text(judge.judge),
                Text(_alpha(judge)),
                Text(number(judge.coherence)),
                Text(counts_text(judge)),
            )
    return table


def _row_head(row: ConditionRow | PublishedFigures, several_seeds: bool) -> str:
    if not isinstance(row, ConditionRow):
        return row.condition
    lines = [row.condition, f"  {row.provenance}" if row.provenance != "none" else "  no prompt"]
    lines += [f"  {seed_text(row.base_seed)}"] if several_seeds else []
    lines += (
        [f"  {part}" for part in REAL_TARGET.split(", ")]
        if simulated_mark(row) == REAL_TARGET
        else []
    )
    return "\n".join(lines)


def _alpha(judge: JudgeFigures) -> str:
    lines = [_first_line(judge.alpha) + (" INVALID" if judge.invalid else "")]
    if panel := interval_text(judge.alpha.panel):
        lines.append(f"this panel {panel}")
    return "\n".join(lines)


def _first_line(estimate: Estimate) -> str:
    return f"{number(estimate.value)} {interval_text(estimate)}".rstrip()


def _gaps(gaps: Sequence[tuple[ConditionRow | PublishedFigures, GapFigures]], gate: float) -> Table:
    table = _new_table(
        "",
        ["condition", "gap of judges"],
        ["gap [95 %]", "paired gap", f"|gap|<{gate:g}"],
    )
    for row, gap in gaps:
        found = gap.published_definition
        paired = None if gap.paired is None else gap.paired.value
        table.add_row(
            Text(_name(row)),
            Text(f"{gap.first} − {gap.second}"),
            Text(f"{signed(found.value)} {interval_text(found)}".rstrip()),
            Text(signed(paired)),
            Text(gate_text(gap)),
        )
    return table


def _print_differences(found: Sequence[Difference], console: Console) -> None:
    """What was asked for, and the winners against null and the EM target; the files have all."""
    chosen = [d for d in found if d.asked or d.second in (NULL, EM)] or list(found)
    if not chosen:
        return
    console.print(_differences(chosen))
    _print_equivalence(chosen, console)
    if more := len(found) - len(chosen):
        say(console, f"{more} more differences, of the winners from each other, are in the files")


def _differences(found: Sequence[Difference]) -> Table:
    table = _new_table(
        "differences of α, paired by question; p adjusted over one judge and seed (Holm)",
        ["first − second", "judge", "seed"],
        ["α [95 %]", "this panel", "p"],
    )
    for one in found:
        mark = "\nINVALID" if any("INVALID" in caveat for caveat in one.caveats) else ""
        table.add_row(
            Text(f"{one.first} − {one.second}"),
            Text(one.judge),
            Text("" if one.base_seed is None else str(one.base_seed)),
            Text(f"{signed(one.difference.value)} {interval_text(one.difference)}".rstrip() + mark),
            Text(interval_text(one.difference.panel)),
            Text(p_text(one.holm)),
        )
    return table


def _print_equivalence(found: Sequence[Difference], console: Console) -> None:
    for one in found:
        if one.equivalence is not None:
            test = one.equivalence
            said = {True: "shown", False: "not shown", None: "no interval, so not shown"}
            say(
                console,
                f"{one.first} and {one.second}, {one.judge}, {seed_text(one.base_seed)}: "
                f"within ±{test.margin:g} {said[test.equivalent]}, p {p_text(test.p_value)}",
            )


def _print_rules(comparison: Comparison, console: Console) -> None:
    """One line a rule in words, with the caveats that its results share said once."""
    results = [r for r in comparison.rule_results if r.about == FOUR]
    if not results:
        return
    say(console, "\nRegistered rules, over the four winners", "bold")
    several = len({result.target for result in results}) > 1
    grid = Table.grid(padding=(0, 1))
    for result in results:
        grid.add_row("·", _rule_text(result, several))
    console.print(grid)
    if caveats := unique(caveat for result in results for caveat in result.caveats):
        say(console, f"But: {'; '.join(caveats)}.")


def _rule_text(result: RuleResult, several: bool) -> Text:
    seed = "" if result.base_seed is None else f", seed {result.base_seed}"
    target = f", {result.target}" if several else ""
    return Text.assemble(
        f"{result.rule}, {result.judge}{seed}{target}: ",
        (result.outcome, "bold"),
        f", {MEANING[result.outcome]}: {_shortened(result.basis)}.",
    )


def _shortened(text: str) -> str:
    """The ground of a result as far as a screen has room for it; the files have it whole."""
    return text if len(text) <= BASIS else f"{text[:BASIS].rsplit(' ', 1)[0]} …"
