"""One connection: calls in, answers out, one after the other, each in its time."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from scoreline.core.errors import ScorelineError
from scoreline.serving.errors import http_status
from scoreline.serving.protocols.thrift import messages
from scoreline.web.admission import Body
from scoreline.web.service import Service
from scoreline.web.thrift.caller import Caller
from scoreline.web.thrift.framing import READ_BYTES, Messages
from scoreline.web.thrift.turn import Turn

REST_SECONDS = 3600.0
"""How long a connection may be silent between calls, …"""
STRANGER_SECONDS = 30.0
"""… and how long before its caller is known: strangers must not take the places of others."""
MESSAGE_SECONDS, BYTES_A_SECOND = 30.0, 1024
"""A message that has begun must be whole in this time, and has a second more for so many bytes of it that came."""
TAKE_SECONDS = 60.0
"""How long a caller may take to take an answer."""
LINGER_SECONDS = 5.0
"""How long what a refused caller goes on sending is thrown away: to close earlier would take its answer from it."""


class Connection:
    """A connection. Whoever watches over it gives it up after its ``deadline``."""

    def __init__(
        self, service: Service, turn: Turn, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer = writer.get_extra_info("peername")
        self.deadline = self._in(STRANGER_SECONDS)
        """On the event loop's clock."""
        self.is_busy = False
        """Whether a call is being answered."""
        self._service = service
        self._caller = Caller(service, turn, peer[0] if isinstance(peer, tuple) else "")
        self._reader, self._writer = reader, writer
        self._messages = Messages(reader)
        self._ending = False

    async def run(self) -> None:
        """Answer calls until the caller has gone, breaks the protocol, or is given up."""
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._answer_all()
        finally:
            self._writer.close()

    def end(self) -> None:
        """Answer the call that is under way, and no other."""
        self._ending = True
        if not self.is_busy:
            self._writer.close()

    def give_up(self) -> None:
        """Close without waiting for anything."""
        self._writer.transport.abort()

    async def _answer_all(self) -> None:
        try:
            while not self._ending and await self._answer_next():
                self.deadline = self._in(REST_SECONDS if self._caller.is_known else STRANGER_SECONDS)
        except ScorelineError as error:
            await self._refuse(error)

    async def _answer_next(self) -> bool:
        """Answer the next call; return whether there was one. Raises ScorelineError where none can follow."""
        begun_at: float | None = None

        def came(n_bytes: int) -> None:
            nonlocal begun_at
            if begun_at is None:
                begun_at = self._in(0.0)
            self.deadline = begun_at + MESSAGE_SECONDS + n_bytes / BYTES_A_SECOND

        with Body(self._service.admission) as held:
            message = await self._messages.next(held, came)
            if message is None:
                return False
            self.deadline = float("inf")
            self.is_busy = True
            try:
                await self._send(await self._caller.answer(message))
            finally:
                self.is_busy = False
        return True

    async def _send(self, answer: bytes) -> None:
        self.deadline = self._in(TAKE_SECONDS)
        if answer:
            self._writer.write(len(answer).to_bytes(4) + answer if self._messages.framed else answer)
            await self._writer.drain()

    async def _refuse(self, error: ScorelineError) -> None:
        """Tell why it cannot go on, and let the caller read that."""
        self._service.watch.unread(http_status(error))
        await self._send(messages.application_failure(None, str(error), messages.PROTOCOL_ERROR))
        self.deadline = self._in(LINGER_SECONDS)
        with suppress(OSError, NotImplementedError):  # TLS cannot close one way only
            self._writer.write_eof()
        while await self._reader.read(READ_BYTES):
            pass

    def _in(self, seconds: float) -> float:
        return asyncio.get_running_loop().time() + seconds
