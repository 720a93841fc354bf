"""An address in front of a vLLM server that kills the server while it surely owes answers."""

import os
import signal
import threading
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from tests.support.local_server import LocalServer
from tests.vllm.server import VllmServer

ANSWERED_FIRST = 2
ASKED = "/v1/chat/completions"


class Door(LocalServer):
    """Hands every request on to one server, and while that is down drops the connection.

    Watching the server's metrics from outside misses the moment: a tiny model has answered all that it
    holds before one looks again. Here every request passes by.

    Args:
        server: Where requests go.
    """

    def __init__(self, server: VllmServer) -> None:
        super().__init__()
        self.server = server
        self.killed = threading.Event()
        self._armed = False
        self._answered = 0
        self._open = 0

    def kill_half_way(self) -> None:
        """Kill the server once it has answered two more completions and owes another one."""
        self._answered = 0
        self.killed.clear()
        self._armed = True

    def application(self) -> web.Application:
        application = web.Application(client_max_size=2**24)
        application.router.add_route("*", "/{path:.*}", self._pass_on)
        application.cleanup_ctx.append(self._with_client)
        return application

    async def _with_client(self, _: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout()) as self._client:
            yield

    async def _pass_on(self, call: web.Request) -> web.StreamResponse:
        completion = call.path == ASKED
        self._open += completion
        self._perhaps_kill()
        try:
            body = await call.read()
            address = self.server.url.removesuffix("/v1") + call.path_qs
            headers = {k: v for k, v in call.headers.items() if k.lower() == "content-type"}
            async with self._client.request(
                call.method, address, data=body, headers=headers
            ) as answer:
                said = await answer.read()
        except aiohttp.ClientError:
            if call.transport is not None:
                call.transport.abort()
            raise
        finally:
            self._open -= completion
        self._answered += completion
        self._perhaps_kill()
        return web.Response(status=answer.status, body=said, content_type=answer.content_type)

    def _perhaps_kill(self) -> None:
        if self._armed and self._open and self._answered >= ANSWERED_FIRST:
            self._armed = False
            assert self.server.pid is not None
            os.killpg(self.server.pid, signal.SIGKILL)
            self.killed.set()
