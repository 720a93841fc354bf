import re
from pathlib import Path

import pytest

from reports.build import build_headline
from runs.load import load_runs
from tests.exchange.originals import OPEN, bwalpha, two_files
from tests.tasks.running import command, run_all


def test_the_documented_script_gives_the_report_s_numbers_and_says_simulated(
    tmp_path: Path,
) -> None:
    for tasks in ("alpha.py", "references.py@null"):
        run_all(tasks, tmp_path, epochs=1, limit=6)
    result = command("python", "docs/subpanels.py", str(tmp_path), PYTHONWARNINGS="error")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("SIMULATED")
    assert result.stdout.count("Every IQR under 20: refuted.") == 2
    [comparison] = build_headline(load_runs([str(tmp_path)])).comparisons
    tables = result.stdout.split("α under ")[1:]
    assert len(tables) == 2
    for table in tables:
        judge = table.split(" ", 1)[0]
        lines = [
            re.split(r"\s*\|\s*", line.strip("| ")) for line in table.splitlines() if "|" in line
        ]
        cells = {line[0]: dict(zip(lines[0], line, strict=True)) for line in lines[2:]}
        for row in comparison.rows:
            figures = next(j for j in row.judges if j.judge == judge)
            for group in figures.subpanels:
                assert float(cells[row.condition][group.name]) == pytest.approx(
                    group.alpha.value, abs=0.005
                )
            assert float(cells["null"][f"{figures.subpanels[0].name} − null"]) == 0


def test_a_real_table_with_one_winner_is_undecided_and_not_simulated(tmp_path: Path) -> None:
    first, _ = two_files(tmp_path)
    bwalpha("import", first, "--out", tmp_path / "logs", *OPEN)
    result = command("python", "docs/subpanels.py", str(tmp_path / "logs"))
    assert result.returncode == 0, result.stderr
    assert "SIMULATED" not in result.stdout
    assert "− null" not in result.stdout
    assert re.search(r"undecided|not refuted", result.stdout)
