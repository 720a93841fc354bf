from dataclasses import replace

import numpy as np
import pytest

from likeness.fit import FitSettings
from likeness.measure import Completions, ConditionLikeness, Likeness, clustered_mean, measure
from protocol.errors import ProtocolError
from tests.likeness.planted import planted, strings

SHIFTS = {"base": 0.0, "em": 6.0, "half": 3.0, "beyond": 12.0, "twin": 6.0}


def run(data: Completions, **options: object) -> Likeness:
    return measure(data, "em", "base", encoder="planted@1", permutations=99, **options)  # type: ignore[arg-type]


def by_name(result: Likeness) -> dict[str, ConditionLikeness]:
    return {row.condition: row for row in result.conditions}


def part(data: Completions, rows: np.ndarray) -> Completions:
    return Completions(
        [data.texts[i] for i in np.arange(len(data.texts))[rows]],
        data.embeddings[rows],
        data.questions[rows],
        data.conditions[rows],
    )


def test_planted_conditions_stand_in_their_order() -> None:
    result = run(planted(1, SHIFTS))
    rows = by_name(result)

    assert result.scale.fit.auc > 0.99
    assert rows["base"].c < 0.1
    assert rows["em"].c > 0.9
    assert abs(rows["half"].c - 0.5) < 0.2
    assert rows["twin"].c == pytest.approx(rows["em"].c, abs=0.05)
    assert all(row.low <= row.c <= row.high for row in rows.values())
    assert result.probabilities.shape == (len(SHIFTS) * 120,)
    assert [row.texts for row in result.conditions] == [120] * 5


def test_the_same_c_need_not_be_the_same_distribution() -> None:
    rows = by_name(run(planted(2, SHIFTS)))

    assert rows["em"].discrepancy is None
    assert rows["twin"].discrepancy is not None
    assert rows["twin"].discrepancy.p_value > 0.05
    # Farther out on the same side of the boundary: C cannot tell, the two-sample test can.
    assert rows["beyond"].c > 0.95
    assert rows["beyond"].discrepancy is not None
    assert rows["beyond"].discrepancy.p_value == 0.01


def test_classes_that_do_not_differ_have_an_auc_of_a_half() -> None:
    aucs = [run(planted(seed, {"base": 0, "em": 0})).scale.fit.auc for seed in range(10)]

    assert abs(np.mean(aucs) - 0.5) < 0.05


def test_a_leak_of_questions_inflates_and_grouped_folds_do_not_let_it() -> None:
    """Conditions differ in each question in another way, so nothing carries over to a new question."""
    grouped, leaky = [], []
    for seed in range(5):
        data = planted(seed, {"base": 0, "em": 0}, quirk=1.5)
        grouped.append(run(data).scale.fit.auc)
        leaky.append(run(data, settings=FitSettings(grouped=False)).scale.fit.auc)

    assert np.mean(leaky) > 0.8
    assert abs(np.mean(grouped) - 0.5) < 0.1


def test_another_condition_moves_nothing() -> None:
    data = planted(3, SHIFTS)
    alone = part(data, np.isin(data.conditions, ["base", "em", "half"]))
    shuffled = part(data, np.random.default_rng(0).permutation(len(data.texts)))

    for other in (alone, shuffled):
        one, two = run(data), run(other)
        assert one.scale.id == two.scale.id
        for name, row in by_name(two).items():
            assert row.c == pytest.approx(by_name(one)[name].c, abs=1e-4)
            assert row.length_c == pytest.approx(by_name(one)[name].length_c, abs=1e-4)


def test_whatever_moves_c_makes_another_scale() -> None:
    data = planted(4, {"base": 0, "em": 3, "more": 1})
    first = str(np.unique(data.questions)[0])
    changed = [*data.texts]
    changed[0] += "!"
    ids = {
        run(data).scale.id,
        run(data, negatives=["more"]).scale.id,
        run(data, settings=FitSettings(regularisation=0.1)).scale.id,
        run(data, settings=FitSettings(seed=1)).scale.id,
        run(replace(data, texts=changed)).scale.id,
        run(part(data, data.questions != first)).scale.id,
        measure(data, "base", "em", encoder="planted@1", permutations=9).scale.id,
        measure(data, "em", "base", encoder="planted@2", permutations=9).scale.id,
    }

    assert len(ids) == 8


def test_length_alone_is_told_apart_from_content() -> None:
    same = run(planted(5, {"base": 0, "em": 6}))
    longer = run(planted(5, {"base": 0, "em": 0}, lengths={"em": 400}))

    assert same.scale.length_fit.auc == pytest.approx(0.5, abs=0.05)
    assert longer.scale.length_fit.auc > 0.99
    assert abs(longer.scale.fit.auc - 0.5) < 0.15


def test_questions_that_no_training_text_has_are_scored_by_the_mean_of_the_folds() -> None:
    data = planted(6, SHIFTS)
    elsewhere = data.conditions == "twin"
    questions = data.questions.astype("U8")
    questions[elsewhere] = strings([f"x{q}" for q in data.questions[elsewhere]])
    row = by_name(run(replace(data, questions=questions)))["twin"]

    assert row.c > 0.9
    assert row.discrepancy is not None
    assert row.discrepancy.questions == 0
    assert np.isnan(row.discrepancy.mmd2)
    assert np.isnan(row.discrepancy.p_value)


def test_one_question_has_a_c_and_no_interval() -> None:
    data = planted(7, SHIFTS)
    rows = (data.conditions != "half") | (data.questions == data.questions[0])
    half = by_name(run(part(data, rows)))["half"]

    assert np.isfinite(half.c)
    assert np.isnan([half.low, half.high]).all()


def test_a_larger_class_of_negatives_is_taken_as_it_comes() -> None:
    result = run(planted(8, SHIFTS), negatives=["half", "base"])

    assert result.scale.negatives == ("base", "half")
    assert (result.scale.positive_texts, result.scale.negative_texts) == (120, 240)


@pytest.mark.parametrize(
    ("data", "names", "message"),
    [
        (planted(1, {"base": 0}), ("em", "base"), "no completions of em. Conditions given: base"),
        (planted(1, {"em": 0}), ("em", "base"), "no completions of base"),
        (planted(1, {"em": 0}), ("em", "em"), "cannot be the finetune and a negative at once"),
        (planted(1, {"em": 0, "base": 1}, questions=1), ("em", "base"), "at least two questions"),
    ],
)
def test_what_cannot_be_fitted_is_one_line(
    data: Completions, names: tuple[str, str], message: str
) -> None:
    with pytest.raises(ProtocolError, match=message):
        measure(data, *names, encoder="planted@1", permutations=9)


def test_broken_input_is_one_line() -> None:
    data = planted(1, {"em": 0, "base": 1})
    data.embeddings[3, 2] = np.nan
    with pytest.raises(ProtocolError, match="NaN"):
        run(data)
    with pytest.raises(ProtocolError, match="one row per completion"):
        replace(data, texts=data.texts[1:])


def test_the_interval_of_c_holds_the_truth_when_questions_differ() -> None:
    rng = np.random.default_rng(0)
    clusters = np.repeat(strings([f"q{i}" for i in range(8)]), 10)
    held = []
    for _ in range(800):
        means = rng.beta(4, 4, 8)
        values = rng.beta(6 * np.repeat(means, 10), 6 * (1 - np.repeat(means, 10)))
        _, low, high = clustered_mean(values, clusters)
        held.append(low <= 0.5 <= high)

    assert 0.92 < np.mean(held) < 0.98
    assert np.isnan(clustered_mean(values[:0], clusters[:0])).all()
