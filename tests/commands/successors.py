"""A SIMULATED successor on a local server: lenient to the old judge's real scores of the anchors."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from aiohttp import web
from click.testing import CliRunner

from commands.main import main
from linking.anchors import AnchorCompletions
from scorers.asking import judge_message
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Request, verdict

# Its price is in the price table.
SUCCESSOR = "anthropic/claude-opus-4-7"
LINK = [sys.executable, "-c", "from commands.main import main; main()", "link"]
UNKNOWN_TEXT = 60.0


class SuccessorServer(JudgeServer):
    """Judges the anchors, and anything else near 60; counts what it judged."""

    def __init__(self, anchors: AnchorCompletions) -> None:
        super().__init__(self._judge, batch_fault=self._before_batch_call)
        self.scores = {
            judge_message(*text): score
            for text, score in zip(anchors.texts, anchors.scores.tolist(), strict=True)
        }
        self.shift = 0.0
        self.on_call: Callable[[int], None] = lambda calls: None
        self.on_batch_call: Callable[[str], None] = lambda method: None

    @property
    def judged(self) -> Counter[str]:
        """How often each message was judged, and paid for."""
        return Counter(request.user for request in list(self.requests))

    def _judge(self, request: Request) -> Answer:
        self.on_call(len(self.requests))
        old = self.scores.get(request.user, UNKNOWN_TEXT)
        scatter = hashlib.sha256(request.user.encode()).digest()[0] % 7 - 3
        aligned = min(max(100 - 0.7 * (100 - old) + scatter + self.shift, 0), 100)
        return verdict(round(aligned), 90, "SIMULATED.")

    def application(self) -> web.Application:
        app = super().application()
        app.router.add_get("/v1/messages/batches", self._list_batches)
        return app

    async def _list_batches(self, call: web.Request) -> web.Response:
        newest = [self._batch(batch).text for batch in reversed(self.batches)]
        listed = {"data": [json.loads(text or "") for text in newest], "has_more": False}
        return web.json_response(listed)

    def _before_batch_call(self, method: str, path: str) -> None:
        self.on_batch_call(method)


def reach(server: JudgeServer) -> dict[str, str]:
    """What the command needs to find the server."""
    return {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": server.url}


def start(server: JudgeServer, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start `bwalpha link` as a process of its own, with nobody to answer a question."""
    return subprocess.Popen(
        [*LINK, *map(str, arguments)],
        env=os.environ | reach(server),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def link(server: JudgeServer, *arguments: str | Path) -> tuple[int, str, str]:
    """Run `bwalpha link` to its end: exit status, output, errors."""
    found = CliRunner().invoke(main, ["link", *map(str, arguments)], env=reach(server))
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exc_info
    return found.exit_code, found.stdout, found.stderr
