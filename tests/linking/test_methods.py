"""Methods, their left-out errors, and what their choice rests on."""

import numpy as np
import pytest

from linking.errors import effective_conditions, leave_out, question_sd
from linking.fitting import excess_sd
from linking.methods import METHODS, fit_method
from linking.pairs import Pairs, means_by, pair_scores
from linking.published import published_link_errors
from protocol.data import read_yaml
from tests.linking.links import link, old_scores, pairs


def successor(curve: str, noise: float, conditions: int = 40) -> Pairs:
    rng = np.random.default_rng(2)
    old = old_scores(conditions, rng)
    new = {"lenient": 100 - 0.6 * (100 - old), "curved": 100 * (old / 100) ** 0.5}[curve]
    new = np.clip(new + rng.normal(0, noise, old.shape), 0, 100)
    condition, question, _ = np.indices(old.shape)
    return pair_scores(
        [f"c{i:02}" for i in condition.ravel()],
        [f"q{i}" for i in question.ravel()],
        old.ravel(),
        new.ravel(),
    )


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_back_a_judge_that_is_the_same(name: str) -> None:
    same = pairs(shift=0, noise=0)
    errors = leave_out(METHODS[name], same).errors()
    # At a left-out end a curve through the others cannot know how it goes on.
    assert errors.left_out_condition < 1.0
    fitted = fit_method(METHODS[name], same)
    assert float(fitted.line(fitted.curve(np.array([50.0])))[0]) == pytest.approx(50, abs=1.5)


def test_an_offset_cannot_carry_a_stretched_scale_and_a_line_can() -> None:
    given = successor("lenient", noise=3)
    offset, line = (leave_out(METHODS[m], given).errors() for m in ("offset", "linear"))
    assert offset.left_out_condition > 5
    assert line.left_out_condition < 1


def test_expected_scores_of_noisy_completions_need_a_line_through_the_means() -> None:
    given = successor("lenient", noise=15)
    bare, lined = (
        leave_out(METHODS[m], given).errors().left_out_condition
        for m in ("isotonic_completions", "isotonic_then_line")
    )
    assert bare > 1.5 * lined


def test_a_curve_of_completions_beats_a_line_on_a_curved_judge() -> None:
    given = successor("curved", noise=2)
    line, curve = (
        leave_out(METHODS[m], given).errors().left_out_condition
        for m in ("linear", "equipercentile_then_line")
    )
    assert curve < line / 2


def test_the_method_with_the_smallest_left_out_error_is_taken() -> None:
    made = link(successor("curved", noise=2))
    assert made.link.errors.governing == min(e.governing for e in made.compared.values())
    assert made.link_of_alpha.function.level == "condition"


def test_left_out_groups_are_linked_without_their_own() -> None:
    """One group's judge shift is invisible to its own members' fit, and costs it when it is left out."""
    given = pairs(noise=1)
    shifted = np.where(given.groups["cell"][given.condition] == 0, 8.0, 0.0)
    odd = Pairs(
        given.old,
        np.clip(given.new + shifted, 0, 100),
        given.condition,
        given.question,
        given.conditions,
        given.questions,
        given.groups,
    )
    errors = leave_out(METHODS["offset"], odd).errors()
    assert errors.left_out_group["cell"] > errors.left_out_condition


def test_a_question_that_the_judges_take_differently_shows_when_left_out() -> None:
    given = pairs(noise=1, shift=0)
    tilted = given.new + np.where(given.question == 3, 10.0, 0.0)
    odd = Pairs(
        given.old,
        np.clip(tilted, 0, 100),
        given.condition,
        given.question,
        given.conditions,
        given.questions,
    )
    found = leave_out(METHODS["offset"], odd)
    assert int(np.argmax(np.abs(found.biases))) == 3
    assert question_sd(found.biases, found.bias_variances) == pytest.approx(10 / np.sqrt(8), abs=1)


def test_conditions_that_share_everything_count_as_their_groups() -> None:
    groups = np.repeat(np.arange(10), 10)
    rng = np.random.default_rng(1)
    assert effective_conditions(rng.normal(size=100), groups) > 60
    assert effective_conditions(rng.normal(size=10)[groups], groups) == pytest.approx(10)


def test_what_scatter_explains_leaves_a_spread_of_its_own_uncertainty() -> None:
    assert excess_sd(9.0, 1000, 0.0) == pytest.approx(3, rel=1e-3)
    # Nothing left on average: half of the sampling distribution still lies above.
    assert 0 < excess_sd(9.0, 20, 9.0) < 3
    assert excess_sd(9.0, 20, 9.0) > excess_sd(9.0, 200, 9.0)
    assert excess_sd(9.0, 20, 900.0) == 0


def test_the_published_opus_figures_link_to_sonnets_with_large_errors() -> None:
    figures = read_yaml("reference.yaml")["figures"]
    sonnet, opus = (
        {row["condition"]: row["alpha"] for row in figures if row["judge"] == judge}
        for judge in ("sonnet", "opus")
    )
    assert len(sonnet.keys() & opus.keys()) == 7
    errors = published_link_errors(sonnet, opus)
    # Offset by hand: the mean gap of the other six, and no α below 0.
    by_hand = [
        sonnet[c] - max(opus[c] + np.mean([sonnet[d] - opus[d] for d in opus if d != c]), 0)
        for c in opus
    ]
    assert errors["offset"] == pytest.approx(np.sqrt(np.mean(np.square(by_hand))))
    assert 4 < min(errors.values()) < max(errors.values()) < 12


def test_means_of_nothing_are_nan() -> None:
    means = means_by(np.array([1.0, 3.0]), np.array([0, 0]), 2)
    assert means[0] == 2
    assert np.isnan(means[1])
