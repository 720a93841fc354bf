"""Every row of the write-up by independent code, of the report that `test_recomputed` checks."""

from __future__ import annotations

from typing import Any

from reports.verify import verify
from reports.writers import read_headline
from tests.reports import plain_statistics as ps
from tests.reports import recomputing as re
from tests.reports.recomputed_report import Report, comparison_numbers, made


def shown_once(comparison: Any, numbers: ps.Numbers, lines: list[str]) -> None:
    """Differences, ranks and rule results stand in the write-up, each in one line."""

    def p_text(p: float | None) -> str:
        return "–" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"

    expected = []
    for d, n in zip(comparison["differences"], numbers["differences"], strict=True):
        found, tested = n["difference"], n.get("equivalence", {})
        panel = found["panel"]
        bounds = [(found, ""), (panel, "panel ")]
        text = f"{found['value']:+.2f}" + "".join(
            f" {what}[{b['low']:.1f}, {b['high']:.1f}]"
            for b, what in bounds
            if b["low"] is not None
        )
        ps_shown = " | ".join(p_text(n[name]) for name in ("p_value", "holm", "panel_holm"))
        p = tested.get("p_value")
        verdict = (
            "–"
            if not tested
            else f"±20: {'yes' if (p or 1) < 0.05 else 'not shown'}, p {p_text(p)}"
        )
        caveats = "".join(f" ({caveat})" for caveat in d["caveats"])
        seed = "" if d["base_seed"] is None else d["base_seed"]
        expected.append(
            f"| {d['first']} − {d['second']}{caveats} | {d['judge']} | {seed} | {text} | {ps_shown} | "
            f"{verdict} |"
        )
    # Recomputed by other draws in a test of its own.
    for ranking in comparison["rankings"]:
        cells = "<br>".join(
            f"{name} {' '.join(f'{p:.2f}' for p in row)}"
            for name, row in zip(ranking["conditions"], ranking["probabilities"], strict=True)
        )
        of = "this panel" if ranking["population"] == "panel" else "other questions"
        seed = "" if ranking["base_seed"] is None else ranking["base_seed"]
        expected.append(f"| {ranking['judge']} | {seed} | {of} | {cells} |")
    assert expected
    assert [lines.count(line) for line in expected] == [1] * len(expected)
    for rule in comparison["rule_results"]:
        seed = "" if rule["base_seed"] is None else f", seed {rule['base_seed']}"
        head = f"- {rule['rule']}, {rule['about']}, {rule['judge']}{seed}: {rule['outcome']} ("
        assert [line for line in lines if line.startswith(head) and line.endswith(rule["basis"])]


def test_every_row_of_the_write_up(recomputed: Report) -> None:
    lines = (
        (recomputed.folder / "headline.md")
        .read_text(encoding="utf-8")
        .replace("\\", "")
        .splitlines()
    )

    def text(numbers: ps.Numbers, sign: str = "") -> str:
        low, high = numbers["low"], numbers["high"]
        bounds = "" if low is None else f" [{low:.1f}, {high:.1f}]"
        value = numbers["value"]
        return "–" if value is None else f"{value:{sign}.2f}{bounds}"

    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f}"

    def panel(numbers: ps.Numbers) -> str:
        return f"[{numbers['panel']['low']:.1f}, {numbers['panel']['high']:.1f}]"

    written = 0
    for comparison in recomputed.json["comparisons"]:
        shown_once(comparison, comparison_numbers(recomputed, comparison), lines)
        for row in comparison["rows"]:
            log = made(recomputed, row)
            for name, column in log.columns.items():
                numbers = re.judge_numbers(log, column)
                mark = " INVALID" if column.invalid else ""
                cells = f" {name} | {text(numbers['alpha'])}{mark} | {panel(numbers['alpha'])} | "
                cells += (
                    f"{number(numbers['coherence'])} | {numbers['scored']}/{numbers['failed']} |"
                )
                [_] = [x for x in lines if x.startswith(f"| {row['name']} ") and x.endswith(cells)]
                worst = " / ".join(f"{bound:.2f}" for bound in numbers["worst_case"])
                kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(column.failures.items()))
                share = numbers["misaligned_share"]
                share = "–" if share is None else f"{share:.1%}"
                detail = f"| {row['name']} | {name} | {kinds} | {worst} | "
                detail += f"{text(numbers['alpha_coherent'])} | {share} | "
                detail += f"{numbers['question_iqr']:.2f} | {numbers['bimodality']:.3f} |"
                [_] = [line for line in lines if line.startswith(detail)]
                written += 2
            for gap in row["gaps"]:
                pair = (log.columns[gap["first"]], log.columns[gap["second"]])
                numbers = re.gap_numbers(*pair)
                whole, paired = numbers["published_definition"], numbers["paired"]
                shown = f"| {row['name']} | {gap['first']} − {gap['second']} | "
                shown += f"{text(whole, '+')} panel {panel(whole)} | "
                shown += f"{text(paired, '+')} panel {panel(paired)} | "
                shown += f"{numbers['krippendorff']['value']:.3f} | {numbers['spearman']:.3f} |"
                [_] = [line for line in lines if line.startswith(shown)]
                written += 1
    assert written == 2 * 34 + 32


def test_verify_finds_every_number_of_the_write_up(recomputed: Report) -> None:
    text = (recomputed.folder / "headline.md").read_text(encoding="utf-8")
    found, missing = verify(text, read_headline(recomputed.folder / "headline.json"))
    assert missing == []
    assert found > 1000
