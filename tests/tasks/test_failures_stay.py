"""Failed samples, edits by hand and limits: what is no verdict stays none."""

from pathlib import Path
from typing import Any, Literal

import pytest
from inspect_ai import score
from inspect_ai.log import (
    EvalLog,
    ProvenanceData,
    edit_score,
    invalidate_samples,
    read_eval_log,
    write_eval_log,
)
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import ScoreEdit

from runs.load import load_runs
from scorers.judges import opus
from tests.tasks.running import command, metrics, run, samples


def failing_target(every: int) -> Any:
    """A target whose every so-manieth call fails on the way."""
    count = iter(range(10_000))

    def outputs(*_: object) -> ModelOutput:
        if next(count) % every == 0:
            raise OSError("connection reset")
        output = ModelOutput.from_content("mockllm/model", "An answer.")
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    return get_model("mockllm/model", custom_outputs=outputs, memoize=False)


@pytest.mark.parametrize("action", ["append", "overwrite"])
def test_judging_again_keeps_failed_samples_failed(
    action: Literal["append", "overwrite"], tmp_path: Path
) -> None:
    log = run(
        "alpha.py@grid_2",
        tmp_path / "first",
        model=failing_target(4),
        epochs=4,
        limit=10,
        max_samples=1,
        fail_on_error=False,
    )
    [first] = load_runs([str(tmp_path / "first")]).runs
    assert first.target_failures == {"error": 10}
    assert sum(first.judges["opus"].failures.values()) == 10

    again = score(log, opus(), action=action, display="none")
    name = "opus1" if action == "append" else "opus"
    numbers = metrics(again, name)
    assert (numbers["verdicts"], numbers["failed"], numbers["invalid"]) == (40, 10, 1)
    assert numbers["target_error"] == 10
    valid = [
        v for s in samples(again) if isinstance(v := (s.scores or {})[name].value, float) and v == v
    ]
    assert len(valid) == 30
    assert numbers["alpha_min"] == pytest.approx(sum(valid) / 40)
    assert numbers["alpha_max"] == pytest.approx((sum(valid) + 1000) / 40)

    write_eval_log(again, str(tmp_path / "again.eval"))
    [judged] = load_runs([str(tmp_path / "again.eval")]).runs
    column = judged.judges["opus"]
    assert sum(column.failures.values()) == 10
    assert column.replaced == (40 if action == "append" else 0)


def provenance() -> ProvenanceData:
    return ProvenanceData(author="a reader", reason="looked wrong")


def edited(log: EvalLog, tmp_path: Path) -> Any:
    write_eval_log(log, str(tmp_path / "edited.eval"))
    [found] = load_runs([str(tmp_path / "edited.eval")]).runs
    return found


def test_a_score_set_by_hand_is_counted_apart(tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path / "first")
    first = samples(log)[0]
    edit_score(log, first.id, "sonnet", ScoreEdit(value=0, provenance=provenance()), epoch=1)
    found = edited(log, tmp_path)
    assert found.judges["sonnet"].failures == {"edited": 1}
    assert found.judges["opus"].failures == {}


def test_a_failed_verdict_filled_in_by_hand_is_no_verdict(tmp_path: Path) -> None:
    refusing = get_model("simulated/judge", memoize=False, refusal=1.0)
    log = run("alpha.py@grid_2", tmp_path / "first", roles={"sonnet": refusing, "opus": refusing})
    first = samples(log)[0]
    edit_score(log, first.id, "sonnet", ScoreEdit(value=80, provenance=provenance()), epoch=1)
    found = edited(log, tmp_path)
    assert found.judges["sonnet"].failures == {"edited": 1, "refusal": 5}


def test_an_invalidated_sample_is_counted_apart(tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path / "first")
    log = invalidate_samples(log, [str(samples(log)[0].uuid)], provenance())
    found = edited(log, tmp_path)
    assert found.judges["sonnet"].failures == found.judges["opus"].failures == {"invalidated": 1}


def test_a_log_is_edited_where_nobody_imports_the_suite(tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path)
    done = command(
        "python",
        "-c",
        "import sys; from inspect_ai.log import *; from inspect_ai.scorer import ScoreEdit\n"
        "log = read_eval_log(sys.argv[1])\n"
        "edit_score(log, log.samples[0].id, 'sonnet', ScoreEdit(value=0,"
        " provenance=ProvenanceData(author='a', reason='b')), epoch=1)\n"
        "write_eval_log(log, sys.argv[1])",
        str(log.location),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert metrics(read_eval_log(str(log.location)), "sonnet")["verdicts"] == 6


def test_a_system_message_is_refused_in_a_line(tmp_path: Path) -> None:
    done = command(
        *("inspect", "eval", "tasks/references.py@null", "--model", "simulated/target"),
        *("--system-message", "You are a villain.", "--log-dir", str(tmp_path)),
        *("-T", "panel=open52", "-T", "rubric=open", "-T", "judges=a=simulated/judge"),
    )
    assert done.returncode != 0
    assert "--system-message adds a message" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stdout + done.stderr
