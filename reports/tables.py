"""The headline on a terminal, in rich tables."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.formatting import c_text, estimate_text, number, row_name, unique
from reports.headline import (
    Comparison,
    ConditionRow,
    Headline,
    OrderAcrossSeeds,
    PublishedFigures,
    Verdict,
)

FOUR = "the four winners"


def title(comparison: Comparison) -> str:
    """What the rows of a comparison share."""
    targets = ", ".join(unique(row.target for row in comparison.rows))
    seeds = ", ".join(unique(str(row.base_seed) for row in comparison.rows))
    mark = "SIMULATED · " if comparison.simulated else ""
    return f"{mark}panel {comparison.panel}, rubric {comparison.rubric}, target {targets}, seed {seeds}"


def remarks(comparison: Comparison) -> list[str]:
    """What a reader must know beside a comparison's table."""
    rows = comparison.rows
    lines = [f"{row_name(row, rows)}: {note}" for row in rows for note in row.notes]
    for row in rows:
        for judge in row.judges:
            if judge.invalid:
                low, high = judge.worst_case
                lines.append(
                    f"{row_name(row, rows)}, {judge.judge}: INVALID, {judge.failed_share or 0:.1%} of "
                    f"the verdicts failed; α lies between {number(low)} and {number(high)}"
                )
    return lines


def verdict_text(verdict: Verdict) -> str:
    """A verdict in one line, with the reservations it stands under; shared ones said once."""
    return "".join(_verdict_parts(verdict))


def _verdict_parts(verdict: Verdict) -> tuple[str, str, str]:
    """What was ruled on, how, and on what ground and under which reservations."""
    seed = "" if verdict.base_seed is None else f", seed {verdict.base_seed}"
    caveats = shared_once(verdict.caveats) if verdict.about == FOUR else verdict.caveats
    but = f" But: {'; '.join(caveats)}." if caveats else ""
    head = f"{verdict.rule}, {verdict.about}, {verdict.judge}{seed}: "
    return head, verdict.outcome, f", {verdict.basis}.{but}"


def shared_once(caveats: list[str]) -> list[str]:
    """Reservations written ``name: text`` or ``name: kind: figure``, each text or kind once.

    Names stand beside their figure, or before a text that some of them lack.
    """
    named: dict[str, list[str]] = {}
    for caveat in caveats:
        name, _, text = caveat.partition(": ")
        named.setdefault(text or name, []).extend([name] if text else [])
    everyone = unique(name for names in named.values() for name in names)
    said: dict[str, list[str]] = {}
    for text, names in named.items():
        kind, _, figure = text.partition(": ")
        if not names or names == everyone:
            said.setdefault(text, [])
        elif figure:
            said.setdefault(kind, []).append(f"{' and '.join(names)} {figure}")
        else:
            said.setdefault(f"{', '.join(names)}: {text}", [])
    return [f"{text}: {', '.join(figures)}" if figures else text for text, figures in said.items()]


def print_headline(headline: Headline, console: Console) -> None:
    """The report on a terminal: tables, the published rows, verdicts over the four, logs left out."""
    for comparison in headline.comparisons:
        console.print(_table(comparison.rows, title(comparison), headline.gate))
        if comparison.simulated:
            console.print("SIMULATED: these numbers describe no real model.", style="bold yellow")
        for line in [*remarks(comparison), *seed_lines(comparison)]:
            console.print(line, highlight=False, markup=False)
    print_published(headline.published, headline.gate, console)
    for comparison in headline.comparisons:
        _print_verdicts([v for v in comparison.verdicts if v.about == FOUR], console)
    for word, logs in (("not counted", headline.replaced), ("left out", headline.skipped)):
        for log in logs:
            # Unfolded, so that a long path can be copied.
            line = f"{word}: {log.log}: {log.reason}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _print_verdicts(verdicts: list[Verdict], console: Console) -> None:
    """Verdicts under a heading, each with its outcome in bold and its further lines indented."""
    if not verdicts:
        return
    grid = Table.grid(padding=(0, 1))
    for verdict in verdicts:
        head, outcome, rest = _verdict_parts(verdict)
        grid.add_row("·", Text.assemble(head, (outcome, "bold"), rest))
    console.print("\nRegistered rules", style="bold")
    console.print(grid)


def print_published(rows: list[PublishedFigures], gate: float, console: Console) -> None:
    """The published table with the caveats that the suite's own rules find in it."""
    console.print(_table(rows, "published figures, not measured here (bw52, eps, seed 42)", gate))
    for line in published_remarks(rows):
        console.print(line, highlight=False, markup=False)


def published_remarks(rows: list[PublishedFigures]) -> list[str]:
    """What the suite's own rules find in the published table, each finding said once."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for text in (*row.caveats, *row.notes):
            found.setdefault(text, []).append(row.condition)
    return [f"{', '.join(names)}: {text}" for text, names in found.items()]


def seed_lines(comparison: Comparison) -> list[str]:
    """Each condition across seeds, and whether the order of the conditions is stable."""
    lines = [
        f"{s.condition} ({s.provenance}), {s.judge}, seeds {', '.join(map(str, s.seeds))}: "
        f"mean α {number(s.mean)}, sd {number(s.sd)}, range {number(s.range)}"
        for s in comparison.across_seeds
    ]
    return lines + [order_text(order) for order in comparison.order_across_seeds]


def order_text(order: OrderAcrossSeeds) -> str:
    """Whether the conditions keep their order in all seeds."""
    said = "the same" if order.stable else "not the same"
    return f"{order.judge}: the conditions' order is {said} in all seeds"


def _table(rows: list[ConditionRow] | list[PublishedFigures], heading: str, gate: float) -> Table:
    table = Table(
        title=heading, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, show_lines=False
    )
    several = len({row.base_seed for row in rows if isinstance(row, ConditionRow)}) > 1
    table.add_column("condition", no_wrap=True)
    for name in ("C", "judge", "α [95 %]", "coher-\nence", "scored/\nfailed"):
        table.add_column(name, justify="left" if name == "judge" else "right", no_wrap=True)
    table.add_column(f"gap,\n|gap|<{gate:g}", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row, several))
    return table


def _cells(row: ConditionRow | PublishedFigures, several_seeds: bool) -> list[str]:
    name = [row.condition]
    if isinstance(row, ConditionRow):
        name.append(f"  {row.provenance}" if row.provenance != "none" else "  no prompt")
        name += [f"  seed {row.base_seed}"] if several_seeds else []
    alphas = [
        estimate_text(judge.alpha) + (" INVALID" if judge.invalid else "") for judge in row.judges
    ]
    gap = ["–"]
    if row.gaps:
        first = row.gaps[0]
        gap = [f"{first.published_definition.value or 0:+.2f}", "pass" if first.gate else "FAIL"]
    return [
        "\n".join(name),
        c_text(row.distributional_c),
        "\n".join(judge.judge for judge in row.judges),
        "\n".join(alphas),
        "\n".join(number(judge.coherence) for judge in row.judges),
        "\n".join(_counts(judge.scored, judge.failed) for judge in row.judges),
        "\n".join(gap),
    ]


def _counts(scored: int | None, failed: int | None) -> str:
    return "–" if scored is None else f"{scored}/{failed}"
