import pytest

from reports.decision import over_the_four, place_alpha
from reports.followups import judge_followup_1, judge_followup_2
from reports.headline import Estimate, Outcome
from reports.published import WINNERS, read_rules

EM = 28.208704253214638
RULES = read_rules()


def estimate(low: float, high: float) -> Estimate:
    return Estimate(value=(low + high) / 2, low=low, high=high)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (1, 14.9, "H2 falsified"),
        (1, 15, "H2 falsified"),
        (15, 15, "H2 falsified"),
        (14.9, 15.1, "undecided"),
        (15, 20, "undecided"),
        (15.1, 20, "H1 (coupling)"),
        (20, EM, "H1 (coupling)"),
        (20, EM + 1e-9, "undecided"),
        (EM, 40, "undecided"),
        (EM + 1e-9, 40, "H2 (orthogonal axes)"),
        (10, 60, "undecided"),
    ],
)
def test_an_alpha_is_placed_only_when_its_whole_interval_is_on_one_side(
    low: float, high: float, outcome: str
) -> None:
    assert place_alpha(estimate(low, high), RULES)[0] == outcome


def test_no_alpha_or_no_interval_is_undecided() -> None:
    assert place_alpha(Estimate(value=None), RULES)[0] == "undecided"
    assert place_alpha(Estimate(value=10.0), RULES)[0] == "undecided"


H1, H2, OUT, OPEN = "H1 (coupling)", "H2 (orthogonal axes)", "H2 falsified", "undecided"


@pytest.mark.parametrize(
    ("outcomes", "expected", "basis"),
    [
        ([H1, H1, H1, H1], H1, "each of the four"),
        ([H2, H2, H2, H2], H2, "each of the four"),
        ([H2, H2, H2, OUT], OUT, "by grid_3"),
        ([OUT], OUT, "by pair_111"),
        ([H2, H2, H2], OPEN, "not run: grid_3"),
        ([H2, H2, H2, H1], OPEN, "the conditions differ"),
        ([H2, H2, H2, OPEN], OPEN, "the conditions differ"),
        ([OPEN] * 4, OPEN, "for each of the four"),
    ],
)
def test_the_four_together(outcomes: list[Outcome], expected: str, basis: str) -> None:
    found, said = over_the_four(zip(WINNERS, outcomes, strict=False))
    assert found == expected
    assert basis in said


def seeds(sonnet: Estimate, opus: Estimate) -> dict[str, Estimate]:
    judges = {"sonnet": sonnet, "opus": opus}
    return {f"{w} {s} {j}": e for w in WINNERS for s in (137, 256) for j, e in judges.items()}


def gaps(low: float, high: float) -> dict[str, Estimate]:
    return {f"{w} {s} change": estimate(low, high) for w in WINNERS for s in (137, 256)}


@pytest.mark.parametrize(
    ("sonnet", "opus", "gap", "complete", "outcome"),
    [
        ((40, 50), (65, 70), (-10, 10), True, "holds"),
        ((39.9, 50), (65, 70), (-10, 10), True, "undecided"),
        ((40, 50), (64.9, 70), (-10, 10), True, "undecided"),
        ((40, 50), (65, 70), (-10.1, 10), True, "undecided"),
        ((40, 50), (65, 70), (10.1, 12), True, "does not hold"),
        ((40, 50), (65, 70), (-12, -10.1), True, "does not hold"),
        ((36, 39.9), (65, 70), (-1, 1), True, "does not hold"),
        ((40, 50), (60, 64.9), (-1, 1), True, "does not hold"),
        ((30, 35), (65, 70), (-1, 1), True, "refuted in part"),
        ((30, 35.1), (65, 70), (-1, 1), True, "does not hold"),
        ((40, 50), (65, 70), (-1, 1), False, "undecided"),
        ((30, 35), (65, 70), (-1, 1), False, "refuted in part"),
    ],
)
def test_follow_up_over_seeds(
    sonnet: tuple[float, float],
    opus: tuple[float, float],
    gap: tuple[float, float],
    complete: bool,
    outcome: str,
) -> None:
    alphas = seeds(estimate(*sonnet), estimate(*opus))
    assert judge_followup_1(alphas, gaps(*gap), complete, RULES)[0] == outcome


@pytest.mark.parametrize(
    ("intervals", "outcome"),
    [
        ([(5, 10)] * 4, "refuted"),
        ([(5, 19.99)] * 4, "refuted"),
        ([(5, 20)] * 4, "undecided"),
        ([(5, 10)] * 3 + [(20, 30)], "not refuted"),
        ([(5, 10)] * 3 + [(19, 30)], "undecided"),
        ([(5, 10)] * 3, "undecided"),
        ([(25, 30)], "not refuted"),
    ],
)
def test_follow_up_over_questions(intervals: list[tuple[float, float]], outcome: str) -> None:
    spreads = {w: estimate(*i) for w, i in zip(WINNERS, intervals, strict=False)}
    assert judge_followup_2(spreads, RULES.followup_2.iqr)[0] == outcome
