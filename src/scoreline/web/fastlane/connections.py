"""The watch over slow callers: one timer for all connections, instead of one for each request."""

from __future__ import annotations

import asyncio
from typing import Protocol

from scoreline.web.large import give_back_soon

LOOK_SECONDS = 1.0
"""How often the connections are looked at."""
MANY = 1000
"""So many take memory that is worth giving back when half of them are gone."""


class Watched(Protocol):
    """A connection."""

    loop: asyncio.AbstractEventLoop

    @property
    def n_calls(self) -> int:
        """Its requests that have no answer yet."""
        ...

    def look(self, now: float) -> None:
        """End what takes too long."""
        ...


class Connections:
    """Looks at every connection from time to time, while there are any."""

    def __init__(self) -> None:
        self._open: set[Watched] = set()
        self._looking = False
        self._most = 0
        """The most connections there were since memory was given back."""

    def add(self, connection: Watched) -> None:
        """Watch ``connection``."""
        self._open.add(connection)
        if not self._looking:
            self._looking = True
            connection.loop.call_later(LOOK_SECONDS, self._look, connection.loop)

    def discard(self, connection: Watched) -> None:
        """Watch it no more."""
        self._open.discard(connection)

    @property
    def n_calls(self) -> int:
        """Requests of all connections that have no answer yet."""
        return sum(connection.n_calls for connection in self._open)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = bool(self._open)
        if self._looking:
            loop.call_later(LOOK_SECONDS, self._look, loop)
        self._most = max(self._most, len(self._open))
        if self._most > MANY and len(self._open) < self._most / 2:
            self._most = len(self._open)
            give_back_soon()
        now = loop.time()
        for connection in list(self._open):
            connection.look(now)
