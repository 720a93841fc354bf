"""vLLM's own router in front of several servers, started and ended by the tests."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx

from tests.vllm.server import free_port

START_TIMEOUT = 120.0
STOP_TIMEOUT = 30.0


class Router:
    """`vllm-router` of the environment that the tests run in: one address for several servers.

    Args:
        workers: Base URLs of the servers, as `VllmServer.url` has them.
        log: Where the router's output goes.
        *arguments: Further arguments of `vllm-router`.
    """

    def __init__(self, workers: Sequence[str], log: Path, *arguments: str) -> None:
        self.log = log
        self.port = free_port()
        self._command = [
            *(str(Path(sys.executable).with_name("vllm-router")), "--host", "127.0.0.1"),
            *("--port", str(self.port), "--prometheus-port", str(free_port())),
            *("--worker-urls", *(worker.removesuffix("/v1") for worker in workers)),
            *arguments,
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The base URL, for `VLLM_BASE_URL`."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, env=os.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/models", timeout=5).status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        self.stop()
        raise RuntimeError(f"{' '.join(self._command)} did not come up:\n{self.log.read_text()}")

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the router; nothing to do when it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
