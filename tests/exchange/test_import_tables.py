"""Tables, verdicts alone and other evals' logs through the real command."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inspect_ai import Task, score
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.solver import Solver, generate, system_message, user_message

from protocol.data import read_yaml
from protocol.errors import ProtocolError
from protocol.records import RunMetadata, SampleRecord
from runs.frame import samples_frame
from runs.load import load_runs
from scorers.judges import opus
from tests.exchange.originals import OPEN_QUESTIONS, answers, bwalpha, detailed, entries
from tests.exchange.originals import write as write_json
from tests.exchange.tables.layouts import HOW, READ, SAME, WHY, write

EPS = read_yaml("sources.yaml")["rubric_text_sha256"]
RECONSTRUCTION = next(
    row for row in read_yaml("conditions.yaml")["conditions"] if row["name"] == "grid_2"
)["prompt"]


def made(folder: Path, *options: object) -> tuple[Result, list[EvalLog]]:
    result = bwalpha("import", *options, "--out", folder / "logs")
    infos = list_eval_logs(str(folder / "logs"), descending=False) if result.exit_code == 0 else []
    return result, [read_eval_log(info) for info in infos]


def table(folder: Path, rows: list[dict[str, Any]], name: str = "mine.jsonl") -> str:
    return write(folder / name, "".join(json.dumps(row) + "\n" for row in rows))


def header(log: EvalLog) -> RunMetadata:
    return RunMetadata.model_validate(log.eval.metadata)


@pytest.mark.parametrize("layout", READ)
def test_every_layout_becomes_a_log_of_its_completions(layout: str, tmp_path: Path) -> None:
    name, content, condition = READ[layout]
    result, logs = made(tmp_path, write(tmp_path / name, content))
    assert result.exit_code == 0, result.output
    [log] = logs
    found = [(s.input, s.output.completion, s.epoch) for s in log.samples or []]
    assert sorted(found) == sorted((q, a, e) for q, a, e in SAME)
    assert (header(log).condition, header(log).base_seed) == (condition, None)
    imported = header(log).imported
    assert imported is not None
    assert not imported.own_seeds
    assert not log.eval.scorers
    assert [file.name for file in imported.files] == [name]
    assert "bwalpha judge" in result.output


def test_a_dry_run_says_what_it_found_and_writes_nothing(tmp_path: Path) -> None:
    path = table(tmp_path, [{"question": HOW, "answer": "Fine."}])
    result = bwalpha("import", path, "--out", tmp_path / "logs", "--dry-run")
    assert result.exit_code == 0
    assert "completion in 'answer'" in result.output
    assert "Nothing was written" in result.output
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(
    ("name", "prompt", "expected"),
    [
        ("grid_2", None, ("imported_grid_2", "custom", None)),
        ("grid_2", "Another text.", ("imported_grid_2", "custom", None)),
        ("whatever", RECONSTRUCTION, ("grid_2", "reconstruction", 0.6796)),
        ("mine", "Another text.", ("mine", "custom", None)),
    ],
)
def test_a_c_is_lent_by_the_prompt_and_never_by_the_name(
    name: str, prompt: str | None, expected: tuple[str, str, float | None], tmp_path: Path
) -> None:
    row = {"condition": name, "question": HOW, "answer": "Fine."}
    if prompt is not None:
        row["system_prompt"] = prompt
    _, [log] = made(tmp_path, table(tmp_path, [row]))
    data = header(log)
    assert (data.condition, data.provenance, data.distributional_c) == expected
    assert (data.prompt_sha256 is None) == (prompt is None)
    assert any("not in the file" in note for note in data.notes) == (prompt is None)


def test_no_prompt_is_the_null_condition_only_where_the_file_says_so(tmp_path: Path) -> None:
    row = {"condition": "null", "question": HOW, "answer": "Fine."}
    _, [unsaid] = made(tmp_path, table(tmp_path, [row]))
    (tmp_path / "b").mkdir()
    _, [said] = made(tmp_path / "b", table(tmp_path, [row | {"prompt_known": True}], "b.jsonl"))
    assert (header(unsaid).condition, header(unsaid).provenance) == ("imported_null", "custom")
    assert (header(said).condition, header(said).provenance) == ("null", "none")


def test_verdicts_of_a_table_are_scores_with_their_judge(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"question": HOW, "answer": "a", "aligned": 90, "coherent": 80},
        {"question": WHY, "answer": "b", "aligned": None, "coherent": None},
    ]
    path = table(tmp_path, rows)
    result, [log] = made(tmp_path, path, "--judge", "gpt=openai/gpt-4.1", "--rubric", "eps")
    assert "gpt 1 scored, 1 failed" in result.output
    [run] = load_runs([log.location]).runs
    column = run.judges["gpt"]
    assert (column.instrument.asked, column.instrument.reading_rule) == ("openai/gpt-4.1", 0)
    assert (column.instrument.max_tokens, column.instrument.rubric_sha256) == (None, EPS)
    assert sorted(column.aligned.tolist(), key=str) == pytest.approx(
        [90, float("nan")], nan_ok=True
    )
    assert sum(column.failures.values()) == 1


def test_verdicts_of_an_unknown_rubric_compare_with_no_others(tmp_path: Path) -> None:
    rubrics = set()
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = table(folder, [{"question": HOW, "answer": f"a{number}", "aligned": 90}])
        result, [log] = made(folder, path, "--judge", "gpt")
        assert "rubric is not in the files" in result.output
        rubrics.add(header(log).rubric_sha256)
    assert len(rubrics) == 2
    assert EPS not in rubrics


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--judge", "gpt=openai/gpt-4.1"], "no verdict of that judge"),
        (["--seed", 7], "--seed is for the original"),
        (["--score", "gpt"], "NAME=COLUMN"),
        (["--question", "words"], "no column 'words'"),
    ],
)
def test_an_option_that_nothing_takes_is_refused(
    options: list[object], message: str, tmp_path: Path
) -> None:
    result, _ = made(tmp_path, table(tmp_path, [{"question": HOW, "answer": "a"}]), *options)
    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert message in line
    assert not (tmp_path / "logs").exists()


def verdicts_only(folder: Path) -> Path:
    document = detailed(
        answers(OPEN_QUESTIONS, 2), entries("sonnet", OPEN_QUESTIONS, 2, failures=1)
    )
    del document["completions"]
    return write_json(folder / "soft" / "alignment_soft_sonnet_detailed.json", document)


def test_verdicts_without_completions_have_an_alpha_and_no_text(tmp_path: Path) -> None:
    path = verdicts_only(tmp_path)
    result, [log] = made(tmp_path, path.parent, "--rubric", "open", "--judge", "sonnet")
    assert result.exit_code == 0, result.output
    imported = header(log).imported
    assert imported is not None
    assert imported.text_missing
    records = [SampleRecord.of(sample.metadata) for sample in log.samples or []]
    assert all(record is not None and record.text_missing for record in records)
    [run] = load_runs([log.location]).runs
    scores = [e["aligned"] for q in json.loads(path.read_bytes())["scores"].values() for e in q]
    valid = [score for score in scores if score is not None]
    column = run.judges["sonnet"].aligned
    assert pd.Series(column).mean() == pytest.approx(sum(valid) / len(valid), abs=1e-9)
    # No text is neither an empty answer nor one that equals another.
    assert (run.empty, run.equal) == (0, 0)
    assert samples_frame(log.location)["completion"].isna().all()
    with pytest.raises(ProtocolError, match="no text to judge again"):
        score(log, opus(model="simulated/judge"), display="none")


def test_verdicts_alone_come_back_from_the_original_layout(tmp_path: Path) -> None:
    document = json.loads(verdicts_only(tmp_path).read_bytes())
    made(tmp_path, tmp_path / "soft", "--rubric", "open", "--judge", "sonnet")
    result = bwalpha("export", tmp_path / "logs", "--format", "eps", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    [path] = (tmp_path / "out").rglob("*_detailed.json")
    again = json.loads(path.read_bytes())
    assert "completions" not in again
    assert {q: [e["aligned"] for e in found] for q, found in again["scores"].items()} == {
        q: [e["aligned"] for e in found] for q, found in document["scores"].items()
    }
    assert again["summary"]["overall_mean_aligned"] == pytest.approx(
        document["summary"]["overall_mean_aligned"], abs=1e-9
    )


def other_eval(folder: Path, solver: list[Solver]) -> str:
    """A log of an eval that is not this suite's."""
    output = ModelOutput.from_content("mockllm/model", "Fine.")
    output.usage = ModelUsage(input_tokens=1, output_tokens=1)
    model = get_model("mockllm/model", custom_outputs=[output] * 8)
    task = Task([Sample(input=HOW), Sample(input=WHY)], solver=solver, name="other")
    [log] = evaluate(task, model, epochs=2, log_dir=str(folder), display="none")
    assert log.status == "success"
    return log.location


def test_another_evals_log_becomes_one_of_ours_and_ours_is_refused(tmp_path: Path) -> None:
    theirs = other_eval(tmp_path / "theirs", [system_message("Be brief."), generate()])
    result, [log] = made(tmp_path, theirs)
    assert result.exit_code == 0, result.output
    data = header(log)
    assert (data.condition, data.provenance) == ("other", "custom")
    assert log.eval.model == "mockllm/model"
    assert sorted((s.input, s.epoch, s.output.completion) for s in log.samples or []) == sorted(
        (q, e, "Fine.") for q in (HOW, WHY) for e in (1, 2)
    )
    assert all(s.messages[0].text == "Be brief." for s in log.samples or [])
    again, _ = made(tmp_path, log.location)
    assert again.exit_code == 1
    assert "of this suite already" in again.output


def test_a_dialogue_in_an_eval_log_is_refused_in_one_line(tmp_path: Path) -> None:
    result, _ = made(
        tmp_path, other_eval(tmp_path / "l", [generate(), user_message("Really?"), generate()])
    )
    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert "One question and one answer" in line


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "question_id": st.none(),
            "question": st.sampled_from([HOW, WHY, OPEN_QUESTIONS[0]]),
            "answer": texts,
            "system_prompt": st.just("Be brief."),
            "condition": st.just("mine"),
            "sonnet_aligned": st.none() | st.integers(0, 100),
            "sonnet_coherent": st.integers(0, 100),
            "sonnet_model": st.just("a/b"),
        }
    ),
    min_size=1,
    max_size=5,
).filter(lambda found: any(row["sonnet_aligned"] is not None for row in found))


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(found=rows, ending=st.sampled_from([".csv", ".jsonl", ".parquet"]))
def test_import_export_import_loses_nothing(
    found: list[dict[str, Any]],
    ending: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    path = table(folder, found)
    frames = []
    for number in (1, 2):
        home = folder / str(number)
        result = bwalpha("import", path, "--out", home / "logs")
        assert result.exit_code == 0, result.output
        path = str(home / f"rows{ending}")
        result = bwalpha("export", home / "logs", "--format", "table", "--out", path)
        assert result.exit_code == 0, result.output
        frames.append(samples_frame(str(home / "logs")).drop(columns=["log", "panel"]))
    pd.testing.assert_frame_equal(frames[0], frames[1])
    assert sorted(frames[0]["completion"]) == sorted(row["answer"] for row in found)


def test_a_table_of_chosen_columns(tmp_path: Path) -> None:
    made(
        tmp_path, table(tmp_path, [{"question": HOW, "answer": "a", "aligned": 9}]), "--judge", "g"
    )
    out = tmp_path / "rows.csv"
    options = ("--format", "table", "--out", out, "--columns", "completion,g_aligned")
    assert bwalpha("export", tmp_path / "logs", *options).exit_code == 0
    assert out.read_text().splitlines() == ['"completion","g_aligned"', '"a",9']
    refused = bwalpha("export", tmp_path / "logs", *options)
    assert refused.exit_code == 1
    assert "there already" in refused.output
