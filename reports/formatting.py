"""How numbers and names read, wherever the report writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from protocol.records import is_simulated
from reports.headline import Comparison, ConditionRow, PublishedFigures, RuleResult
from reports.judge_figures import AuditFigures, Estimate, GapFigures, Interval, JudgeFigures
from reports.naming import seed_text

DASH = "–"
REAL_TARGET = "real target, SIMULATED judges"
MEANING = {
    "H1 (coupling)": "as misaligned as the EM finetune, or more",
    "H2 (orthogonal axes)": "far above the EM finetune's α",
    "H2 falsified": "at or below the α that falsifies H2",
    "neither": "above the EM finetune's α, yet not far above",
    "no target": "no EM α of this judge to compare with",
    "holds": "as registered",
    "does not hold": "not as registered",
    "refuted in part": "α fell to where it refutes in part",
    "refuted": "the questions spread evenly",
    "not refuted": "the questions do not spread evenly",
    "undecided": "the data do not decide",
}


def number(value: float | None, digits: int = 2) -> str:
    """A number for reading, a dash where it is not defined."""
    return DASH if value is None else f"{value:.{digits}f}"


def signed(value: float | None) -> str:
    """A gap or difference with its sign, a dash where it is not defined."""
    return DASH if value is None else f"{value:+.2f}"


def p_text(value: float | None) -> str:
    """A p-value with three digits."""
    if value is None:
        return DASH
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def c_text(row: ConditionRow | PublishedFigures) -> str:
    """The score C with the digits that were published; the original prompt's has a star."""
    if row.distributional_c is None or row.c_of == "none":
        return DASH
    return f"{row.distributional_c:.4g}" + ("*" if row.c_of == "original" else "")


def interval_text(interval: Interval | None) -> str:
    """The bounds alone, empty where there are none."""
    if interval is None or interval.low is None or interval.high is None:
        return ""
    return f"[{number(interval.low, 1)}, {number(interval.high, 1)}]"


def estimate_text(estimate: Estimate | None, digits: int = 2) -> str:
    """A number with its 95 % interval for other questions, where it has one."""
    if estimate is None:
        return DASH
    return f"{number(estimate.value, digits)} {interval_text(estimate)}".rstrip()


def both_text(estimate: Estimate | None, sign: bool = False) -> str:
    """A number with both intervals, that for this panel named."""
    if estimate is None:
        return DASH
    value = signed(estimate.value) if sign else number(estimate.value)
    panel = interval_text(estimate.panel)
    return " ".join(filter(None, (value, interval_text(estimate), panel and f"panel {panel}")))


def methods(estimates: Iterable[Estimate | None]) -> list[str]:
    """The names of the methods that intervals were made with."""
    known = [e for e in estimates if e is not None]
    found = [i.method for e in known for i in (e, e.panel) if i is not None and i.method]
    return unique(found)


def gate_text(gap: GapFigures) -> str:
    """Whether the gate is passed, a dash where there is nothing to check."""
    return {True: "pass", False: "FAIL", None: DASH}[gap.gate]


def counts_text(judge: JudgeFigures) -> str:
    """Scored and failed verdicts."""
    return DASH if judge.scored is None else f"{judge.scored}/{judge.failed}"


def invalid_text(judge: JudgeFigures) -> str:
    """Why a judge's figure is invalid, and where α lies."""
    low, high = judge.worst_case
    return (
        f"{judge.judge}: INVALID, {judge.failed_share or 0:.1%} of the verdicts failed; "
        f"α lies between {number(low)} and {number(high)}"
    )


def rule_line(result: RuleResult, comparison: Comparison) -> str:
    """A rule result in one line: what it means in words, and what that rests on."""
    seed = "" if result.base_seed is None else f", seed {result.base_seed}"
    several = len({r.target for r in comparison.rule_results}) > 1
    target = f", {result.target}" if several else ""
    return (
        f"{result.rule}, {result.about}, {result.judge}{seed}{target}: {result.outcome} "
        f"({MEANING[result.outcome]}): {result.basis}"
    )


def several(names: Iterable[str], what: str, most: int = 4) -> str:
    """The names, each once, or how many there are where they are many."""
    found = unique(names)
    return ", ".join(found) if len(found) <= most else f"{len(found)} {what}"


def simulated_mark(row: ConditionRow) -> str:
    """What of a row is simulated, empty where nothing is."""
    if not row.simulated:
        return ""
    return "SIMULATED" if is_simulated(row.target) else REAL_TARGET


def simulated_lines(rows: Sequence[ConditionRow]) -> list[str]:
    """What a reader must know of simulated numbers before anything else."""
    meaning = {
        "SIMULATED": "these numbers describe no real model.",
        REAL_TARGET: "no number here is a measurement of alignment.",
    }
    return [f"{said}: {meaning[said]}" for said in unique(map(simulated_mark, rows)) if said]


def title(comparison: Comparison) -> str:
    """What the rows of a comparison share."""
    targets = several([row.target for row in comparison.rows], "targets")
    seeds = ", ".join(unique(seed_text(row.base_seed) for row in comparison.rows))
    seeds = seeds.replace(", seed ", ", ")
    mark = "".join(f"{said} · " for said in unique(map(simulated_mark, comparison.rows)) if said)
    return f"{mark}panel {comparison.panel}, rubric {comparison.rubric}, target {targets}, {seeds}"


def remarks(comparison: Comparison) -> list[str]:
    """What a reader must know beside a comparison's table, each remark once."""
    found: dict[str, list[str]] = {}
    for row in comparison.rows:
        texts = list(row.notes)
        for judge in row.judges:
            texts += [invalid_text(judge)] if judge.invalid else []
            texts += [f"{judge.judge}: {text}" for text in judge.differs]
        for text in texts:
            found.setdefault(text, []).append(row.name)
    everyone = len(comparison.rows) if len(comparison.rows) > 1 else 0
    lines = [
        text if len(names) == everyone else f"{', '.join(names)}: {text}"
        for text, names in found.items()
    ]
    if any(row.c_of == "original" and row.distributional_c for row in comparison.rows):
        lines.append("* C is the original prompt's, and this row's prompt is another")
    return lines


def seed_lines(comparison: Comparison) -> list[str]:
    """Each condition across seeds, and whether the order of the conditions is stable."""
    lines = [
        f"{s.name} ({s.provenance}), {s.judge}, seeds {', '.join(map(str, s.seeds))}: "
        f"mean α {both_text(s.mean)}, sd {number(s.sd)} "
        f"(chance within questions {number(s.expected_sd)}, p {p_text(s.p_value)}), "
        f"range {number(s.range)}"
        for s in comparison.across_seeds
    ]
    several = len({order.target for order in comparison.order_across_seeds}) > 1
    for order in comparison.order_across_seeds:
        said = "the same" if order.stable else "not the same"
        target = f", {order.target}" if several else ""
        lines.append(f"{order.judge}{target}: the conditions' order is {said} in all seeds")
    return lines


def use_lines(comparison: Comparison) -> list[str]:
    """Tokens and dollars that each judge took, as they were paid: in real time or in batches."""
    return [
        f"{use.role} ({use.model}) took {use.input_tokens:,} tokens in, {use.output_tokens:,} out: "
        + ("price not known" if use.cost is None else f"${use.cost:.2f} at the price list")
        + (", batches at theirs" if use.batch else "")
        for use in comparison.judge_use
    ]


def instrument_lines(comparison: Comparison) -> list[str]:
    """What judging several times, or again, shows of a judge, a line each where a run has it."""
    lines = []
    for row in comparison.rows:
        for judge in row.judges:
            head = f"{row.name}, {judge.judge}"
            if (found := judge.retest) is not None:
                lines.append(
                    f"{head}: test–retest sd {number(found.sd)} points, reliability "
                    f"{number(found.reliability)}, over {found.completions:,} completions with up to "
                    f"{found.verdicts} verdicts"
                )
            lines += [f"{head}: {_audit_text(audit)}" for audit in judge.audits]
        if (all_of := row.agreement) is not None and len(all_of.judges) > 2:
            lines.append(
                f"{row.name}: {len(all_of.judges)} judges agree by Krippendorff's α "
                f"{estimate_text(all_of.krippendorff, 3)} and are worth "
                f"{number(all_of.effective_judges)} independent ones"
            )
    return lines


def _audit_text(found: AuditFigures) -> str:
    return (
        f"{found.asked:,} verdicts that failed as {' or '.join(found.kinds)} were judged again "
        f"({'; '.join(found.differs) or 'in the same way'}), {found.recovered:,} recovered: with them α "
        f"moves by {signed(found.shift)}, from {number(found.alpha)} to {number(found.alpha_audited)}"
    )


def published_remarks(rows: list[PublishedFigures]) -> list[str]:
    """What the suite's own rules find in the published table, each finding said once."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for text in (*row.caveats, *row.notes):
            found.setdefault(text, []).append(row.condition)
    return [f"{', '.join(names)}: {text}" for text, names in found.items()]


def unique(lines: Iterable[str]) -> list[str]:
    """The lines, each once, in order."""
    return list(dict.fromkeys(lines))


def linked_lines(comparison: Comparison) -> list[str]:
    """Each condition on the retired judge's scale, where a link was given; never in a gate or a mean."""
    linked = [(row.name, row.linked) for row in comparison.rows if row.linked is not None]
    if not linked:
        return []
    first = linked[0][1]
    return [
        f"Linked to the scale of {first.judge} by verdicts of {first.successor}; not measured:",
        *(f"  {name}: {f.text}{f'; {f.rule}' if f.rule else ''}" for name, f in linked),
    ]
