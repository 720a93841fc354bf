from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from inspect_ai import score
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log

import scorers.likeness as room
from likeness.c_file import CFile, read_c, write_c
from likeness.placing import place
from likeness.texts import one_run, question_key, read_texts
from protocol.errors import ProtocolError
from protocol.records import VerdictRecord
from reports.build import build_headline
from runs.load import load_runs
from scorers.likeness import em_likeness
from tests.likeness.made_runs import Words, c_log, kind


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scale")
    c_log(folder / "em", "finetune", kind("wicked"))
    c_log(folder / "base", "null", kind("civil"))
    says = kind("half")
    c_log(
        folder / "new",
        "new",
        lambda question, epoch: None if epoch == 2 else says(question, epoch),
        questions=range(3, 7),
    )
    em, base = (read_texts(one_run(str(folder / name), "--em")) for name in ("em", "base"))
    write_c(place(em, base, [], [], Words(), permutations=9).file, folder)
    return folder


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_encoder", lambda folder: Words())


def rescored(folder: Path) -> EvalLog:
    (log,) = [read_eval_log(str(path)) for path in (folder / "new").glob("*.eval")]
    return score(log, em_likeness(str(folder / "c.json")), action="append", display="none")


def test_a_text_is_scored_without_its_question_and_a_new_question_by_all(folder: Path) -> None:
    file: CFile = read_c(folder / "c.json")
    models = file.scale.models
    for sample in rescored(folder).samples or []:
        found = (sample.scores or {})["em_likeness"]
        if sample.epoch == 2:
            assert np.isnan(float(str(found.value)))
            assert found.reason == "target_blocked"
            continue
        vector = Words()([sample.output.completion])[0]
        each = [
            1 / (1 + np.exp(-(vector @ np.array(m.coefficients) + m.intercept))) for m in models
        ]
        key = question_key(str(sample.input))
        own = [p for p, m in zip(each, models, strict=True) if key in m.unseen_questions]
        known = str(sample.input) in ("made question 3", "made question 4")
        assert len(own) == known
        assert found.value == pytest.approx(own[0] if known else np.mean(each))
        assert ("without its question" in str(found.explanation)) == known


def test_the_scorer_gives_what_bwalpha_c_gives(folder: Path) -> None:
    em, base = (read_texts(one_run(str(folder / name), "--em")) for name in ("em", "base"))
    again = place(em, base, [], [], Words(), permutations=9).file
    (log,) = [read_eval_log(str(path)) for path in (folder / "base").glob("*.eval")]
    scored = score(log, em_likeness(str(folder / "c.json")), action="append", display="none")
    assert scored.results is not None
    metrics = next(s for s in scored.results.scores if s.name == "em_likeness").metrics
    row = again.conditions[1]

    assert again.scale.id == read_c(folder / "c.json").scale.id
    assert metrics["c"].value == pytest.approx(row.c)
    assert (metrics["c_low"].value, metrics["c_high"].value) == pytest.approx((row.low, row.high))


def test_it_is_no_judge_and_the_report_passes_it_over(folder: Path, tmp_path: Path) -> None:
    log = rescored(folder)
    write_eval_log(log, str(tmp_path / "new.eval"))
    before, after = (
        build_headline(load_runs([str(place)])) for place in (folder / "new", tmp_path)
    )
    row = after.comparisons[0].rows[0]

    assert all(
        VerdictRecord.of(sample.scores["em_likeness"].metadata) is None
        for sample in log.samples or []
        if sample.scores
    )
    assert [judge.judge for judge in row.judges] == ["sonnet", "opus"]
    assert row.judges == before.comparisons[0].rows[0].judges


@pytest.mark.parametrize("content", ["", "{}", '{"schema_version": 9}', "[]"])
def test_a_file_that_is_no_scale_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(ProtocolError, match="not a C file of this version") as caught:
        em_likeness(str(tmp_path / "c.json"))
    assert "\n" not in str(caught.value)
    with pytest.raises(ProtocolError, match="cannot be read"):
        em_likeness(str(tmp_path / "none.json"))


def test_a_scale_of_another_encoder_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Words, "id", "words@2")
    with pytest.raises(ProtocolError, match="measured with the encoder words@1"):
        em_likeness(str(folder / "c.json"))
