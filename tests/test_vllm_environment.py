"""The script that makes vLLM's environment, where it cannot."""

import os
import subprocess
from pathlib import Path

from tests.tasks.running import ROOT

CANNOT = 3


def test_a_machine_that_cannot_have_vllm_is_told_so_in_a_line_and_a_status(tmp_path: Path) -> None:
    ran = subprocess.run(
        [str(ROOT / "tests" / "vllm" / "environment.sh"), str(tmp_path / "environment")],
        env=os.environ | {"PYTHON": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == CANNOT
    [line] = ran.stderr.splitlines()
    assert line.startswith("vLLM's CPU build cannot be had here: ")
    assert not (tmp_path / "environment").exists()


def test_ci_goes_on_after_that_status_and_no_other() -> None:
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    script = (ROOT / "tests" / "vllm" / "environment.sh").read_text("utf-8")
    assert f"cannot_have_vllm={CANNOT}\n" in ci
    assert f"CANNOT={CANNOT}\n" in script
