"""Which anchors are asked, and what that costs."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.anchor_arrays import AnchorScores, anchor_scores
from benchmarks.link_methods import RECOMMENDED
from benchmarks.simulated_successors import SUCCESSORS, Anchors, repeated
from linking.pairs import means_by
from linking.sampling import estimate_cost, sample_anchors
from protocol.errors import ProtocolError


@pytest.fixture
def anchors(real_sources: Path) -> AnchorScores:
    return anchor_scores()


def test_the_published_anchors_are_as_described(anchors: AnchorScores) -> None:
    names, condition = np.unique(anchors.conditions, return_inverse=True)
    valid = np.isfinite(anchors.old)
    alpha = means_by(anchors.old[valid], condition[valid], names.size)
    assert (anchors.old.size, int(valid.sum()), names.size) == (11_440, 11_372, 143)
    assert (round(float(alpha.min()), 1), round(float(alpha.max()), 1)) == (11.8, 91.7)


def test_the_recommended_sample_takes_every_condition_and_question_alike(
    anchors: AnchorScores,
) -> None:
    count, spread = RECOMMENDED
    chosen = sample_anchors(
        anchors.conditions, anchors.questions, anchors.old, count, spread_over=spread
    )
    assert chosen.size == count == len(set(chosen.tolist()))
    assert np.isfinite(anchors.old[chosen]).all()
    of_conditions = Counter(anchors.conditions[i] for i in chosen)
    assert len(of_conditions) == spread
    assert set(of_conditions.values()) == {count // spread}
    assert set(Counter(anchors.questions[i] for i in chosen).values()) == {count // 8}


def test_few_conditions_still_span_the_whole_range(anchors: AnchorScores) -> None:
    names, condition = np.unique(anchors.conditions, return_inverse=True)
    valid = np.isfinite(anchors.old)
    alpha = means_by(anchors.old[valid], condition[valid], names.size)
    chosen = sample_anchors(anchors.conditions, anchors.questions, anchors.old, 240, spread_over=20)
    taken = alpha[np.unique(condition[chosen])]
    assert taken.size == 20
    assert (taken.min(), taken.max()) == (alpha.min(), alpha.max())
    # Of all conditions, 38 % lie over 80.
    assert (taken > 80).sum() <= 6


def test_a_sample_is_the_same_for_the_same_seed(anchors: AnchorScores) -> None:
    first, again, other = (
        sample_anchors(anchors.conditions, anchors.questions, anchors.old, 286, seed=seed).tolist()
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_more_than_there_is_gives_all_valid_ones() -> None:
    chosen = sample_anchors(["a", "a", "b"], ["q"] * 3, [1, float("nan"), 3], 10)
    assert chosen.tolist() == [0, 2]


def test_what_cannot_be_sampled_is_refused() -> None:
    with pytest.raises(ProtocolError, match="ask for at least 2"):
        sample_anchors(["a", "b"], ["q", "q"], [1, 2], 1)
    with pytest.raises(ProtocolError, match="No anchor has a valid score"):
        sample_anchors(["a"], ["q"], [float("nan")], 1)


def test_the_cost_is_tokens_times_prices() -> None:
    cost = estimate_cost([400, 600], 720, input_price=3, output_price=15, price_factor=0.5)
    assert (cost.calls, cost.input_tokens, cost.output_tokens) == (2, 610, 380)
    assert cost.dollars == pytest.approx((610 * 3 + 380 * 15) / 1e6 / 2)
    nothing = estimate_cost([], 720, input_price=3, output_price=15)
    assert (nothing.calls, nothing.dollars) == (0, 0)


def test_a_linked_alphas_interval_holds_the_old_judges_alpha(real_sources: Path) -> None:
    """The whole way on the real anchors' old scores; benchmarks/link_methods.md has 500 draws a successor."""
    found = repeated(Anchors(anchor_scores()), SUCCESSORS[4], RECOMMENDED, 60, seed=2)
    assert found.coverage > 0.85
    assert found.rmse < 5
    assert found.width < 16
