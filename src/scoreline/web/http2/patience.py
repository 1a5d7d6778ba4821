"""What ends a connection: callers that take too long, and a server that stops."""

from __future__ import annotations

import asyncio
from collections.abc import MutableSet
from typing import Any

from scoreline.web.admission import Admission
from scoreline.web.fastlane.connections import Connections
from scoreline.web.http2.connection import Connection
from scoreline.web.http2.controls import CALM_A_SECOND
from scoreline.web.http2.frames import MOST_WINDOW, Code, goaway
from scoreline.web.http2.stream import Site

REST_SECONDS = 3600.0
"""How long a connection may be silent between requests, …"""
STRANGER_SECONDS = 30.0
"""… and how long before its caller is known: strangers must not take the places of others."""
TAKE_SECONDS, LEAST_BYTES_A_SECOND = 60.0, 1024
"""A caller must take so many bytes of its answers a second, over this time, or all that there are."""
LAST_CALL_SECONDS = 0.25
"""How long a server that stops takes requests that may be on their way."""


class PatientConnection(Connection):
    """A connection that is looked at once a second."""

    def __init__(
        self,
        site: Site,
        admission: Admission,
        loop: asyncio.AbstractEventLoop,
        watched: Connections,
        others: MutableSet[Any],
    ) -> None:
        super().__init__(site, admission, loop)
        self._watched, self._others = watched, others
        self._rests_since: float | None = None
        self._waits_since: float | None = None
        """When its caller had last taken as much as it must."""

    @property
    def n_calls(self) -> int:
        """Its requests that have no answer yet."""
        return len(self.streams)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._watched.add(self)
        self._others.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watched.discard(self)
        self._others.discard(self)
        super().connection_lost(exc)

    def look(self, now: float) -> None:
        """End what takes too long: bodies that do not come, answers that are not taken, callers that want nothing."""
        self._earn(CALM_A_SECOND)
        if self._is_over:  # all is said: what is left is to be taken
            if self._waits_too_long(now):
                self._transport.abort()
        elif self.n_untaken:
            if self._waits_too_long(now):
                self._transport.abort()
            self._look_at_bodies(now)
        else:
            self._waits_since = None
            self._look_at_bodies(now)

    def _look_at_bodies(self, now: float) -> None:
        if not self.streams:
            if self._rests_since is None:
                self._rests_since = now
            elif now - self._rests_since > (REST_SECONDS if self.is_known else STRANGER_SECONDS):
                self.fail(Code.NO_ERROR, "nothing was asked for a long time")
            return
        self._rests_since = None
        for stream in list(self.streams.values()):
            if not stream.is_whole:
                stream.exchange.look(now)

    def _waits_too_long(self, now: float) -> bool:
        if self._waits_since is None:
            self._waits_since, self.n_taken = now, 0
        elif now - self._waits_since > TAKE_SECONDS:
            if self.n_taken < TAKE_SECONDS * LEAST_BYTES_A_SECOND:
                return True
            self._waits_since, self.n_taken = now, 0
        return False

    def give_up(self) -> None:
        """Close without waiting for anything."""
        self._transport.abort()

    def shutdown(self) -> None:
        """Answer what was accepted and what is on its way, then close."""
        if self._is_over:
            return
        self._out.append(goaway(MOST_WINDOW, Code.NO_ERROR))
        for stream in list(self.streams.values()):
            stream.exchange.end()
        self.flush()
        self.loop.call_later(LAST_CALL_SECONDS, self._take_no_more)

    def _take_no_more(self) -> None:
        if not self._is_over:
            self.is_ending = True
            self._out.append(goaway(self.last_id, Code.NO_ERROR))
            self.flush()
            self.close_if_done()
