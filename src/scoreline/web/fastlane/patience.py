"""What ends a connection: callers that take too long, and a server that stops."""

from __future__ import annotations

import asyncio
from typing import TypeGuard

from scoreline.core.errors import ScorelineError, TimedOut, Unavailable
from scoreline.web.fastlane.call import Call
from scoreline.web.fastlane.connection import Connection
from scoreline.web.large import LARGE_BODY_BYTES

SLOW_SECONDS = 30.0
"""How long a request may take to arrive, …"""
SLOWEST_BYTES_A_SECOND = 1024
"""… and how much longer its bytes give it."""
HURRIED_SECONDS = 5.0
HURRIED_BYTES_A_SECOND = 256 * 1024
"""The same while others are refused, because the bodies that arrive hold all the memory there is for them."""
STALLED_SECONDS = 60.0
"""How long a caller may take none of its answers."""
LAST_CALL_SECONDS = 0.25
"""How long a server that stops waits for a request that may be on its way to a connection at rest."""


class PatientConnection(Connection):
    """A connection that is looked at once a second: a timer for each request would cost as much as parsing it."""

    _stalled = (0.0, 0)
    """When answers were last seen to be taken, and how much was left of them."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._lane.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lane.connections.discard(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Read nothing more from a caller that does not read."""
        super().pause_writing()
        self._stalled = (self.loop.time(), self.transport.get_write_buffer_size())
        self.flow.pause_reading()

    def look(self, now: float) -> None:
        """End what takes too long: a request that does not arrive, an answer that is not taken, a caller at rest."""
        if self.transport.is_closing():
            return
        if self.flow.write_paused:
            self._look_at_answers(now)
        elif self.flow.read_paused:
            return
        elif self._receiving:
            self._look_at_request(now - self._begun_at)
        elif self._is_idle():
            if self._idle_since is None:
                self._idle_since = now
            elif now - self._idle_since > self.timeout_keep_alive:
                self.transport.close()

    def _look_at_answers(self, now: float) -> None:
        since, size = self._stalled
        left = self.transport.get_write_buffer_size()
        if left != size:
            self._stalled = (now, left)
        elif now - since > STALLED_SECONDS:
            self.transport.abort()

    def _look_at_request(self, seconds: float) -> None:
        call, n_bytes = self._call, self._n_received or 0
        if self._is_idle() and not self._in_head:  # it is refused already, and the caller still sends
            if seconds > SLOW_SECONDS:
                self.transport.close()
        elif seconds > SLOW_SECONDS + n_bytes / SLOWEST_BYTES_A_SECOND:
            self._time_out()
        elif self._must_hurry(call) and seconds > HURRIED_SECONDS + n_bytes / HURRIED_BYTES_A_SECOND:
            self._refuse(call, _too_slow_now())

    def _must_hurry(self, call: Call | None) -> TypeGuard[Call]:
        return call is not None and call.held >= LARGE_BODY_BYTES and self._admission.is_pressed()

    def _time_out(self) -> None:
        message = f"the request was not whole after {SLOW_SECONDS:g} seconds"
        call = self._call
        if call is not None and call.error is None:
            self._ending = True
            call.keep_alive = False
            self._refuse(call, TimedOut(message, hint="send headers and body without a break"))
        elif self._in_head:
            self._end_with(408, f"{message[0].upper()}{message[1:]}.")
        elif call is None:
            self.transport.close()

    def shutdown(self) -> None:
        """Answer what was accepted and what is on its way, then close."""
        self._draining = True
        if self._is_idle():
            self.loop.call_later(LAST_CALL_SECONDS, self._close_if_idle)
            return
        self.cycle.keep_alive = False
        if not self._receiving or self._in_head:
            self._ending = True

    def _close_if_idle(self) -> None:
        if self._is_idle():
            self.transport.close()


def _too_slow_now() -> ScorelineError:
    return Unavailable(
        "the server is short of memory for requests, and this one arrives too slowly",
        hint="send it again in a moment, or send fewer rows a request",
    )
