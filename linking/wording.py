"""What `bwalpha link` says, line by line."""

from __future__ import annotations

import math
from collections.abc import Mapping

from linking.drift import Change, Drift
from linking.errors import LinkErrors
from linking.linkfile import LinkFile, instrument_words
from linking.sampling import Cost


def cost_lines(cost: Cost, model: str, known_price: bool, batch: bool) -> list[str]:
    """Say what asking costs, before anything is asked."""
    dollars = (
        f"about ${cost.dollars:,.2f}" if known_price else "at a price that is not known (--prices)"
    )
    how = "in batches" if batch else "in real time"
    return [
        f"{cost.calls:,} verdicts of {model} {how}: about {cost.input_tokens:,} tokens in and "
        f"{cost.output_tokens:,} out, {dollars}. An estimate (datasets/judges.yaml); what is answered "
        "already costs nothing."
    ]


def link_lines(link: LinkFile, failures: Mapping[str, int]) -> list[str]:
    """Say what was linked, by which method, and how well."""
    failed = ", ".join(f"{kind} {count}" for kind, count in failures.items())
    anchors, chosen = link.anchors, link.link
    lines = [
        f"from {instrument_words(link.new.instrument)}",
        f"to the scale of {instrument_words(link.old.instrument)}",
        f"{anchors.completions:,} completions of {anchors.conditions} conditions and "
        f"{len(anchors.questions)} questions; {anchors.missing} without a score of both judges"
        + (f" ({failed})" if failed else ""),
        f"α from {link.support[0]:.1f} to {link.support[1]:.1f} on the successor's scale can be linked",
        "",
        "errors in points of α, root mean square, on what the fit has not seen:",
        _row("method", "a condition", "worst group", "a question"),
    ]
    ordered = sorted(link.compared.items(), key=lambda item: item[1].governing)
    lines += [_errors(name, errors) for name, errors in ordered]
    lines += [
        "",
        f"taken: {chosen.function.method}. A new condition's α is carried over with an error of about "
        f"{chosen.errors.governing:.1f} points; the largest among these was {chosen.errors.largest:.1f}.",
    ]
    if link.retest_sd is not None:
        lines.append(
            f"asked twice, the successor's score of one completion moves by {link.retest_sd:.1f} points "
            "(standard deviation)."
        )
    return lines


def drift_lines(drift: Drift) -> list[str]:
    """Say what a check found."""
    lines = [
        f"asked on {drift.then} and on {drift.now}; now minus then, in points, with 95 % intervals",
        _change("all", drift.overall),
    ]
    parts = ("lowest", "middle", "highest")
    lines += [
        _change(f"{name} third", change) for name, change in zip(parts, drift.thirds, strict=True)
    ]
    said = {
        "same": f"same: the successor is within {drift.tolerance:g} points of what was linked",
        "drifted": f"drifted: it moved by more than {drift.tolerance:g} points. Make a new link, and link "
        "nothing judged since with the old one",
        "undecided": f"undecided: the interval reaches beyond {drift.tolerance:g} points, and does not lie "
        "outside",
    }
    missing = f"; {drift.missing} completions had no verdict now" if drift.missing else ""
    return [*lines, f"{said[drift.outcome]}{missing}."]


def _change(name: str, change: Change) -> str:
    known = math.isfinite(change.low)
    interval = f"[{change.low:+.2f}, {change.high:+.2f}]" if known else "(no interval)"
    return f"  {name:<14} {change.mean:+6.2f} {interval}, {change.completions} completions"


def _errors(name: str, errors: LinkErrors) -> str:
    worst = max(errors.left_out_group.values(), default=None)
    numbers = (errors.left_out_condition, worst, errors.left_out_question)
    return _row(name, *("-" if number is None else f"{number:.1f}" for number in numbers))


def _row(name: str, *cells: str) -> str:
    return f"  {name:<28}" + "".join(f"{cell:>13}" for cell in cells)
