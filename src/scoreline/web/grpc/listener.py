"""The listener on a port where nothing but HTTP/2 is spoken."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from scoreline.web.fastlane.crowded import Closed
from scoreline.web.secure import HANDSHAKE_SECONDS, LOOK_SECONDS, Certificate
from scoreline.web.server import BACKLOG
from scoreline.web.service import Listener, Service

GRPC_PROTOCOLS = ("h2",)
"""What TLS agrees on there."""
END_SECONDS = 10.0
"""How long calls may take that are under way when the worker ends, on connections that its server knows nothing of."""


def grpc_listener(listening: socket.socket, certificate: Certificate | None = None) -> Listener:
    """Return what answers on a listening socket; with a certificate only over TLS."""

    @asynccontextmanager
    async def listen(service: Service) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        early: set[Any] = set()
        """Connections that came before the worker's server was there, which looks after all others."""

        def make() -> asyncio.Protocol:
            accepting = service.watch.server
            others = early if accepting is None else accepting.server_state.connections
            is_full = len(others) >= service.admission.n_connections
            if is_full or (accepting is not None and accepting.should_exit):
                return Closed()
            return service.http2.connect(service, loop, others)

        server = await loop.create_server(
            make,
            sock=listening,
            ssl=None if certificate is None else certificate.context,
            ssl_handshake_timeout=None if certificate is None else HANDSHAKE_SECONDS,
            backlog=BACKLOG,
        )
        renewing = None if certificate is None else asyncio.create_task(_renew(certificate))
        try:
            yield
        finally:
            server.close()
            if renewing is not None:
                renewing.cancel()
            await _end(early)

    return listen


async def _renew(certificate: Certificate) -> None:
    """Take up a certificate that was renewed."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        certificate.refresh()


async def _end(connections: set[Any]) -> None:
    for connection in list(connections):
        connection.shutdown()
    for _ in range(int(END_SECONDS / 0.05)):
        if not connections:
            return
        await asyncio.sleep(0.05)
    for connection in list(connections):
        connection.give_up()
