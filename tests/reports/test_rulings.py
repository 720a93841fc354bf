"""What is ruled on together, and what stands in a verdict's way."""

from pathlib import Path

import pytest
from reports.decision import decide

from protocol.judges import judge_table
from reports.build import build_headline
from reports.headline import ConditionRow, Estimate, GapFigures, JudgeFigures, Verdict
from reports.published import WINNERS, read_rules
from reports.tables import verdict_text
from runs.load import load_runs
from tests.reports.made_logs import make_log

RULES = read_rules()

REGISTERED = judge_table().registered


def estimate(low: float, high: float) -> Estimate:
    return Estimate(value=(low + high) / 2, low=low, high=high)


def row(
    condition: str,
    alpha: tuple[float, float] = (60, 62),
    *,
    seed: int = 42,
    provenance: str = "verbatim",
    invalid: tuple[str, ...] = (),
    iqr: tuple[float, float] = (5, 10),
    gap: tuple[float, float] = (-3, -1),
    models: dict[str, str] = REGISTERED,
) -> ConditionRow:
    judges = [
        JudgeFigures(
            judge=name,
            model=model,
            alpha=estimate(*alpha),
            coherence=80,
            scored=800 if name in invalid else 1040,
            failed=240 if name in invalid else 0,
            failed_share=240 / 1040 if name in invalid else 0,
            invalid=name in invalid,
            question_iqr=estimate(*iqr),
        )
        for name, model in models.items()
    ]
    gaps = [
        GapFigures(first="sonnet", second="opus", published_definition=estimate(*gap), gate=True)
    ]
    return ConditionRow(
        condition=condition,
        label=condition,
        distributional_c=0.7,
        provenance=provenance,
        prompt_sha256="p",
        target="vllm/Qwen/Qwen2.5-7B-Instruct",
        base_seed=seed,
        simulated=False,
        log=None,
        created="2026-01-01T00:00:00+00:00",
        questions=52,
        completions=1040,
        expected_completions=1040,
        judges=judges,
        gaps=gaps,
    )


def verdicts(rows: list[ConditionRow], rule: str, judge: str = "sonnet") -> list[Verdict]:
    found = decide(rows, "bw52", "eps", RULES)
    return [v for v in found if v.rule == rule and judge in v.judge]


def overall(rows: list[ConditionRow], judge: str = "sonnet") -> list[Verdict]:
    return [v for v in verdicts(rows, "H1 / H2", judge) if v.about == "the four winners"]


FOLLOW_UP_1, FOLLOW_UP_2 = "follow-up 1 (seeds)", "follow-up 2 (questions)"


def all_seeds(**options: object) -> list[ConditionRow]:
    return [row(w, (66, 68), seed=s, **options) for w in WINNERS for s in (42, 137, 256)]  # type: ignore[arg-type]


def test_a_clean_set_of_runs_gives_each_rule_its_verdict_without_a_caveat() -> None:
    rows = all_seeds()
    found = decide(rows, "bw52", "eps", RULES)
    assert all(verdict.caveats == [] for verdict in found), found
    assert {v.outcome for v in found if v.rule == "H1 / H2"} == {"H2 (orthogonal axes)"}
    assert [v.outcome for v in found if v.rule == FOLLOW_UP_1] == ["holds"]
    assert [v.outcome for v in found if v.rule == FOLLOW_UP_2] == ["refuted", "refuted"]
    assert len(found) == 3 * 2 * 5 + 1 + 2


def test_an_invalid_condition_decides_nothing() -> None:
    rows = [row(w, (2, 4), invalid=("sonnet",) if w == "grid_1" else ()) for w in WINNERS]
    by_condition = {v.about: v.outcome for v in verdicts(rows, "H1 / H2")}
    assert by_condition["grid_1"] == "undecided"
    assert by_condition["grid_2"] == "H2 falsified"
    [four] = overall([r for r in rows if r.condition == "grid_1"])
    assert four.outcome == "undecided"
    assert any("INVALID" in caveat for caveat in four.caveats)


def test_an_invalid_run_neither_refutes_nor_holds_in_the_follow_ups() -> None:
    low = row("grid_1", (2, 4), seed=137, invalid=("sonnet", "opus"))
    rows = [r for r in all_seeds() if (r.condition, r.base_seed) != ("grid_1", 137)] + [low]
    [verdict] = verdicts(rows, FOLLOW_UP_1)
    assert (verdict.outcome, verdict.basis[:8]) == ("undecided", "invalid:")
    wide = row("grid_1", iqr=(30, 40), invalid=("sonnet",))
    others = [row(w) for w in WINNERS if w != "grid_1"]
    assert verdicts([wide, *others], FOLLOW_UP_2)[0].outcome == "undecided"
    assert verdicts([wide, *others], FOLLOW_UP_2, "opus")[0].outcome == "not refuted"


def test_an_invalid_first_seed_leaves_the_change_of_the_gap_open() -> None:
    moved = [row(w, (66, 68), seed=s, gap=(20, 21)) for w in WINNERS for s in (137, 256)]
    firsts = [row(w, (66, 68), invalid=("opus",)) for w in WINNERS]
    assert verdicts([*firsts, *moved], FOLLOW_UP_1)[0].outcome == "undecided"
    valid = [row(w, (66, 68)) for w in WINNERS]
    assert verdicts([*valid, *moved], FOLLOW_UP_1)[0].outcome == "does not hold"


def test_prompts_of_different_provenance_are_not_ruled_on_together() -> None:
    rows = [row(w, provenance="verbatim" if w == "grid_1" else "reconstruction") for w in WINNERS]
    found = overall(rows)
    assert [v.outcome for v in found] == ["undecided", "undecided"]
    assert all(v.basis.startswith("not run: ") for v in found)


def test_a_condition_run_with_two_prompts_leaves_the_four_undecided() -> None:
    rows = [row(w) for w in (*WINNERS, "grid_1")]
    [four] = overall(rows)
    assert four.outcome == "undecided"
    assert four.basis == "run more than once, with other prompts or judges: grid_1"
    assert verdicts(rows, FOLLOW_UP_2)[0].outcome == "undecided"


def test_two_models_in_one_judges_role_are_not_ruled_on_together() -> None:
    other = {**REGISTERED, "opus": "openai/made"}
    rows = [row(w, models=other if w == "grid_1" else REGISTERED) for w in WINNERS]
    assert [v.outcome for v in overall(rows)] == ["H2 (orthogonal axes)"]
    assert {v.outcome for v in overall(rows, "opus")} == {"undecided"}
    assert verdicts(rows, FOLLOW_UP_2, "opus")[0].basis.startswith("opus is not the same model")
    [grid_1] = [v for v in verdicts(rows, "H1 / H2", "opus") if v.about == "grid_1"]
    assert grid_1.caveats == ["opus is openai/made, not the registered anthropic/claude-opus-4-7"]


def test_without_seed_42_the_change_of_the_gap_is_not_known() -> None:
    later = [r for r in all_seeds() if r.base_seed != 42]
    assert verdicts(later, FOLLOW_UP_1)[0].outcome == "undecided"
    assert verdicts(later, FOLLOW_UP_2) == []


@pytest.mark.parametrize(("failed", "invalid"), [(4, False), (5, True)])
def test_a_condition_is_invalid_above_a_fifth_of_failures(
    failed: int, invalid: bool, tmp_path: Path
) -> None:
    make_log(
        tmp_path,
        verdicts=lambda j, q, e: "refusal" if q * 2 + e <= failed else (50.0, 90.0),
        count=10,
        epochs=2,
    )
    judge = build_headline(load_runs([str(tmp_path)])).comparisons[0].rows[0].judges[0]
    assert (judge.failed, judge.invalid) == (failed, invalid)


@pytest.mark.parametrize(
    ("opus", "gate"), [(59.99, True), (60.0, False), (40.01, True), (40.0, False)]
)
def test_the_gate_is_passed_below_ten_on_either_side(
    opus: float, gate: bool, tmp_path: Path
) -> None:
    make_log(
        tmp_path,
        verdicts=lambda j, q, e: (50.0 if j == "sonnet" else opus, 90.0),
        count=2,
        epochs=1,
    )
    [gap] = build_headline(load_runs([str(tmp_path)])).comparisons[0].rows[0].gaps
    assert gap.gate is gate


def test_a_verdict_over_the_four_says_each_reservation_once() -> None:
    said = verdict_text(
        Verdict(
            rule="H1 / H2",
            about="the four winners",
            target="made/target",
            base_seed=42,
            judge="sonnet",
            outcome="undecided",
            basis="for each of the four",
            numbers={},
            caveats=[
                "rubric open, not the registered eps",
                "grid_1: SIMULATED",
                "grid_1: reconstructed prompt",
                "grid_1: gate |gap| < 10 failed, sonnet − opus: -12.00",
                "grid_2: SIMULATED",
                "grid_2: gate |gap| < 10 failed, sonnet − opus: -11.00",
                "grid_3: SIMULATED",
                "grid_3: gate |gap| < 10 failed, sonnet − opus: -12.00",
            ],
        )
    )

    assert said == (
        "H1 / H2, the four winners, sonnet, seed 42: undecided, for each of the four. "
        "But: rubric open, not the registered eps; SIMULATED; grid_1: reconstructed prompt; "
        "gate |gap| < 10 failed, sonnet − opus: grid_1 and grid_3 -12.00, grid_2 -11.00."
    )
