"""`bwalpha judge` as a user types it, against a provider that fails, and killed at any moment."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from protocol.judges import judge_table
from tests.judging.providing import KEYS, FaultServer
from tests.judging.test_judge_command import generated, judged, records, reported, typed
from tests.judging.test_kills import MOMENTS
from tests.tasks.running import OPEN, metrics, surroundings

pytestmark = pytest.mark.processes

ROLES = {
    "anthropic": {"sonnet": "anthropic/claude-sonnet-4-6"},
    "openai": {"sonnet": "openai/gpt-4.1"},
}
QUICK = """
import dataclasses, datetime, sys
import judging.calls, commands.judge, scorers.binding
scorers.binding.today = lambda: datetime.date(2026, 12, 1)
from tests.judging.providing import LIMITS
judging.calls.Limits = lambda connections=100: dataclasses.replace(LIMITS, connections=connections)
commands.judge.judge_command(sys.argv[1:])
"""
BOTH = pytest.mark.parametrize("provider", ["anthropic", "openai"])


@pytest.fixture(autouse=True)
def quick(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from tests.judging.providing import LIMITS

    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
    monkeypatch.setattr(
        "judging.calls.Limits", lambda connections: replace(LIMITS, connections=connections)
    )


def log_of(provider: str, folder: Path) -> Path:
    return generated(folder, roles=ROLES[provider], args=OPEN | {"judges": "sonnet"})


def failures(path: Path) -> list[str]:
    from inspect_ai.log import read_eval_log

    found = records(read_eval_log(str(path))).values()
    return [str(record["detail"]) for record in found if record["failure"]]


@BOTH
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_command_goes_on_and_pays_nothing_twice(
    moment: str, provider: str, server: FaultServer, tmp_path: Path
) -> None:
    path = log_of(provider, tmp_path)
    untouched = path.read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-c", f"input()\n{QUICK}", str(path), "--batch", "--yes"],
        env=surroundings() | KEYS,
        stdin=subprocess.PIPE,
        text=True,
    )
    server.tell(faults=MOMENTS[moment], looks=3, pid=process.pid)
    process.communicate("\n", timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert path.read_bytes() == untouched

    judged(path, "--batch", "--yes")
    assert failures(path) == []
    assert server.batches == [6]
    assert set(server.judged.values()) == {1}
    assert list(tmp_path.iterdir()) == [path]


@BOTH
def test_the_report_prices_what_came_through_a_batch_as_a_batch(
    provider: str, server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = log_of(provider, tmp_path / "log")
    price = judge_table().profile("anthropic/claude-sonnet-4-6").price
    priced = judge_table().profile(ROLES[provider]["sonnet"]).model_copy(update={"price": price})
    monkeypatch.setattr("protocol.judges.JudgeTable.profile", lambda table, model: priced)
    judged(path, "--batch", "--yes")
    judged(path, "--judge", f"now={ROLES[provider]['sonnet']}", "--yes")
    row, texts = reported(path, tmp_path / "report")
    costs = {}
    for figures in row["judges"]:
        whole = (figures["input_tokens"] * 3 + figures["output_tokens"] * 15) / 1e6
        costs[figures["judge"]] = figures["cost"] / whole
    assert costs == pytest.approx({"sonnet": 0.5, "now": 1.0})
    assert all(text.count("at the price list, batches at theirs") == 1 for text in texts)


FAULTS: dict[str, tuple[dict[str, list[Any]], str | None]] = {
    "missing": ({"results": ["missing"] * 3}, "missing: "),
    "cut, then whole": ({"results": ["cut"]}, None),
    "empty, then whole": ({"results": ["empty"]}, None),
    "broken line, then whole": ({"results": ["broken_line"]}, None),
    "unknown entry": ({"results": ["unknown_entry"]}, None),
    "no id": ({"results": ["no_id"]}, None),
    "two results for one": ({"results": ["twice"]}, None),
    "expired": ({"results": ["expired"]}, "expired: "),
    "cancelled": ({"results": ["cancelled"]}, "cancelled: "),
    "connection drops at creation": ({"create": ["drop_after"]}, None),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_its_own_verdict_only_and_is_asked_again_when_told(
    fault: str, server: FaultServer, tmp_path: Path
) -> None:
    faults, detail = FAULTS[fault]
    path = log_of("anthropic", tmp_path)
    server.tell(faults=faults)
    first = typed(path, "--batch", "--yes")
    assert server.batches == [6]
    if detail is None:
        assert first.exit_code == 0, first.output
        assert failures(path) == []
        return
    assert first.exit_code == 1
    assert "--again" in first.output
    [said] = failures(path)
    assert said.startswith(detail)

    if fault != "missing":
        assert typed(path, "--batch", "--yes").exit_code == 1
        assert server.batches == [6]
    judged(path, "--batch", "--yes", "--again")
    assert failures(path) == []
    assert sum(server.batches) == sum(server.judged.values()) <= 7


@pytest.mark.parametrize("fault", [{"status": 401}, {"status": 404}], ids=str)
def test_a_judge_that_cannot_be_asked_leaves_the_log_as_it_was(
    fault: dict[str, int], server: FaultServer, tmp_path: Path
) -> None:
    path = log_of("anthropic", tmp_path)
    untouched = path.read_bytes()
    for options in (["--batch"], []):
        server.tell(reset=True)
        server.tell(faults={"create": [fault], "message": [fault] * 9})
        result = typed(path, "--yes", *options)
        assert result.exit_code == 1
        assert "cannot be asked any further" in result.output
        assert path.read_bytes() == untouched


def test_a_batch_that_is_still_worked_on_leaves_the_log_as_it_was(
    server: FaultServer, tmp_path: Path
) -> None:
    path = log_of("anthropic", tmp_path)
    untouched = path.read_bytes()
    server.tell(age_hours=26, looks=1000)
    result = typed(path, "--batch", "--yes")
    assert result.exit_code == 1
    assert "6 completions are still in a batch" in result.output
    assert path.read_bytes() == untouched


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ([], 1, "Nothing was asked. Give a higher --max-cost or --yes"),
        (["--max-cost", "0.001"], 1, "more than --max-cost 0.001"),
        (["--max-cost", "1"], 0, "6 calls to judges, at most $0.0"),
        (["--judge", "other=openai/gpt-unpriced", "--max-cost", "1"], 1, "price of openai/gpt-unp"),
        (["--judge", "a b"], 1, "--judge: 'a b' is not a judge"),
        (["--judge", "third"], 1, "The judge third has no model"),
        (["--only", "tired"], 1, "--only tired is no kind of failure"),
        (["--rubric", "eps"], 1, "another text"),
        (["--effort", "huge"], 1, "--effort huge"),
        (["--judge", "old=anthropic/claude-sonnet-4-5-20250929"], 1, "was served until 2026-11-30"),
    ],
)
def test_nothing_is_spent_unasked_and_a_wrong_option_is_one_line(
    options: list[str],
    status: int,
    said: str,
    server: FaultServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    real_sources: Path,
) -> None:
    from datetime import date

    monkeypatch.setattr("scorers.binding.today", lambda: date(2026, 12, 1))
    path = log_of("anthropic", tmp_path)
    result = typed(path, *options)
    assert result.exit_code == status, result.output
    assert said in result.output
    assert sum(server.judged.values()) == (0 if status else 6)


def test_logs_that_cannot_be_judged_are_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "broken.eval").write_bytes(b"no zip")
    result = typed(tmp_path)
    assert result.exit_code == 1
    assert "broken.eval cannot be read" in result.output
    assert "no log to judge" in result.output
    from inspect_ai.log import read_eval_log

    path = generated(tmp_path / "logs")
    result = judged(tmp_path)
    assert "left out: " in result.output
    assert metrics(read_eval_log(str(path)), "opus")["verdicts"] == 6
