"""The connections of one worker: those it accepts and keeps, and those that others hand over to it.

The kernel deals connections out by chance. Of 32 that are kept open, one of two workers gets 20 or more every fifth
time, and all that they ask for is its work from then on, however idle the other is.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable

from uvicorn.server import ServerState

from scoreline.web.secure import HANDSHAKE_SECONDS
from scoreline.web.workers.balance import Balance

PLAIN, SECURE = b"c", b"s"
"""What a connection that is handed over is to speak."""
MOST_HANDED_OVER = 16
"""In a tenth of a second. Where more come, chance is even enough, or they are gone as fast as they come."""

Make = Callable[[], asyncio.Protocol]


class Share:
    """Places new connections, here or with the worker that has the fewest."""

    def __init__(self, balance: Balance, slot: int, state: ServerState, tls: ssl.SSLContext | None = None) -> None:
        self._balance = balance
        self._tls = tls
        self._slot = slot
        self._connections = state.connections
        self._inbox = balance.inbox(slot)
        self._open = False
        self._n_may_go = 0
        self._arriving: set[asyncio.Task[None]] = set()

    def open(self, make: Make) -> None:
        """Take what others hand over; ``make`` makes the protocol of a connection."""
        self._open = True
        self.tell()
        asyncio.get_running_loop().add_reader(self._inbox, self._receive, make)

    def tell(self) -> None:
        """Tell the others how many connections are here. Called ten times a second."""
        if self._open:
            self._balance.counts[self._slot] = len(self._connections)
        self._n_may_go = MOST_HANDED_OVER

    async def close(self, make: Make) -> None:
        """Take what was handed over until now, and no more."""
        self._open = False
        self._balance.leave(self._slot)
        asyncio.get_running_loop().remove_reader(self._inbox)
        self._receive(make)
        if self._arriving:
            await asyncio.wait(self._arriving)

    def place(self, transport: asyncio.Transport, kind: bytes = PLAIN) -> bool:
        """Hand a new connection over if that evens things out; say whether it is gone."""
        if not self._open:
            return False
        n = len(self._connections)
        counts = self._balance.counts
        counts[self._slot] = n + 1
        to = self._balance.fewest()
        if n - counts[to] <= n // 16 or not self._n_may_go:
            return False
        if not self._balance.hand_over(transport.get_extra_info("socket").fileno(), to, kind):
            return False
        self._n_may_go -= 1
        counts[self._slot] = n
        transport.abort()  # closes what is ours of it; the other worker's goes on
        return True

    def _receive(self, make: Make) -> None:
        while True:
            try:
                kind, descriptors, _, _ = socket.recv_fds(self._inbox, 1, 1)
            except OSError:
                return
            for descriptor in descriptors:
                self.take(descriptor, make, kind)

    def take(self, descriptor: int, make: Make, kind: bytes) -> None:
        """Let a connection in that has been accepted elsewhere."""
        tls = self._tls if kind == SECURE else None
        task = asyncio.get_running_loop().create_task(_take(descriptor, make, tls))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)


class Door(asyncio.Protocol):
    """Stands where the protocol of a connection will, until it is known which worker has it."""

    def __init__(self, share: Share, make: Make) -> None:
        self._share = share
        self._make = make

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Let the connection in, or hand it over."""
        if not self._share.place(transport):
            protocol = self._make()
            transport.set_protocol(protocol)
            protocol.connection_made(transport)


class SecureDoor(asyncio.Protocol):
    """The same where TLS is spoken: a connection goes over before its first byte is read."""

    def __init__(self, share: Share, make: Make) -> None:
        self._share = share
        self._make = make

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Let the connection in, or hand it over."""
        if not self._share.place(transport, SECURE):
            descriptor = os.dup(transport.get_extra_info("socket").fileno())
            transport.abort()
            self._share.take(descriptor, self._make, SECURE)


async def _take(descriptor: int, make: Make, tls: ssl.SSLContext | None) -> None:
    connection = socket.socket(fileno=descriptor)
    connection.setblocking(False)
    patience = None if tls is None else HANDSHAKE_SECONDS
    try:
        await asyncio.get_running_loop().connect_accepted_socket(
            make, connection, ssl=tls, ssl_handshake_timeout=patience
        )
    except OSError:  # the caller is gone already, or speaks something else
        connection.close()
