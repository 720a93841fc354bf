"""The benchmarks' own machinery; the measurements themselves run with `make bench`."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import bench
from benchmarks.bench import main
from benchmarks.lean_judges import lean_judges
from benchmarks.measured import Figure, cost
from benchmarks.original_schedule import AT_ONCE, JUDGES, judge_in_turn
from benchmarks.start_up import heavy_modules


@pytest.mark.parametrize(
    ("value", "target", "at_least", "met"),
    [(1.1, 1.1, False, True), (1.2, 1.1, False, False), (5, 5, True, True), (4, 5, True, False)],
)
def test_a_target_is_met_from_its_own_side(
    value: float, target: float, at_least: bool, met: bool
) -> None:
    assert Figure("piece", "what", value, target, at_least).met is met
    assert Figure("piece", "what", value).met is None


def test_a_missed_target_is_said_and_every_figure_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = [Figure("cpu", "ratio", 2.0, 1.1), Figure("cpu", "count", 7)]
    monkeypatch.setitem(bench.PIECES, "cpu", lambda full: figures)
    result = CliRunner().invoke(main, ["cpu", "--json", str(tmp_path / "new" / "b.json")])

    assert result.exit_code == 0, result.output
    assert "MISSED" in result.output
    written = json.loads((tmp_path / "new" / "b.json").read_text())
    assert [(row["what"], row["value"]) for row in written["figures"]] == [
        ("ratio", 2.0),
        ("count", 7),
    ]
    assert {"cores", "python", "packages"} <= written.keys()


def test_a_run_imports_nothing_heavy_that_it_does_not_need() -> None:
    assert heavy_modules() == []


def test_the_published_schedule_asks_judge_after_judge_and_twenty_at_once() -> None:
    panel = [("Why?", [f"SIMULATED answer {n}" for n in range(25)]) for _ in range(2)]
    with lean_judges(0.05) as server:
        seconds = asyncio.run(judge_in_turn(server.url, "Judge it.", panel))
        seen = server.stats()

    assert seen["calls"] == dict.fromkeys(JUDGES, 50)
    assert seen["peak_in_flight"] == dict.fromkeys(JUDGES, AT_ONCE)
    # Two judges, two questions, two rounds of at most twenty calls: eight latencies in a row.
    assert seconds >= 8 * 0.05


def test_a_command_that_fails_stops_the_benchmark_with_what_it_said() -> None:
    with pytest.raises(RuntimeError, match="went wrong"):
        cost([sys.executable, "-c", "import sys; print('it went wrong'); sys.exit(1)"])


def test_a_cost_counts_the_cpu_of_the_command() -> None:
    used = cost([sys.executable, "-c", "sum(range(3_000_000))"])

    assert used.cpu > 0
    assert used.wall > 0
    assert used.peak_mb > 1
