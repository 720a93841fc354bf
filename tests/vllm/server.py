"""A real vLLM server on this machine, started and ended by the tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import httpx

START_TIMEOUT = 600.0
STOP_TIMEOUT = 30.0
LOG_LINES_SHOWN = 60

# Memory for the key-value cache in GiB, and no questions to the network.
CPU_SETTINGS = {"VLLM_CPU_KVCACHE_SPACE": "2", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}


class VllmServer:
    """`vllm serve` of the environment that the tests run in, on a free port of 127.0.0.1.

    Example:
        with VllmServer(model, log, "--max-model-len", "2048") as server:
            httpx.get(f"{server.url}/models")

    Args:
        model: The folder of the model.
        log: Where the server's output goes; its end is shown when the server does not come up.
        *arguments: Further arguments of `vllm serve`.
        environment: Variables for the server, besides those of this process.
    """

    def __init__(
        self,
        model: Path,
        log: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.model = model
        self.log = log
        self.port = free_port()
        self._command = [
            *(str(Path(sys.executable).with_name("vllm")), "serve", str(model)),
            *("--host", "127.0.0.1", "--port", str(self.port)),
            *arguments,
        ]
        self._environment = os.environ | CPU_SETTINGS | dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The base URL, for `VLLM_BASE_URL`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def pid(self) -> int | None:
        """Of the server process, while there is one."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            # A process group of its own: the engine processes end with it, and nothing else does.
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_up(self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and its engine processes; nothing to do when they are gone."""
        process, self._process = self._process, None
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                break
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                continue
        process.wait(STOP_TIMEOUT)

    def log_text(self) -> str:
        """Everything the server has said so far."""
        return self.log.read_text("utf-8", "replace")

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/models", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        what = (
            f"was not up after {START_TIMEOUT:.0f} s"
            if process.poll() is None
            else f"ended with status {process.returncode} while it started"
        )
        said = "\n".join(self.log_text().splitlines()[-LOG_LINES_SHOWN:])
        raise RuntimeError(f"{' '.join(self._command)} {what}. It said:\n{said}")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
