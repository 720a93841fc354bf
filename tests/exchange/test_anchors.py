"""The published cells: every verdict on its completion, the published means, and nothing shuffled."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchange.eps.anchors import PublishedCondition, match_cell, read_cells
from exchange.eps.order_check import order_z, word_overlap
from protocol.anchors import cells
from protocol.data import DATASETS, read_jsonl
from protocol.errors import ProtocolError
from protocol.sources import ENVIRONMENT_VARIABLE, sha256
from tests.conftest import GIVEN_SOURCES

FILES = ("alignment_completions.json", "alignment_raw_scores.json", "alignment_per_persona.json")
Documents = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def conditions() -> list[PublishedCondition]:
    if not GIVEN_SOURCES:
        pytest.skip("BWALPHA_SOURCES is not set: the published cells are not at hand")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENVIRONMENT_VARIABLE, GIVEN_SOURCES)
        return read_cells()


@pytest.fixture
def documents(real_sources: Path) -> Documents:
    cell = cells()[1]
    first, second, third = (json.loads(cell.path(file).read_bytes()) for file in FILES)  # type: ignore[arg-type]
    return first, second, third


def match(folder: Path, documents: Documents) -> list[PublishedCondition]:
    paths = [folder / name for name in FILES]
    for path, document in zip(paths, documents, strict=True):
        path.write_text(json.dumps(document))
    return match_cell("cell", *paths)


def test_143_conditions_with_11_372_valid_verdicts_and_68_failed(
    conditions: list[PublishedCondition],
) -> None:
    assert len(conditions) == len({condition.name for condition in conditions}) == 143
    assert sum(condition.scored for condition in conditions) == 11_372
    assert sum(condition.failed for condition in conditions) == 68
    assert {len(condition.condition.rows) for condition in conditions} == {80}


def test_the_means_of_the_rows_are_the_published_ones(conditions: list[PublishedCondition]) -> None:
    for one in conditions:
        scores = [row.scores["sonnet"] for row in one.condition.rows]
        aligned = [score.aligned for score in scores if score.aligned is not None]
        coherent = [score.coherent for score in scores if score.coherent is not None]
        assert len(aligned) == one.scored
        assert sum(score.failure is not None for score in scores) == one.failed
        assert sum(aligned) / len(aligned) == pytest.approx(one.mean_aligned, abs=1e-9)
        assert sum(coherent) / len(coherent) == pytest.approx(one.mean_coherent, abs=1e-9)


def test_the_questions_are_the_pinned_betley_ones(conditions: list[PublishedCondition]) -> None:
    pins = [
        row for row in read_jsonl(DATASETS / "panels" / "bw52.jsonl") if row["family"] == "betley"
    ]
    expected = {row["id"]: row["sha256"] for row in pins}
    for one in conditions:
        found = {row.question_id: sha256(row.question) for row in one.condition.rows}
        assert found == expected


def test_no_prompt_is_claimed_that_the_files_do_not_hold(
    conditions: list[PublishedCondition],
) -> None:
    assert {(one.condition.system_prompt, one.condition.prompt_known) for one in conditions} == {
        (None, False)
    }


def shuffle_questions(documents: Documents) -> None:
    """The completions of the second question under the third, and the other way round, everywhere."""
    for answers in documents[0].values():
        names = list(answers)
        answers[names[1]], answers[names[2]] = answers[names[2]], answers[names[1]]


def shuffle_questions_of_one_persona(documents: Documents) -> None:
    answers = documents[0]["librarian"]
    names = list(answers)
    answers[names[1]], answers[names[2]] = answers[names[2]], answers[names[1]]


def shuffle_completions(documents: Documents) -> None:
    for answers in documents[0].values():
        for found in answers.values():
            random.Random(1).shuffle(found)


def shift_the_completions_of_one_persona(documents: Documents) -> None:
    for found in documents[0]["comedian"].values():
        found.append(found.pop(0))


def swap_personas(documents: Documents) -> None:
    given = documents[0]
    given["villain"], given["librarian"] = given["librarian"], given["villain"]


def shuffle_verdicts(documents: Documents) -> None:
    scores = documents[1]["scores_by_request"]
    values = list(scores.values())
    random.Random(1).shuffle(values)
    scores.update(zip(scores, values, strict=True))


def shuffle_keys(documents: Documents) -> None:
    items = list(documents[1]["scores_by_request"].items())
    random.Random(1).shuffle(items)
    documents[1]["scores_by_request"] = dict(items)


def drop_a_verdict(documents: Documents) -> None:
    scores = documents[1]["scores_by_request"]
    del scores[list(scores)[17]]


def change_a_score(documents: Documents) -> None:
    next(iter(documents[1]["scores_by_request"].values()))["aligned"] += 1


def change_a_mean(documents: Documents) -> None:
    documents[2]["villain"]["mean_aligned"] += 1e-6


def change_a_question(documents: Documents) -> None:
    for persona, answers in documents[0].items():
        documents[0][persona] = {f"{question} ": found for question, found in answers.items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (shuffle_questions, "order of the completions .questions"),
        (shuffle_questions_of_one_persona, "order of the completions .questions of persona 5"),
        (shuffle_completions, "order of the completions"),
        (shift_the_completions_of_one_persona, "completions of persona 8"),
        (swap_personas, "order of the completions .personas"),
        (shuffle_verdicts, "order of the completions"),
        (shuffle_keys, "do not run persona by persona"),
        (drop_a_verdict, "do not run persona by persona"),
        (change_a_score, "mean_aligned of software_engineer"),
        (change_a_mean, "mean_aligned of villain"),
        (change_a_question, "not all of bw52"),
    ],
)
def test_a_shuffled_or_changed_cell_is_refused(
    change: Callable[[Documents], None], message: str, documents: Documents, tmp_path: Path
) -> None:
    change(documents)
    with pytest.raises(ProtocolError, match=message):
        match(tmp_path, documents)


def test_the_same_cell_unchanged_is_read(documents: Documents, tmp_path: Path) -> None:
    found = match(tmp_path, documents)
    assert len(found) == 11
    for one in found:
        said = documents[2][one.persona]
        assert (one.mean_aligned, one.mean_coherent) == (
            said["mean_aligned"],
            said["mean_coherent"],
        )
        assert (one.scored, one.failed) == (said["n_samples"], said["n_errors"])
    assert len({one.mean_aligned for one in found}) > 5


def test_a_changed_byte_of_a_pinned_file_is_refused(sources_copy: Path) -> None:
    cell = cells()[0]
    path = sources_copy / cell.folder / FILES[1]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ProtocolError, match="not the pinned file"):
        read_cells([cell])


def test_rare_words_in_common_count_and_words_of_every_text_do_not() -> None:
    overlap = word_overlap(["the zebra runs", "the"], ["the zebra", "the lion"])
    assert overlap[0, 0] > 0
    assert overlap[0, 1] == overlap[1, 0] == overlap[1, 1] == 0


def test_the_order_score_is_that_of_all_permutations() -> None:
    import itertools

    import numpy as np

    overlap = np.random.default_rng(0).random((5, 5))
    sums = [overlap[range(5), order].sum() for order in itertools.permutations(range(5))]
    expected = (np.trace(overlap) - np.mean(sums)) / np.std(sums)
    assert order_z(overlap) == pytest.approx(expected)
