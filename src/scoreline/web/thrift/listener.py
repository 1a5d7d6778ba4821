"""The listener: accepts connections, gives up those that are too slow, and ends them when the worker does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scoreline.web.secure import HANDSHAKE_SECONDS, Certificate
from scoreline.web.server import BACKLOG
from scoreline.web.service import Listener, Service
from scoreline.web.thrift.connection import Connection
from scoreline.web.thrift.framing import READ_BYTES
from scoreline.web.thrift.turn import Turn

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
        accepted = _Accepted(service, certificate)
        server = await asyncio.start_server(
            accepted.serve,
            sock=listening,
            ssl=None if certificate is None else certificate.context,
            ssl_handshake_timeout=None if certificate is None else HANDSHAKE_SECONDS,
            limit=READ_BYTES,
            backlog=BACKLOG,
        )
        looking = asyncio.create_task(accepted.look())
        try:
            yield
        finally:
            server.close()
            await accepted.end()
            looking.cancel()

    return listen


class _Accepted:
    """The connections that there are."""

    def __init__(self, service: Service, certificate: Certificate | None) -> None:
        self._service = service
        self._certificate = certificate
        self._turn = Turn(service.plane)
        self._connections: set[Connection] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection to its end."""
        if len(self._connections) >= N_CONNECTIONS:
            writer.transport.abort()
            return
        connection = Connection(self._service, self._turn, reader, writer)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)

    async def look(self) -> None:
        """Give up, each second, those whose time is over; take up a certificate that was renewed."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._certificate is not None:
                self._certificate.refresh()
            now = loop.time()
            for connection in list(self._connections):
                if now > connection.deadline:
                    connection.give_up()

    async def end(self) -> None:
        """End all: those under way once they are answered."""
        for connection in list(self._connections):
            connection.end()
        for _ in range(int(END_SECONDS / 0.05)):
            if not any(connection.is_busy for connection in self._connections):
                break
            await asyncio.sleep(0.05)
        for connection in list(self._connections):
            connection.give_up()
