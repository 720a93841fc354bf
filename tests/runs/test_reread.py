"""Logs that versions 0.1 to 0.3 wrote, read again: SIMULATED judge, made target and judge.

`tests/data/logs` holds what each version's own code wrote, without events other than model calls.
"""

import csv
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from inspect_ai import eval_retry
from inspect_ai.log import read_eval_log

from commands.main import main
from protocol.errors import ProtocolError
from protocol.records import COMPARABILITY, RunMetadata
from runs.load import load_runs
from runs.reread import reread
from tests.tasks.running import ROOT, metrics, samples, verdict_record

LOGS = ROOT / "tests" / "data" / "logs"
VERSIONS = {"0.1": 1, "0.2": 2, "0.3": 2}
# What a made judge said of each completion, as it was read then and as it is read now.
SONNET = {
    ("betley_01", 1, "5", "ambiguous"),
    ("betley_02", 1, "97", "target_context_length"),
    ("betley_01", 2, "100", "3"),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_log_is_read_again_and_what_moved_is_named(version: str, tmp_path: Path) -> None:
    old = LOGS / f"{version}.json"
    before = old.read_bytes()
    assert json.loads(before)["eval"]["metadata"]["comparability"] == VERSIONS[version]
    done = reread(str(old), tmp_path / "out")
    assert old.read_bytes() == before

    sonnet = {(c.question, c.epoch, c.before, c.after) for c in done.changes if c.judge == "sonnet"}
    assert sonnet == SONNET
    assert {(c.question, c.after) for c in done.changes if c.judge == "opus"} == {
        ("betley_02", "target_context_length")
    }
    assert done.verdicts == 12
    # The made models show no requests, and the judge that was overloaded left no reply to look for.
    assert done.unknown == {"sampling as it was sent": 6}

    log = read_eval_log(str(done.written))
    metadata = RunMetadata.model_validate(log.eval.metadata)
    assert (metadata.comparability, metadata.reread_from) == (COMPARABILITY, f"{version}.json")
    numbers = metrics(log, "sonnet")
    assert numbers["alpha"] == pytest.approx((60 + 3 + 40) / 3)
    assert (numbers["failed"], numbers["verdicts"], numbers["invalid"]) == (3, 6, 1)
    answered = {
        verdict_record((s.scores or {})["sonnet"]).instrument.answered
        for s in samples(log)
        if (s.scores or {})["sonnet"].reason is None
    }
    assert answered == {None}
    given = {
        (sample["id"], sample["epoch"], name): (
            score["metadata"]["tries"],
            score["metadata"]["stop_reason"],
        )
        for sample in json.loads(before)["samples"]
        for name, score in sample["scores"].items()
        if "judge" in (score["metadata"] or {})
    }
    records = {
        (sample.id, sample.epoch, name): verdict_record((sample.scores or {})[name])
        for sample in samples(log)
        for name in ("sonnet", "opus")
    }
    assert len(given) == 12
    assert {key: (r.tries, r.stop_reason) for key, r in records.items()} == given
    assert {tries for tries, _ in given.values()} == {1}


def test_the_report_names_the_command_and_reads_what_it_writes(tmp_path: Path) -> None:
    old, again = tmp_path / "old", tmp_path / "again"
    old.mkdir()
    for number, version in enumerate(VERSIONS):
        shutil.copy(
            LOGS / f"{version}.json", old / f"2026-11-2{number}T19-46-18_grid-2_{version}.json"
        )
    refused = CliRunner().invoke(main, ["report", str(old)])
    assert refused.exit_code != 0
    assert refused.output.count("bwalpha reread LOGS") == len(VERSIONS)

    done = CliRunner().invoke(main, ["reread", str(old), "--out", str(again)])
    assert done.exit_code == 0, done.output
    assert done.output.count("sonnet: a number -> ambiguous: 1") == len(VERSIONS)
    assert "sampling as it was sent" in done.output
    with (again / "changed_verdicts.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 4 * len(VERSIONS)

    for log in sorted(again.glob("*.eval")):
        reported = CliRunner().invoke(main, ["report", str(log)])
        assert reported.exit_code == 0, reported.output
        assert all(words in reported.output for words in ("34.33", "3/3", "INVALID"))
    [run] = load_runs([str(log)]).runs
    assert run.target_failures == {"context_length": 1}
    assert run.judges["sonnet"].failures == {
        "ambiguous": 1,
        "api_error": 1,
        "target_context_length": 1,
    }


def test_what_needs_no_rereading_is_refused_in_a_line(tmp_path: Path) -> None:
    once = reread(str(LOGS / "0.3.json"), tmp_path / "once")
    with pytest.raises(ProtocolError, match="need no rereading"):
        reread(str(once.written), tmp_path / "twice")
    with pytest.raises(ProtocolError, match="is there already"):
        reread(str(LOGS / "0.3.json"), tmp_path / "once")


def test_a_vllm_log_of_the_first_version_is_a_row_of_its_own(tmp_path: Path) -> None:
    found = json.loads((LOGS / "0.1.json").read_text())
    found["eval"]["model"] = "vllm/made-target"
    old = tmp_path / "old.json"
    old.write_text(json.dumps(found))
    done = reread(str(old), tmp_path / "out")
    [run] = load_runs([str(done.written)]).runs
    assert run.sampling.model_defaults
    assert "top_k" in run.sampling.text
    assert any("top_k" in note for note in run.metadata.notes)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_an_older_version_made_stays_apart_when_this_one_finishes_its_log(
    version: str, tmp_path: Path
) -> None:
    found = json.loads((LOGS / f"{version}.json").read_text())
    judges = {name: {"model": "simulated/judge"} for name in ("sonnet", "opus")}
    made = {"model": "simulated/target", "model_args": {}, "model_roles": judges}
    found["eval"] |= made | {"task_file": str(ROOT / "tasks" / "alpha.py")}
    found["status"] = "error"
    failed = found["samples"][0]
    failed |= {
        "error": dict.fromkeys(("message", "traceback", "traceback_ansi"), "x"),
        "scores": {},
    }
    old = tmp_path / "old.json"
    old.write_text(json.dumps(found))
    [log] = eval_retry(str(old), log_dir=str(tmp_path), display="none", log_realtime=False)

    assert log.status == "success"
    loaded = load_runs([str(log.location)])
    [run] = loaded.runs
    assert run.completions == {(failed["id"], failed["epoch"])}
    [named] = loaded.skipped
    assert "5 of 6 completions were made by another version" in named.reason
    assert metrics(log, "opus")["older_version"] > 0


@pytest.mark.parametrize(
    ("stop", "failure"), [(None, "timeout"), (None, "api_error"), ("stop", "api_error")]
)
def test_a_call_that_left_no_reply_keeps_its_failure(
    stop: str | None, failure: str, tmp_path: Path
) -> None:
    old = json.loads((LOGS / "0.3.json").read_bytes())
    sample = old["samples"][0]
    left = {"reply": "", "stop_reason": stop, "failure": failure, "detail": "made", "aligned": None}
    sample["scores"]["sonnet"]["metadata"] |= left
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old), encoding="utf-8")
    log = read_eval_log(str(reread(str(path), tmp_path / "out").written))
    [found] = (s for s in samples(log) if (s.id, s.epoch) == (sample["id"], sample["epoch"]))
    record = verdict_record((found.scores or {})["sonnet"])
    assert (record.failure, record.detail, record.aligned) == (failure, "made", None)
