"""The successor asked again on the fixed part."""

from datetime import date

import numpy as np
import pytest

from linking.drift import Drift, check_drift
from linking.linkfile import LinkFile
from protocol.errors import ProtocolError
from tests.linking.links import NEW, link, pairs

NOW = date(2027, 6, 1)


@pytest.fixture(scope="module")
def made() -> LinkFile:
    return link(pairs(noise=0))


def again(made: LinkFile, change: float = 0.0, noise: float = 3.0, slope: float = 1.0) -> Drift:
    rng = np.random.default_rng(3)
    first = np.array(made.fixed_part.score)
    moved = 60 + slope * (first - 60) + change + rng.normal(0, noise, first.size)
    scores = dict(zip(made.fixed_part.completion, map(float, moved), strict=True))
    return check_drift(made, scores, instrument=NEW.instrument, now=NOW)


def test_the_fixed_part_covers_conditions_and_questions(made: LinkFile) -> None:
    part = made.fixed_part
    assert len(part.completion) == 128 == len(set(part.completion))
    assert len(set(part.condition)) > 20
    assert len(set(part.question)) == 8
    assert max(part.old) - min(part.old) > 80


def test_an_unchanged_successor_is_the_same(made: LinkFile) -> None:
    found = again(made)
    assert found.outcome == "same"
    assert found.overall.low < found.overall.mean < found.overall.high
    assert (found.then, found.now) == (date(2026, 12, 1), NOW)


def test_a_shifted_successor_has_drifted(made: LinkFile) -> None:
    found = again(made, change=5)
    assert found.outcome == "drifted"
    assert found.overall.mean == pytest.approx(5, abs=1)


def test_a_successor_that_moved_at_both_ends_has_drifted(made: LinkFile) -> None:
    found = again(made, slope=0.7)
    assert abs(found.overall.mean) < 2
    assert found.outcome == "drifted"


def test_too_noisy_a_successor_is_undecided(made: LinkFile) -> None:
    assert again(made, noise=25).outcome == "undecided"


def test_a_noisy_successor_is_not_taken_for_a_drifting_one() -> None:
    """Scores chosen for being low come back higher by chance alone."""
    noisy = link(pairs(noise=20))
    rng = np.random.default_rng(8)
    truth = np.array(noisy.fixed_part.old) + 10
    scores = np.clip(truth + rng.normal(0, 20, truth.size), 0, 100)
    found = check_drift(
        noisy,
        dict(zip(noisy.fixed_part.completion, map(float, scores), strict=True)),
        instrument=NEW.instrument,
        now=NOW,
    )
    assert found.outcome != "drifted"


def test_failed_verdicts_are_counted_and_left_out(made: LinkFile) -> None:
    part = made.fixed_part
    scores = dict(zip(part.completion, part.score, strict=True))
    scores[part.completion[0]] = float("nan")
    del scores[part.completion[1]]
    found = check_drift(made, scores, instrument=NEW.instrument, now=NOW)
    assert found.missing == 2
    assert found.overall.mean == 0
    assert found.overall.completions == 126


def test_what_cannot_be_compared_is_refused(made: LinkFile) -> None:
    part = made.fixed_part
    with pytest.raises(ProtocolError, match="Make a link of it instead"):
        check_drift(
            made, {}, instrument=NEW.instrument.model_copy(update={"asked": "a/b"}), now=NOW
        )
    with pytest.raises(ProtocolError, match="not in the link's fixed part"):
        check_drift(made, {"stranger": 1.0}, instrument=NEW.instrument, now=NOW)
    few = dict(zip(part.completion[:15], part.score[:15], strict=True))
    with pytest.raises(ProtocolError, match="at least 16"):
        check_drift(made, few, instrument=NEW.instrument, now=NOW)
