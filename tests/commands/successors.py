"""A SIMULATED successor on a local server: lenient to the old judge's real scores of the anchors."""

import hashlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from linking.anchors import AnchorCompletions, published_anchors
from scorers.asking import judge_message
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Request, verdict

MODEL = "anthropic/claude-sonnet-4-6"
FREE_COMMAND = [sys.executable, "-c", "from commands.main import main; main()", "link"]


class SuccessorServer(JudgeServer):
    """Counts what it judged; `before` is called with the number of calls so far."""

    def __init__(self, anchors: AnchorCompletions, batch_fault: object = None) -> None:
        super().__init__(self._judge, batch_fault=batch_fault)  # type: ignore[arg-type]
        self.scores = {
            judge_message(*text): score
            for text, score in zip(anchors.texts, anchors.scores.tolist(), strict=True)
        }
        self.shift = 0.0
        self.before: Callable[[int], None] = lambda calls: None

    @property
    def judged(self) -> Counter[str]:
        """How often each message was judged, and paid for."""
        return Counter(request.user for request in list(self.requests))

    def _judge(self, request: Request) -> Answer:
        self.before(len(self.requests))
        old = self.scores[request.user]
        scatter = hashlib.sha256(request.user.encode("utf-8", "replace")).digest()[0] % 7 - 3
        aligned = min(max(100 - 0.7 * (100 - old) + scatter + self.shift, 0), 100)
        return verdict(round(aligned), 90, "SIMULATED.")


def anchors() -> AnchorCompletions:
    """The published ones."""
    return published_anchors()


def environment(server: JudgeServer) -> dict[str, str]:
    """What the command needs to reach the server."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("INSPECT_")},
        "ANTHROPIC_API_KEY": "sk-test",
        "ANTHROPIC_BASE_URL": server.url,
    }


def start(server: JudgeServer, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start `bwalpha link` as a process of its own."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [*FREE_COMMAND, *map(str, arguments)],
        env=environment(server),
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        text=True,
    )


def link(server: JudgeServer, *arguments: str | Path) -> tuple[int, str, str]:
    """Run `bwalpha link` to its end: exit status, output, errors."""
    process = start(server, *arguments)
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err


def kill(process: subprocess.Popen[str]) -> None:
    """End a process as a power cut would."""
    os.kill(process.pid, signal.SIGKILL)
