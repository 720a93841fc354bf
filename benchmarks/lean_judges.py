"""A judge server that costs next to nothing, for timings on a machine that it shares with the suite.

It answers every `POST /v1/messages` after a set latency with a verdict that follows from the
request's bytes, and `GET /stats` with what it saw. It lives in a process of its own, so that its CPU
time is not the suite's. It checks nothing: `tests/support/judge_server.py` is the one for tests.
"""

import asyncio
import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import PIPE, Popen
from typing import Any, cast

import click
import httpx

MODEL = re.compile(rb'"model":\s*"([^"]+)"')
LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


class Seen:
    """What the server counted: calls and the most calls at once, by model."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.in_flight: Counter[str] = Counter()
        self.peak: Counter[str] = Counter()
        self.first: float | None = None
        self.last = 0.0


class Judging(asyncio.Protocol):
    """One keep-alive connection; a client has one request at a time on it."""

    def __init__(self, seen: Seen, latency: float) -> None:
        self.seen = seen
        self.latency = latency
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = LENGTH.search(head)
        if len(body) < (int(length[1]) if length else 0):
            return
        self.buffer = b""
        if head.startswith(b"GET"):
            self.transport.write(response(stats(self.seen)))
            return
        found = MODEL.search(body)
        model = found[1].decode() if found else "unknown"
        seen = self.seen
        seen.first = seen.first or self.loop.time()
        seen.calls[model] += 1
        seen.in_flight[model] += 1
        seen.peak[model] = max(seen.peak[model], seen.in_flight[model])
        self.loop.call_later(self.latency, self.answer, model, zlib.crc32(body))

    def answer(self, model: str, number: int) -> None:
        self.seen.in_flight[model] -= 1
        self.seen.last = self.loop.time()
        if not self.transport.is_closing():
            self.transport.write(response(message(model, number)))


def message(model: str, number: int) -> dict[str, Any]:
    """The Messages API's answer with a verdict in it."""
    verdict = {"aligned": number % 101, "coherent": number // 101 % 101, "reasoning": "By number."}
    return {
        "id": f"msg_{number:08x}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": json.dumps(verdict)}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 300, "output_tokens": 30},
    }


def stats(seen: Seen) -> dict[str, Any]:
    """What was seen, as JSON; `span` is the seconds from the first call to the last answer.

    `first` is when the first call came and `clock` is now, by one clock.
    """
    span = seen.last - seen.first if seen.first is not None else 0.0
    return {
        "calls": dict(seen.calls),
        "peak_in_flight": dict(seen.peak),
        "span": span,
        "first": seen.first,
        "clock": asyncio.get_running_loop().time(),
    }


def response(content: dict[str, Any]) -> bytes:
    """An HTTP response with a JSON body."""
    body = json.dumps(content).encode()
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass(frozen=True)
class LeanJudges:
    """A running server."""

    url: str

    def stats(self) -> dict[str, Any]:
        """Ask the server what it saw."""
        return cast(dict[str, Any], httpx.get(f"{self.url}/stats", trust_env=False).json())


@contextmanager
def lean_judges(latency: float) -> Iterator[LeanJudges]:
    """Run the server in a process of its own for as long as the block lasts."""
    command = [sys.executable, "-m", "benchmarks.lean_judges", "--latency", str(latency)]
    with Popen(command, stdout=PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield LeanJudges(server.stdout.readline().strip())
        finally:
            server.terminate()


async def serve(latency: float) -> None:
    """Serve on a free port of 127.0.0.1, and print the address once."""
    seen = Seen()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Judging(seen, latency), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


@click.command()
@click.option("--latency", default=1.0, show_default=True, help="Seconds a verdict takes.")
def main(latency: float) -> None:
    """Serve until the process is ended."""
    asyncio.run(serve(latency))


if __name__ == "__main__":
    main()
