"""One connection: calls in, answers out in their order, each in its time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from scoreline.core.errors import ScorelineError
from scoreline.serving.errors import http_status
from scoreline.serving.plane import clock
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.thrift import messages
from scoreline.web.admission import Body
from scoreline.web.service import Service
from scoreline.web.thrift.call import Call
from scoreline.web.thrift.caller import Caller
from scoreline.web.thrift.framing import Messages
from scoreline.web.turn import Turn
from scoreline.web.watch import Watch

if TYPE_CHECKING:
    from scoreline.web.thrift.listener import Connections

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
N_PIPELINED = 16
"""Calls of one connection that may wait for their answers before no other is begun, …"""
READ_BYTES = 64 * 1024
"""… and how much may have come behind them before no more is read."""


class Connection(asyncio.Protocol):
    """A connection. Whoever watches over it gives it up after its ``deadline``."""

    _transport: asyncio.Transport

    def __init__(
        self, service: Service, turn: Turn[Call], others: Connections, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.origin = ""
        """Address of the caller."""
        self.deadline = loop.time() + STRANGER_SECONDS
        """On the event loop's clock."""
        self._service, self._turn, self._others, self._loop = service, turn, others, loop
        self._caller = Caller(service)
        self._messages = Messages(service.admission)
        self._waiting: deque[Call] = deque()
        """Calls that have no answer yet, or wait for those before them, in order."""
        self._refused: ScorelineError | None = None
        """Why nothing can follow; it is told after the answers, …"""
        self._told = False
        """… and has been."""
        self._begun_at: float | None = None
        """When the message began that is not whole."""
        self._stuck = False
        """Whether the last of the calls has to be answered before the next is begun."""
        self._ending = False
        """No other call is begun, …"""
        self._closing = False
        """… and once there are answers to those that were, the connection is closed."""
        self._reading, self._writing = True, True
        """Whether what comes is read, and whether the caller takes its answers."""

    @property
    def watch(self) -> Watch:
        """What is told of calls that have their answers."""
        return self._service.watch

    @property
    def is_busy(self) -> bool:
        """Whether a call is being answered, or its answer is on its way."""
        return bool(self._waiting) or self._transport.get_write_buffer_size() > 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.origin = peer[0] if isinstance(peer, tuple) else ""
        if not self._others.add(self):
            self._ending = True
            self.give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ending = True
        self._messages.forget()
        self._others.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        self._messages.add(data)
        self._go_on()

    def eof_received(self) -> bool:
        """Answer what was asked before the caller closed its side, then close ours."""
        self._closing = True
        self._go_on()
        return not self._transport.is_closing() and self._transport.can_write_eof()

    def pause_writing(self) -> None:
        self._writing = False
        self.deadline = self._loop.time() + TAKE_SECONDS

    def resume_writing(self) -> None:
        self._writing = True
        self._go_on()

    def end(self) -> None:
        """Answer the calls that are under way, and no others."""
        self._ending = self._closing = True
        self._go_on()

    def give_up(self) -> None:
        """Close without waiting for anything."""
        self._transport.abort()

    def _go_on(self) -> None:
        """Begin the calls that are whole, as many as may be under way at once, and see what is waited for then."""
        try:
            while not (self._ending or self._stuck) and self._writing and len(self._waiting) < N_PIPELINED:
                found = self._messages.next()
                if found is None:
                    break
                self._begin_call(*found)
        except ScorelineError as error:
            self._refused, self._ending = error, True
            self._messages.forget()
        if self._waiting or not self._writing:
            if self._writing:
                self.deadline = float("inf")
            self._read(self._messages.n_bytes < READ_BYTES)
        elif not self._transport.is_closing():
            self._rest()

    def _begin_call(self, message: bytes, held: Body | None) -> None:
        self._begun_at = None
        try:
            head = messages.read_head(message)
        except ScorelineError:
            if held is not None:
                held.let_go()
            raise
        call = Call(self, head, message, held, framed=self._messages.framed)
        self._service.watch.n_in_flight += 1
        self._waiting.append(call)
        if self._caller.let_in(call, self._loop, self._goes_on_with):
            self._ask(call)
        else:
            self._stuck = True

    def _goes_on_with(self, call: Call) -> None:
        """Go on with a call that had to wait until it was known who calls."""
        self._stuck = False
        self._ask(call)
        self._go_on()

    def _ask(self, call: Call) -> None:
        """Have a call answered, if that is left to do."""
        if call.answer is None:
            try:
                self._turn.add(call, self._loop)
            except ScorelineError as error:
                call.take(error)
            else:
                self._stuck = self._turn.is_large(call)
                return
        if call is self._waiting[0]:
            self._loop.call_soon(self.send)

    def answer(self, call: Call, found: Reply | Exception) -> None:
        """Take the answer to a call; ``send`` sends it once those before it are sent."""
        call.take(found)
        if call is self._waiting[-1]:
            self._stuck = False

    def send(self) -> None:
        """Send the answers whose turn it is in one write, and go on."""
        waiting, written = self._waiting, []
        while waiting and waiting[0].answer is not None:
            call = waiting.popleft()
            written.append(call.written())
            self._ended(call)
        if any(written) and not self._transport.is_closing():
            self._transport.write(written[0] if len(written) == 1 else b"".join(written))
        self._go_on()

    def _ended(self, call: Call) -> None:
        service = self._service
        service.watch.n_in_flight -= 1
        if call.is_counted:
            service.admission.end(call.active.full_name)
        if call.held is not None:
            call.held.let_go()
        if call.n_rows is None:
            service.watch.ended(call.ended())

    def _rest(self) -> None:
        """Wait for the caller: every call has its answer, and the caller takes them."""
        if self._refused is not None:
            self._refuse(self._refused)
        elif self._closing:
            self._transport.close()
        else:
            self._read(True)
            self.deadline = self._patience()

    def _patience(self) -> float:
        """Return until when the caller may take with what is waited for."""
        now, n_bytes = self._loop.time(), self._messages.n_bytes
        if not n_bytes:
            return now + (REST_SECONDS if self._caller.is_known else STRANGER_SECONDS)
        if self._begun_at is None:
            self._begun_at = now
        return self._begun_at + MESSAGE_SECONDS + n_bytes / BYTES_A_SECOND

    def _refuse(self, error: ScorelineError) -> None:
        """Tell why it cannot go on, once, and let the caller read that."""
        if not self._told:
            self._told = True
            self._service.watch.unread(http_status(error))
            told = messages.application_failure(None, str(error), messages.PROTOCOL_ERROR)
            self._transport.write(len(told).to_bytes(4) + told if self._messages.framed else told)
            if self._transport.can_write_eof():  # TLS cannot close one way only
                self._transport.write_eof()
        if self._closing:
            self._transport.close()
        elif self._writing:
            self._read(True)
            self.deadline = self._loop.time() + LINGER_SECONDS

    def _read(self, reading: bool) -> None:
        if reading is not self._reading and not self._transport.is_closing():
            self._reading = reading
            (self._transport.resume_reading if reading else self._transport.pause_reading)()


def finish(calls: Sequence[Call], answers: Sequence[Reply | Exception]) -> None:
    """Send the answers to calls: one write to each connection. Those with scores are written down together."""
    for call, answer in zip(calls, answers, strict=True):
        call.connection.answer(call, answer)
    for connection in dict.fromkeys([call.connection for call in calls]):
        connection.send()
    scored = [call for call in calls if call.n_rows is not None]
    if scored:
        scored[0].connection.watch.scored(scored, clock())
