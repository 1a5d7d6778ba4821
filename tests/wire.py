"""A connection without a network: the server's protocol on one end, the bytes of the test on the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import uvicorn
from starlette.types import ASGIApp
from uvicorn.lifespan.on import LifespanOn
from uvicorn.server import ServerState

from scoreline.web.fastlane import choose_protocol

SCORE = "/api/v1/deployments/credit/score"
N_TURNS = 40
"""Turns of the event loop after which every request that needs no thread is answered."""


class Wire(asyncio.Transport):
    """What the server writes is ``sent``; ``reading`` is whether it wants to be told more."""

    def __init__(self, loop: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
        super().__init__(told)
        self.sent = b""
        self.n_writes = 0
        self.buffered = 0
        self.room = 1_000_000_000
        """Bytes that may be written before the server is asked to wait."""
        self.reading = True
        self.closed = False
        self._loop = loop
        self.protocol: Any = None

    def write(self, data: Any) -> None:
        assert not self.closed, "written after it was closed"
        self.sent += bytes(data)
        self.n_writes += 1
        if len(self.sent) > self.room:
            self.protocol.pause_writing()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._loop.call_soon(self.protocol.connection_lost, None)

    abort = close

    def can_write_eof(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_write_buffer_size(self) -> int:
        return self.buffered


class Response(NamedTuple):
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class Server:
    """An application in an event loop, and connections to it."""

    def __init__(self, app: ASGIApp) -> None:
        self._loop = asyncio.new_event_loop()
        self._app = app
        self._config = uvicorn.Config(
            app,
            lifespan="on",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=75,
        )
        self._lifespan: Any = None
        self.state = ServerState()
        self.told: dict[str, Any] = {}
        """What is told of a new connection: its ``peername``, its ``sslcontext``."""
        self.failures: list[str] = []
        """What got away in the event loop, where a server would log it and go on."""
        self._loop.set_exception_handler(lambda _, context: self.failures.append(str(context)))

    def start(self) -> None:
        async def started() -> None:
            self._config.load()
            self._lifespan = LifespanOn(self._config)
            await self._lifespan.startup()

        self._loop.run_until_complete(started())
        web: Any = self._app
        while web is not None and not hasattr(web, "every_route"):
            web = getattr(web, "_app", None)
        if web is not None:
            web.every_route()  # they would be made in a thread, and no turn of the loop waits for it

    def stop(self) -> None:
        for task in self.state.tasks:
            task.cancel()
        self.turns()
        self._loop.run_until_complete(self._lifespan.shutdown())
        self._loop.close()

    @property
    def shared(self) -> dict[str, Any]:
        """What the application shares with the connections."""
        return self._lifespan.state

    def connect(self) -> Wire:
        wire = Wire(self._loop, self.told)
        wire.protocol = choose_protocol(self._config, self.state, self._lifespan.state, self._loop)
        wire.protocol.connection_made(wire)
        return wire

    def turns(self, n: int = N_TURNS) -> None:
        """Let the event loop turn."""

        async def turn() -> None:
            for _ in range(n):
                await asyncio.sleep(0)

        self._loop.run_until_complete(turn())

    def wait_for(self, wire: Wire, n_answers: int) -> None:
        """Let the event loop run until so many answers came: some come from threads."""
        self.wait_until(lambda: len(responses(wire.sent)) >= n_answers)

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Let the event loop run until it is so."""

        async def wait() -> None:
            async with asyncio.timeout(20):
                while not true():
                    await asyncio.sleep(0.001)

        self._loop.run_until_complete(wait())

    def look(self, wire: Wire, seconds: float) -> None:
        """Look at the connection as if so many seconds had passed."""
        wire.protocol.look(self._loop.time() + seconds)
        self.turns()

    def exchange(self, *parts: bytes) -> Wire:
        """Send these parts, a turn of the loop for each, and wait for the answers."""
        wire = self.connect()
        for part in parts:
            if not wire.closed:
                wire.protocol.data_received(part)
            self.turns(1)
        self.turns()
        return wire


@contextmanager
def serving(app: ASGIApp) -> Iterator[Server]:
    """Start an application; stop it on leaving."""
    server = Server(app)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def request(
    document: Any = None,
    *headers: str,
    path: str = SCORE,
    method: str = "POST",
    version: str = "1.1",
    body: bytes | None = None,
) -> bytes:
    """Write a request as it stands on the wire."""
    content = json.dumps(document).encode() if body is None else body
    lines = [f"{method} {path} HTTP/{version}", "host: here", *headers]
    if not any(header.startswith("transfer-encoding") for header in headers):
        lines.append(f"content-length: {len(content)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def responses(sent: bytes) -> list[Response]:
    """Read the answers that are whole; `100 Continue` is one."""
    found = []
    while (end := sent.find(b"\r\n\r\n")) >= 0:
        first, *lines = sent[:end].decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        size = int(headers.get("content-length", 0))
        if len(sent) < end + 4 + size:
            break
        found.append(Response(int(first.split()[1]), headers, sent[end + 4 : end + 4 + size]))
        sent = sent[end + 4 + size :]
    return found
