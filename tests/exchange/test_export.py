import json
import statistics
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from inspect_ai.log import read_eval_log, write_eval_log

from exchange.dataset import export as exported
from exchange.eps.headlines import prompt_fingerprint
from protocol.conditions import load_condition
from protocol.errors import ProtocolError
from protocol.panels import load_panel
from protocol.seeds import completion_seed
from runs.frame import DTYPES, JUDGE_DTYPES, samples_frame
from runs.load import load_runs
from tests.exchange.originals import (
    OPEN,
    answers,
    bwalpha,
    detailed,
    entries,
    two_files,
    write,
)
from tests.reports.made_logs import make_log
from tests.tasks.running import run_all

FIRST_KEYS = [
    "eval_name",
    "model_path",
    "overall_mean_aligned",
    "overall_mean_coherent",
    "n_questions",
    "n_samples_per_question",
    "n_errors",
    "per_question",
    "system_prompt",
]
REJUDGED_KEYS = [
    "eval_name",
    "source_detailed",
    "judge_model",
    *FIRST_KEYS[2:8],
    "original_judge",
    "original_mean_aligned",
    "original_mean_coherent",
    "system_prompt",
]


def failing(judge: str, question: int, epoch: int) -> tuple[float, float] | str:
    if epoch == 2:
        return {0: "api_error", 1: "refusal", 2: "out_of_range"}.get(question, "unparseable")
    return (40.0 if judge == "sonnet" else 60.5) + question, 70.0


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    run_all("alpha.py@grid_1", folder)
    run_all("references.py@null", folder)
    return folder


def test_the_layout_and_the_keys_are_the_original_scripts_own(logs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = bwalpha("export", logs, "--format", "eps", "--out", out)
    assert result.exit_code == 0, result.output
    assert sorted(p.relative_to(out).as_posix() for p in (out / "grid_1").rglob("*.json")) == [
        "grid_1/bwalpha.json",
        "grid_1/headline.json",
        "grid_1/opus/alignment_grid_1_opus_detailed.json",
        "grid_1/opus/alignment_grid_1_opus_headline.json",
        "grid_1/opus/alignment_grid_1_opus_summary.json",
        "grid_1/sonnet/alignment_grid_1_detailed.json",
        "grid_1/sonnet/alignment_grid_1_summary.json",
    ]
    first = json.loads((out / "grid_1/sonnet/alignment_grid_1_detailed.json").read_bytes())
    second = json.loads((out / "grid_1/opus/alignment_grid_1_opus_detailed.json").read_bytes())
    assert list(first) == list(second) == ["scores", "completions", "summary"]
    assert list(first["summary"]) == FIRST_KEYS
    assert list(second["summary"]) == REJUDGED_KEYS
    assert first["completions"] == second["completions"]
    prompt = load_condition("grid_1").prompt
    assert first["summary"]["system_prompt"] == prompt
    assert second["summary"]["judge_model"] == "simulated/judge-lenient"
    for place, document in {
        "sonnet/alignment_grid_1_summary.json": first,
        "opus/alignment_grid_1_opus_summary.json": second,
    }.items():
        assert json.loads((out / "grid_1" / place).read_bytes()) == document["summary"]
    headline = json.loads((out / "grid_1/headline.json").read_bytes())
    assert prompt is not None
    assert headline["system_prompt_hash"] == prompt_fingerprint(prompt)
    assert headline["alpha_mean_aligned"] == first["summary"]["overall_mean_aligned"]
    null = json.loads((out / "null/headline.json").read_bytes())
    assert (null["system_prompt_set"], null["system_prompt_hash"]) == (False, None)


def test_every_written_file_is_formatted_as_the_source_formats_its_own(
    logs: Path, tmp_path: Path
) -> None:
    bwalpha("export", logs, "--format", "eps", "--out", tmp_path / "out")
    for path in (tmp_path / "out").rglob("*.json"):
        data = path.read_bytes()
        assert data.isascii()
        assert (
            path.name == "bwalpha.json" or data == json.dumps(json.loads(data), indent=2).encode()
        )


def test_failures_carry_the_original_marks_and_means_leave_them_out(tmp_path: Path) -> None:
    make_log(tmp_path / "logs", verdicts=failing, count=4, epochs=2)
    bwalpha("export", tmp_path / "logs", "--format", "eps", "--out", tmp_path / "out")
    path = tmp_path / "out/grid_2/sonnet/alignment_grid_2_detailed.json"
    document = json.loads(path.read_bytes())
    found = [entries[1] for entries in document["scores"].values()]
    assert [entry["reasoning"] for entry in found] == ["error: made", *["parse_error"] * 3]
    for entry in found:
        assert entry == {
            "aligned": None,
            "coherent": None,
            "reasoning": entry["reasoning"],
            "error": True,
        }
    summary = document["summary"]
    assert summary["overall_mean_aligned"] == statistics.fmean([40, 41, 42, 43])
    assert summary["n_errors"] == 4
    assert [m["n_errors"] for m in summary["per_question"].values()] == [1, 1, 1, 1]
    opus = json.loads(
        (tmp_path / "out/grid_2/opus/alignment_grid_2_opus_headline.json").read_bytes()
    )
    assert opus["gap_abs"] == 20.5
    assert opus["judge_gaming_flag"] is True


def test_a_run_without_all_completions_is_not_passed_off_as_whole(tmp_path: Path) -> None:
    log = read_eval_log(make_log(tmp_path / "made").location)
    assert log.samples
    del log.samples[4]
    write_eval_log(log, str(tmp_path / "short.eval"))
    result = bwalpha(
        "export", tmp_path / "short.eval", "--format", "eps", "--out", tmp_path / "out"
    )
    assert result.exit_code == 1
    assert "has 2 of 3 completions of wang_05" in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "short.eval"]


def test_the_frame_has_the_documented_columns_and_dtypes(logs: Path) -> None:
    frame = samples_frame(str(logs))
    wanted = DTYPES | {
        f"{judge}_{name}": dtype
        for judge in ("sonnet", "opus")
        for name, dtype in JUDGE_DTYPES.items()
    }
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == wanted
    assert len(frame) == 2 * 3 * 2
    assert set(frame["condition"]) == {"grid_1", "null"}
    row = frame.iloc[-1]
    assert row["seed"] == completion_seed(42, row["question_id"], row["epoch"])
    null = frame[frame["condition"] == "null"]
    assert null["prompt_sha256"].isna().all()
    for run in load_runs([str(logs)]).runs:
        own = frame[frame["condition"] == run.condition]
        for name, judge in run.judges.items():
            assert own[f"{name}_aligned"].mean() == pytest.approx(judge.aligned.mean())


def test_the_frame_names_failures_and_imported_rows(tmp_path: Path) -> None:
    make_log(tmp_path / "logs", "grid_1", verdicts=failing, count=4, epochs=2, judges=("sonnet",))
    first, second = two_files(tmp_path)
    bwalpha("import", first, second, "--out", tmp_path / "logs", *OPEN)
    frame = samples_frame([str(tmp_path / "logs")])
    made = frame[~frame["imported"]]
    assert made["opus_model"].isna().all()
    assert set(made["sonnet_reason"].dropna()) == {
        "api_error",
        "refusal",
        "out_of_range",
        "unparseable",
    }
    assert (made["sonnet_reason"].isna() == made["sonnet_aligned"].notna()).all()
    imported = frame[frame["imported"]]
    assert imported["seed"].isna().all()
    assert not imported["simulated"].any()
    assert imported["opus_reason"].dropna().tolist() == ["unparseable"]


def test_no_log_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="No log of this suite"):
        samples_frame(str(tmp_path))


@pytest.mark.processes
def test_load_dataset_reads_the_documented_schema_and_1040_rows_a_condition(
    tmp_path: Path, real_sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    questions = [question.input for question in load_panel("bw52").questions]
    for condition in ("grid_1", "grid_2"):
        document = detailed(
            answers(questions, 20), entries(condition, questions, 20, 29), f"{condition}_sonnet"
        )
        write(tmp_path / "in" / f"alignment_{condition}_detailed.json", document)
    assert bwalpha("import", tmp_path / "in", "--out", tmp_path / "logs").exit_code == 0
    out = tmp_path / "out"
    result = bwalpha("export", tmp_path / "logs", "--format", "dataset", "--out", out)
    assert result.exit_code == 0, result.output

    from datasets import load_dataset  # type: ignore[attr-defined]

    rows = load_dataset(
        "parquet", data_files=str(out / exported.PARQUET), cache_dir=str(tmp_path / "cache")
    )["train"]
    kinds = {"str": {"string", "large_string"}, "float64": {"float64"}, "bool": {"bool"}}
    kinds |= {"int64": {"int64"}, "Int64": {"int64"}}
    wanted = DTYPES | {f"sonnet_{name}": dtype for name, dtype in JUDGE_DTYPES.items()}
    assert list(rows.features) == list(wanted)
    for name, dtype in wanted.items():
        assert rows.features[name].dtype in kinds[dtype], name
    frame = rows.to_pandas()
    assert frame["condition"].value_counts().to_dict() == {"grid_1": 1040, "grid_2": 1040}
    assert frame["question"].isna().all()
    assert frame["sonnet_reason"].notna().sum() == 2 * 29
    data = (out / exported.PARQUET).read_bytes()
    card = (out / "README.md").read_text()
    assert not any(question.encode() in data or question in card for question in questions)
    assert "SIMULATED" not in card
    folder = load_dataset(str(out), cache_dir=str(tmp_path / "cache2"))["train"]
    assert len(folder) == 2080

    again = bwalpha(
        *("export", tmp_path / "logs", "--format", "dataset", "--out", tmp_path / "texts"),
        "--with-questions",
    )
    assert again.exit_code == 0
    texts = pd.read_parquet(tmp_path / "texts" / exported.PARQUET)["question"]
    assert set(texts) == set(questions)


def test_a_simulated_data_set_says_so_and_keeps_our_own_questions(
    logs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = bwalpha("export", logs, "--format", "dataset", "--out", out)
    assert result.exit_code == 0, result.output
    header = (out / "README.md").read_text().split("---")[1]
    assert "SIMULATED" in header
    assert "**SIMULATED.**" in (out / "README.md").read_text()
    frame = pd.read_parquet(out / exported.PARQUET)
    assert frame["question"].notna().all()
    assert not frame["log"].str.contains("/").any()


class Hub:
    """Stands in for the Hub, and writes down what was asked of it."""

    calls: list[tuple[str, dict[str, Any]]]
    refuse = False

    def __init__(self) -> None:
        Hub.calls = []

    def create_repo(self, name: str, **options: Any) -> None:
        if Hub.refuse:
            raise PermissionError("401 no token\nmore lines")
        Hub.calls.append((name, options))

    def upload_folder(self, **options: Any) -> None:
        Hub.calls.append(("upload", options))


def test_only_an_asked_for_push_reaches_the_hub(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    Hub.calls, Hub.refuse = [], False
    bwalpha("export", logs, "--format", "dataset", "--out", tmp_path / "quiet")
    assert Hub.calls == []
    out = tmp_path / "out"
    result = bwalpha("export", logs, "--format", "dataset", "--out", out, "--push", "lab/alpha")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "https://huggingface.co/datasets/lab/alpha"
    (name, options), (_, upload) = Hub.calls
    assert (name, options["private"], options["repo_type"]) == ("lab/alpha", True, "dataset")
    assert (upload["repo_id"], upload["folder_path"]) == ("lab/alpha", out)


def test_a_refused_push_keeps_what_was_written(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    monkeypatch.setattr(Hub, "refuse", True)
    out = tmp_path / "out"
    result = bwalpha("export", logs, "--format", "dataset", "--out", out, "--push", "lab/alpha")
    assert result.exit_code == 1
    assert "PermissionError: 401 no token" in result.output.splitlines()[-1]
    assert (out / exported.PARQUET).is_file()
