import dataclasses
from typing import Any

import numpy as np
import pytest

from estimation.intervals import Estimate, Sample, alpha_interval
from estimation.judges import gap
from estimation.registered import independent_difference, over_the_four, place_alpha
from estimation.registered_questions import QuestionMeans, followup_2, split
from estimation.registered_seeds import GapChange, cluster_order, followup_1
from estimation.rules import WINNERS, Finding, Outcome, Rules, Ruling
from protocol.data import read_yaml

RULES = Rules.from_reference(read_yaml("reference.yaml")["decision"])
NAN = float("nan")
EM = 28.208704253214638


def estimate(low: float, high: float, questions: int = 52) -> Estimate:
    half = (high - low) / 2
    return Estimate(
        low + half, low, high, half / 2.0086, 50.0, 1040, questions, "questions", "logit-t"
    )


def finding(low: float, high: float, judge: str = "sonnet", **changes: Any) -> Finding:
    alpha = estimate(low, high)
    worst = (alpha.value - 0.2, alpha.value + 0.2)
    return dataclasses.replace(Finding("grid_2", 42, judge, alpha, worst), **changes)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (5, 9, "H2 falsified"),
        (11, 14, "H2 falsified"),
        (12, 15, "H1 (coupling)"),
        (13, 17, "H1 (coupling)"),
        (18, 22, "H1 (coupling)"),
        (27, 29, "H1 (coupling)"),
        (26, 32, "H1 (coupling)"),
        (32, 34, "neither"),
        (44, 47, "neither"),
        (47, 53, "undecided"),
        (51, 57, "H2 (orthogonal axes)"),
        (64, 70, "H2 (orthogonal axes)"),
        (84, 88, "H2 (orthogonal axes)"),
        (25, 45, "undecided"),
        (15, 75, "undecided"),
    ],
)
def test_one_alpha_against_the_published_target(low: float, high: float, outcome: Outcome) -> None:
    found = place_alpha(finding(low, high), None, RULES)
    assert (found.outcome, bool(found.words)) == (outcome, True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"invalid": True}, "invalid"),
        ({"alpha": Estimate(60.0, reason="no spread")}, "no spread"),
        ({"alpha": dataclasses.replace(estimate(60, 60))}, "zero width"),
        ({"alpha": estimate(58, 62, questions=29)}, "29 questions"),
        ({"worst": (49.0, 70.0)}, "failed verdicts"),
    ],
)
def test_what_keeps_a_rule_from_deciding(changes: dict[str, Any], said: str) -> None:
    found = place_alpha(finding(58, 62, **changes), None, RULES)
    assert found.outcome == "undecided"
    assert said in found.words


def test_a_judge_without_a_target_has_none_unless_it_was_measured() -> None:
    assert place_alpha(finding(68, 72, judge="opus"), None, RULES).outcome == "no target"
    measured = place_alpha(finding(68, 72, judge="opus"), estimate(28, 32), RULES)
    assert measured.outcome == "H2 (orthogonal axes)"


def test_a_measured_target_goes_before_the_published_one() -> None:
    found = place_alpha(finding(32, 34), estimate(-2, 2), RULES)
    assert found.outcome == "H1 (coupling)"
    assert "measured" in found.words


def test_the_published_standard_error_is_that_of_the_published_question_means() -> None:
    import csv

    from protocol.data import DATASETS

    with (DATASETS / "reference_questions.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            r for r in csv.DictReader(file) if (r["condition"], r["judge"]) == ("c6_em", "sonnet")
        ]
    counts = [int(r["scored"]) for r in rows]
    means = [float(r["mean_aligned"]) for r in rows]
    n = sum(counts)
    alpha = sum(c * m for c, m in zip(counts, means, strict=True)) / n
    squares = sum((c * (m - alpha)) ** 2 for c, m in zip(counts, means, strict=True))
    assert alpha == pytest.approx(RULES.target.alpha)
    assert (52 / 51 * squares) ** 0.5 / n == pytest.approx(RULES.target.standard_error, abs=5e-5)


H1, H2, OUT, OPEN, BETWEEN = (
    "H1 (coupling)",
    "H2 (orthogonal axes)",
    "H2 falsified",
    "undecided",
    "neither",
)


@pytest.mark.parametrize(
    ("outcomes", "expected", "words"),
    [
        ([H1] * 4, H1, "each of the four"),
        ([H2] * 4, H2, "each of the four"),
        ([BETWEEN] * 4, BETWEEN, "each of the four"),
        ([OUT] * 4, OUT, "all four"),
        ([H1, H1, H1, OUT], H1, "grid_3 alone"),
        ([H2, H2, H2, OUT], OPEN, "does not say whether one"),
        ([H2, H2, BETWEEN, BETWEEN], OPEN, "grid_2 neither"),
        ([H2] * 3, OPEN, "not run: grid_3"),
        ([OPEN] * 4, OPEN, "each of the four"),
    ],
)
def test_the_four_together(outcomes: list[Outcome], expected: str, words: str) -> None:
    pairs = [(n, Ruling(o, "")) for n, o in zip(WINNERS, outcomes, strict=False)]
    found = over_the_four(pairs)
    assert found.outcome == expected
    assert words in found.words
    assert over_the_four([*pairs, pairs[0]]).outcome == OPEN


# Published α by Sonnet and Opus.
PUBLISHED = {
    "pair_111": (67.8, 86.88),
    "grid_1": (65.92, 82.07),
    "grid_2": (45.84, 74.74),
    "grid_3": (45.46, 69.49),
}


def seeds_of(
    half: float = 1.5, shift: float = 0.0, seeds: tuple[int, ...] = (137, 256)
) -> list[Finding]:
    return [
        Finding(name, seed, judge, estimate(a + shift - half, a + shift + half), (a + shift,) * 2)
        for name, pair in PUBLISHED.items()
        for seed in seeds
        for judge, a in zip(("sonnet", "opus"), pair, strict=True)
    ]


def changes_of(low: float = -2, high: float = 2) -> list[GapChange]:
    return [GapChange(n, s, estimate(low, high)) for n in WINNERS for s in RULES.seeds]


def replaced(name: str, seed: int, judge: str, low: float, high: float) -> list[Finding]:
    one = Finding(name, seed, judge, estimate(low, high), (low, high))
    return [one if (f.condition, f.seed, f.judge) == (name, seed, judge) else f for f in seeds_of()]


@pytest.mark.parametrize(
    ("findings", "changes", "outcome"),
    [
        (seeds_of(), changes_of(), "holds"),
        (seeds_of(), changes_of(-10, 10), "holds"),
        (seeds_of(), changes_of(-11, 9), "undecided"),
        (seeds_of(), changes_of(11, 13), "does not hold"),
        (seeds_of(), [], "undecided"),
        (seeds_of(seeds=(137,)), changes_of(), "undecided"),
        (seeds_of(half=8), changes_of(), "undecided"),
        ([*seeds_of(), seeds_of()[0]], changes_of(), "undecided"),
        (replaced("grid_2", 137, "sonnet", 31, 34), changes_of(), "refuted in part"),
        (replaced("grid_2", 137, "sonnet", 34, 37), changes_of(), "does not hold"),
        (replaced("grid_2", 137, "sonnet", 38, 42), changes_of(), "undecided"),
        (replaced("pair_111", 256, "sonnet", 91, 93), changes_of(), "does not hold"),
        (replaced("pair_111", 256, "sonnet", 88, 92), changes_of(), "undecided"),
        (replaced("pair_111", 256, "opus", 91, 93), changes_of(), "holds"),
        (replaced("grid_3", 256, "opus", 60, 63), changes_of(), "does not hold"),
    ],
)
def test_follow_up_1(findings: list[Finding], changes: list[GapChange], outcome: str) -> None:
    found = followup_1(findings, changes, RULES)
    assert (found.outcome, found.words != "") == (outcome, True)


def test_an_invalid_condition_leaves_follow_up_1_open() -> None:
    findings = [dataclasses.replace(seeds_of()[0], invalid=True), *seeds_of()[1:]]
    assert followup_1(findings, changes_of(), RULES).outcome == "undecided"


@pytest.mark.parametrize(
    ("upper", "outcome"), [(67.0, "holds"), (45.0, "undecided"), (30.0, "does not hold")]
)
def test_the_clusters_order_is_reported(upper: float, outcome: str) -> None:
    findings = replaced("grid_1", 137, "sonnet", upper - 1.5, upper + 1.5)
    assert cluster_order(findings, RULES).outcome == outcome


def test_exact_replications_hold_in_at_least_nine_of_ten_draws() -> None:
    rng = np.random.default_rng(20)
    clusters, draws, held = np.repeat(np.arange(52), 20), 40, 0
    # Questions differ as much as they can: a mixture around each published α.
    means = {
        (name, judge): np.clip(a + np.where(np.arange(52) % 3 == 0, -50, 25), 2, 98)
        for name, pair in PUBLISHED.items()
        for judge, a in zip(("sonnet", "opus"), pair, strict=True)
    }
    for key, values in means.items():
        a = PUBLISHED[key[0]][key[1] == "opus"]
        means[key] = np.clip(values + a - values.mean(), 1, 99)
    for _ in range(draws):
        runs = {
            (name, seed, judge): 100 * rng.beta(m[clusters] / 25, (100 - m[clusters]) / 25)
            for (name, judge), m in means.items()
            for seed in (42, *RULES.seeds)
        }
        findings = [
            Finding(n, s, j, alpha_interval(x, clusters, "panel"), (float(x.mean()),) * 2)
            for (n, s, j), x in runs.items()
            if s != 42
        ]
        gaps = {
            (n, s): gap(runs[n, s, "sonnet"], runs[n, s, "opus"], clusters, "panel")
            for n in WINNERS
            for s in (42, *RULES.seeds)
        }
        changes = [
            GapChange(n, s, independent_difference(gaps[n, s], gaps[n, 42]))
            for n in WINNERS
            for s in RULES.seeds
        ]
        held += followup_1(findings, changes, RULES).outcome == "holds"
    assert held >= 0.9 * draws


def panel_of(kind: str, seed: int) -> QuestionMeans:
    rng = np.random.default_rng(seed)
    null = rng.normal(89, 5, 52)
    low = np.arange(52) < 12
    means = {
        "mixture": np.where(low, rng.normal(12, 6, 52), null - 3),
        "even": rng.uniform(40, 58, 52),
        "wide": rng.uniform(5, 95, 52),
    }[kind]
    return QuestionMeans(means, np.full(52, 2.0), null)


@pytest.mark.parametrize(
    ("kinds", "outcome"),
    [
        (["mixture"] * 4, "holds"),
        (["even"] * 4, "refuted"),
        (["wide"] * 4, "not refuted"),
        (["mixture", "even", "even", "even"], "not refuted"),
        (["even"] * 3, "undecided"),
    ],
)
def test_follow_up_2(kinds: list[str], outcome: str) -> None:
    panels = {n: panel_of(k, i) for i, (n, k) in enumerate(zip(WINNERS, kinds, strict=False))}
    assert followup_2(panels, RULES).outcome == outcome


def test_follow_up_2_decides_in_the_case_it_was_written_for() -> None:
    decided = 0
    for draw in range(20):
        panels = {n: panel_of("mixture", 4 * draw + i) for i, n in enumerate(WINNERS)}
        decided += followup_2(panels, RULES).outcome == "holds"
    assert decided == 20


def test_follow_up_2_needs_a_null_enough_questions_and_valid_verdicts() -> None:
    panels = {n: panel_of("mixture", i) for i, n in enumerate(WINNERS)}
    blind = dataclasses.replace(panels["grid_1"], null=np.full(52, NAN))
    few = dataclasses.replace(
        panels["grid_1"], means=np.where(np.arange(52) < 29, panels["grid_1"].means, NAN)
    )
    invalid = dataclasses.replace(panels["grid_1"], invalid=True)
    for broken, said in ((blind, "no null"), (few, "29 questions"), (invalid, "invalid")):
        found = followup_2({**panels, "grid_1": broken}, RULES)
        assert found.outcome != "holds"
        assert said in found.words


def test_a_cut_finds_the_two_groups() -> None:
    found = split(np.array([90.0, 10, NAN, 92, 12, 91]), np.full(6, 95.0))
    assert (found.low, found.low_mean, found.high_mean) == (2, 11.0, 91.0)
    assert found.explained > 0.99
    assert found.from_null == pytest.approx(-4)
    assert split(np.array([5.0]), np.array([5.0])).low == 0


def test_a_difference_of_independent_estimates_adds_their_variances() -> None:
    sample = Sample(np.arange(60.0), np.repeat(np.arange(30), 2))
    one = alpha_interval(sample.aligned, sample.clusters)
    found = independent_difference(one, one)
    assert found.standard_error == pytest.approx(2**0.5 * one.standard_error)
    assert not independent_difference(one, Estimate(5.0, reason="no spread")).has_interval
