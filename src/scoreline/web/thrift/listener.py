"""The listener: accepts connections, gives up those that are too slow, and ends them when the worker does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scoreline.web.secure import HANDSHAKE_SECONDS, Certificate
from scoreline.web.server import BACKLOG
from scoreline.web.service import Listener, Service
from scoreline.web.thrift.connection import Connection, finish
from scoreline.web.thrift.framing import is_large
from scoreline.web.turn import Turn

N_CONNECTIONS = 1024
"""Connections of a worker; one beyond them is closed at once."""
LOOK_SECONDS = 1.0
"""How often it is looked for connections that are to be given up."""
END_SECONDS = 10.0
"""How long calls that are under way may take once the worker ends."""


def thrift_listener(listening: socket.socket, certificate: Certificate | None = None) -> Listener:
    """Return what answers Thrift on a listening socket; with a certificate only over TLS."""

    @asynccontextmanager
    async def listen(service: Service) -> AsyncIterator[None]:
        connections = Connections(certificate)
        turn, loop = Turn(service.plane, finish, is_large), asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(service, turn, connections, loop),
            sock=listening,
            ssl=None if certificate is None else certificate.context,
            ssl_handshake_timeout=None if certificate is None else HANDSHAKE_SECONDS,
            backlog=BACKLOG,
        )
        looking = asyncio.create_task(connections.look())
        try:
            yield
        finally:
            server.close()
            await connections.end()
            looking.cancel()

    return listen


class Connections:
    """The connections that there are."""

    def __init__(self, certificate: Certificate | None) -> None:
        self._certificate = certificate
        self._open: set[Connection] = set()

    def add(self, connection: Connection) -> bool:
        """Take one in; return whether there is room for it."""
        if len(self._open) >= N_CONNECTIONS:
            return False
        self._open.add(connection)
        return True

    def discard(self, connection: Connection) -> None:
        """Let one go that is closed."""
        self._open.discard(connection)

    async def look(self) -> None:
        """Give up, each second, those whose time is over; take up a certificate that was renewed."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._certificate is not None:
                self._certificate.refresh()
            now = loop.time()
            for connection in list(self._open):
                if now > connection.deadline:
                    connection.give_up()

    async def end(self) -> None:
        """End all: those under way once they are answered."""
        for connection in list(self._open):
            connection.end()
        for _ in range(int(END_SECONDS / 0.05)):
            if not any(connection.is_busy for connection in self._open):
                break
            await asyncio.sleep(0.05)
        for connection in list(self._open):
            connection.give_up()
