"""From paired scores to a linked α, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from linking.applying import LinkedAlpha, apply_link, apply_link_to_alpha, decides
from linking.linkfile import LinkedJudge, LinkFile, read_link, schema_text, write_link
from linking.pairs import pair_scores
from protocol.errors import ProtocolError
from tests.linking.links import NEW, link, pairs

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = [f"q{i}" for i in range(8) for _ in range(20)]


@pytest.fixture(scope="module")
def made() -> LinkFile:
    return link()


def scores_about(alpha: float, seed: int = 7) -> list[float]:
    rng = np.random.default_rng(seed)
    return [float(s) for s in np.clip(alpha + rng.normal(0, 8, len(QUESTIONS)), 0, 100)]


def apply(made: LinkFile, scores: list[float], questions: list[str] = QUESTIONS) -> LinkedAlpha:
    return apply_link(made, scores, questions, instrument=NEW.instrument)


def test_a_lenient_successors_alpha_is_carried_back(made: LinkFile) -> None:
    scores = scores_about(60)
    linked = apply(made, scores)
    assert linked.value == pytest.approx(np.mean(scores) - 10, abs=1)
    assert linked.low < linked.value < linked.high
    assert linked.high - linked.low < 8
    assert linked.reason is None


def test_an_alpha_alone_is_carried_back(made: LinkFile) -> None:
    linked = apply_link_to_alpha(made, 60, 2.0, instrument=NEW.instrument)
    assert linked.value == pytest.approx(50, abs=1.5)
    assert linked.high - linked.low > 2 * 1.96 * 1.5


def test_without_a_standard_error_there_is_a_value_and_no_interval(made: LinkFile) -> None:
    linked = apply_link_to_alpha(made, 60, float("nan"), instrument=NEW.instrument)
    assert np.isfinite(linked.value)
    assert np.isnan(linked.low)
    assert linked.reason == "the new α's sampling error is unknown"
    assert decides(linked, 28.2) == "undecided"


def test_one_completion_has_no_interval(made: LinkFile) -> None:
    linked = apply(made, [60.0], ["q1"])
    assert np.isnan(linked.high)
    assert linked.reason is not None


def test_failed_verdicts_are_left_out_of_the_linked_alpha(made: LinkFile) -> None:
    scores = scores_about(60)
    failed = [*scores, *[float("nan")] * 8]
    assert apply(made, failed, [*QUESTIONS, *(f"q{i}" for i in range(8))]).value == pytest.approx(
        apply(made, scores).value
    )


def test_other_questions_than_the_anchors_widen_the_interval(made: LinkFile) -> None:
    rng = np.random.default_rng(4)
    given = pairs()
    tilt = rng.normal(0, 8, len(given.questions))
    tilted = link(
        pair_scores(
            [given.conditions[i] for i in given.condition],
            [given.questions[i] for i in given.question],
            given.old,
            np.clip(given.new + tilt[given.question], 0, 100),
        )
    )
    others = [f"other{q}" for q in QUESTIONS]
    known, unknown = (
        apply_link(
            tilted,
            scores_about(60),
            questions,
            instrument=NEW.instrument,
            panel="fixed",
        )
        for questions in (QUESTIONS, others)
    )
    assert known.question_sd < 0.2
    assert unknown.question_sd > 1.5
    assert unknown.high - unknown.low > known.high - known.low


def test_a_condition_specific_judge_widens_the_interval() -> None:
    given = pairs()
    shift = np.random.default_rng(5).normal(0, 6, len(given.conditions))
    moody = pair_scores(
        [given.conditions[i] for i in given.condition],
        [given.questions[i] for i in given.question],
        given.old,
        np.clip(given.new + shift[given.condition], 0, 100),
    )
    assert 3 < link(moody).link.uncertainty.condition_sd < 9
    assert link(given).link.uncertainty.condition_sd < 1


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [(30, 40, "above"), (10, 28, "below"), (20, 40, "undecided"), (28.2, 40, "undecided")],
)
def test_a_threshold_is_decided_only_by_the_whole_interval(
    low: float, high: float, side: str
) -> None:
    linked = LinkedAlpha((low + high) / 2, low, high, "linear", 0, 0, 0, 0, 10)
    assert decides(linked, 28.2) == side


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"max_tokens": 512}, "max_tokens 512 instead of 256"),
        ({"asked": "made/other"}, "asked made/other instead of made/successor-2"),
        ({"answered": "other"}, "answered other instead of None"),
        ({"temperature": 1.0}, "temperature 1.0 instead of None"),
        ({"reasoning": "effort low"}, "reasoning effort low instead of None"),
        ({"reading_rule": 0}, "reading_rule 0 instead of"),
        ({"repeats": 3}, "repeats 3 instead of 1"),
    ],
)
def test_another_instrument_is_refused(
    made: LinkFile, changed: dict[str, object], said: str
) -> None:
    other = NEW.instrument.model_copy(update=changed)
    with pytest.raises(ProtocolError, match=f"{said}.*Make a link of this instrument"):
        apply_link(made, scores_about(60), QUESTIONS, instrument=other)
    with pytest.raises(ProtocolError, match=said):
        apply_link_to_alpha(made, 60, 2.0, instrument=other)


def test_another_rubric_is_refused(made: LinkFile) -> None:
    other = NEW.instrument.model_copy(update={"rubric_sha256": "f" * 64})
    with pytest.raises(ProtocolError, match="a link carries one rubric"):
        apply_link(made, scores_about(60), QUESTIONS, instrument=other)
    with pytest.raises(ProtocolError, match="different rubrics"):
        link(new=LinkedJudge.of("sonnet", other))


@pytest.mark.parametrize("alpha", [3.0, 99.9])
def test_an_alpha_outside_the_anchors_is_refused(made: LinkFile, alpha: float) -> None:
    with pytest.raises(ProtocolError, match="lies outside the anchors"):
        apply(made, [alpha] * len(QUESTIONS))
    with pytest.raises(ProtocolError, match="lies outside the anchors"):
        apply_link_to_alpha(made, alpha, 1, instrument=NEW.instrument)


def test_too_few_conditions_are_refused_however_many_completions() -> None:
    with pytest.raises(ProtocolError, match=r"at least 8 conditions .* there are 7"):
        link(pairs(conditions=7))


def test_a_successor_that_says_one_number_links_nothing_but_that_number() -> None:
    given = pairs()
    stuck = link(replace(given, new=np.full(len(given), 85.0)))
    assert stuck.support == (85.0, 85.0)
    linked = apply(stuck, [85.0] * len(QUESTIONS))
    assert linked.high - linked.low > 60
    with pytest.raises(ProtocolError, match="lies outside the anchors"):
        apply(stuck, [80.0] * len(QUESTIONS))


def test_no_valid_score_is_refused(made: LinkFile) -> None:
    with pytest.raises(ProtocolError, match="no valid score"):
        apply(made, [float("nan")] * len(QUESTIONS))
    with pytest.raises(ProtocolError, match="no α to link"):
        apply_link_to_alpha(made, float("nan"), 1, instrument=NEW.instrument)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ([50], [101], "between 0 and 100"),
        ([-1], [50], "between 0 and 100"),
        ([50], [float("inf")], "between 0 and 100"),
        ([float("nan")], [50], "no link"),
        ([50, 60], [50], "lengths"),
    ],
)
def test_bad_scores_are_refused(old: list[float], new: list[float], said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        pair_scores(["c"], ["q"], old, new)


def test_a_condition_in_two_groups_is_refused() -> None:
    with pytest.raises(ProtocolError, match="more than one cell"):
        pair_scores(["c", "c"], ["q", "r"], [1, 2], [1, 2], {"cell": ["x", "y"]})


def test_a_link_file_is_read_back_as_it_was_and_stays_small(made: LinkFile, tmp_path: Path) -> None:
    write_link(made, tmp_path / "link.json")
    assert read_link(tmp_path / "link.json") == made
    assert (tmp_path / "link.json").stat().st_size < 60_000


@pytest.mark.parametrize("broken", ["", "[]", '{"schema_version": 2}', "no json"])
def test_a_file_that_is_no_link_is_refused_in_a_line(tmp_path: Path, broken: str) -> None:
    (tmp_path / "link.json").write_text(broken)
    with pytest.raises(ProtocolError, match="is not a link file of schema version 1"):
        read_link(tmp_path / "link.json")
    with pytest.raises(ProtocolError, match="cannot be read"):
        read_link(tmp_path / "none.json")


def test_a_changed_field_is_refused(made: LinkFile, tmp_path: Path) -> None:
    content = json.loads(made.model_dump_json())
    content["anchor"] = content.pop("anchors")
    (tmp_path / "link.json").write_text(json.dumps(content))
    with pytest.raises(ProtocolError, match="anchors"):
        read_link(tmp_path / "link.json")


def test_the_committed_schema_is_the_models() -> None:
    assert (ROOT / "docs" / "link.schema.json").read_text(encoding="utf-8") == schema_text()
