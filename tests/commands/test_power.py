"""What `bwalpha power` says of judges and seeds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from commands.main import main
from reports.power import judge_and_seed_components
from runs.run import Run
from tests.reports.made_logs import make_log
from tests.reports.made_runs import made_run


def rated(run: Run, sd: float, shift: float = 0.0) -> Run:
    """Both judges see the same completions; the second is 12 milder and differs by ``sd`` besides."""
    rng = np.random.default_rng(run.seed)
    first = run.judges["sonnet"]
    aligned = first.aligned + shift
    second = aligned + 12 + rng.normal(0, sd, aligned.size)
    opus = replace(run.judges["opus"], aligned=second)
    return replace(run, judges={"sonnet": replace(first, aligned=aligned), "opus": opus})


def test_judges_and_seeds_are_told_beyond_gap_and_completions() -> None:
    shifts = {42: -6.0, 137: 0.0, 256: 6.0}
    runs = [
        rated(made_run("grid_2", {"sonnet": 50, "opus": 60}, seed=seed), 5.0, shift)
        for seed, shift in shifts.items()
    ]
    found = judge_and_seed_components(runs)
    judges = [one for one in found if one.of == "judges"]
    assert [one.name for one in judges] == [f"grid_2 seed {seed}" for seed in shifts]
    # Each judge's own part of a difference whose standard deviation is 5.
    assert [one.sd for one in judges] == pytest.approx([5 / 2**0.5] * 3, rel=0.1)
    assert "1,040 completions" in judges[0].rests_on
    seeds = [one for one in found if one.of == "seeds"]
    assert [one.name for one in seeds] == ["grid_2, sonnet", "grid_2, opus"]
    assert seeds[0].sd == pytest.approx(6, rel=0.1)
    assert seeds[0].rests_on.startswith("seeds 42, 137, 256: sd ")


def test_equal_judges_and_seeds_have_none_and_one_of_each_a_reason() -> None:
    run = made_run("grid_2", {"sonnet": 50, "opus": 60})
    assert judge_and_seed_components([rated(run, 0.0)])[0].sd == pytest.approx(0, abs=1e-6)
    [judges, seeds] = judge_and_seed_components([made_run("grid_2", {"sonnet": 50})])
    assert np.isnan([judges.sd, seeds.sd]).all()
    assert (judges.rests_on, seeds.rests_on) == (
        "no run has two judges",
        "no condition has two seeds",
    )


def test_the_command_prints_them(tmp_path: Path) -> None:
    for seed in (42, 137):
        make_log(tmp_path, count=31, epochs=2, base_seed=seed)
    result = CliRunner().invoke(main, ["power", str(tmp_path), "--width", "5"])
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert any(line.startswith("judges grid_2 seed 42 ") for line in lines)
    assert any(line.startswith("seeds grid_2, opus ") for line in lines)
