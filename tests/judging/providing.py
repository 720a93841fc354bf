"""The failing provider from a test's side, and the step asked against it."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from inspect_ai.model import GenerateConfig

from judging.calls import JudgeReply, JudgeRequest, JudgeSettings, Limits
from judging.step import judge
from tests.judging.fault_server import verdict

KEYS = {"ANTHROPIC_API_KEY": "sk-test-anthropic", "OPENAI_API_KEY": "sk-test-openai"}
MODELS = {
    "anthropic": "anthropic/claude-sonnet-4-5-20250929",
    "openai": "openai/gpt-4.1",
    "responses": "openai/gpt-5",
}
LIMITS = Limits(poll=0.02, settle=0.02, longest_pause=0.2, attempts=3, grace=5, fetches=3)


def requests(number: int) -> list[JudgeRequest]:
    """Requests with ids such as logs have, no two the same."""
    return [JudgeRequest(f"grid_1/{n}/é", "The rubric.", f"Completion {n}") for n in range(number)]


REQUESTS = requests(6)


class FaultServer:
    """A running provider."""

    def __init__(self, url: str) -> None:
        self.url = url

    def tell(self, **told: Any) -> None:
        """Set faults, latency, the process to kill, how old batches are."""
        httpx.post(f"{self.url}/control", json=told, trust_env=False).raise_for_status()

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.url}/control", trust_env=False).json()
        return found

    @property
    def judged(self) -> Counter[str]:
        """How often each message was judged, and paid for."""
        return Counter(self.state()["judged"])

    @property
    def batches(self) -> list[int]:
        """The sizes of all batches that were created."""
        return [batch["size"] for batch in self.state()["batches"]]

    def settings(self, provider: str, **config: Any) -> JudgeSettings:
        base = self.url if provider == "anthropic" else f"{self.url}/v1"
        return JudgeSettings(
            "sonnet", MODELS[provider], GenerateConfig(max_tokens=256, **config), base
        )


@contextmanager
def fault_server() -> Iterator[FaultServer]:
    command = [sys.executable, "-m", "tests.judging.fault_server"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield FaultServer(process.stdout.readline().strip())
        finally:
            process.stdin.close()


def ask(server: FaultServer, provider: str, folder: Path, **options: Any) -> list[JudgeReply]:
    asked = options.pop("requests", REQUESTS)
    options.setdefault("limits", LIMITS)
    return asyncio.run(judge(asked, server.settings(provider), folder, **options))


def good(replies: list[JudgeReply], asked: list[JudgeRequest] = REQUESTS) -> list[bool]:
    """For each request, whether its reply is the judge's verdict on it."""
    return [
        reply.id == request.id
        and reply.output is not None
        and reply.output.completion == verdict(request.user)
        for reply, request in zip(replies, asked, strict=True)
    ]


def kinds(replies: list[JudgeReply]) -> list[str]:
    """The failures' kinds, in order."""
    return [reply.failure.kind for reply in replies if reply.failure]


def once(asked: list[JudgeRequest] = REQUESTS) -> Counter[str]:
    """Every message judged once."""
    return Counter(request.user for request in asked)
