"""A connection: requests get their turn and answers leave in the order of the requests; what takes too long ends it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import is_ssl
from uvicorn.server import ServerState

from scoreline.core.errors import ScorelineError, TimedOut
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.fastlane.call import Call
from scoreline.web.fastlane.response import CONTINUE

if TYPE_CHECKING:
    from scoreline.web.fastlane.lane import Lane

SLOW_SECONDS = 30.0
"""How long a request may take to arrive, …"""
SLOWEST_BYTES_A_SECOND = 1024
"""… and how much longer its bytes give it."""
STALLED_SECONDS = 60.0
"""How long a caller may take none of its answers."""
N_PIPELINED = 64
"""Requests of one connection that may wait for their answers before no more are read."""


class Connection(HttpToolsProtocol):
    """uvicorn's protocol, for requests of two kinds: calls, which the lane answers, and uvicorn's own.

    ``_waiting`` holds the calls whose turn has come, in order: each is being received or scored, or has its answer and
    waits for those before it. What comes behind a request of uvicorn's, or is one behind calls, waits in uvicorn's own
    ``pipeline``.
    """

    def __init__(
        self,
        lane: Lane,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, loop)
        self._lane = lane
        self._responses = lane.responses(server_state)
        self._waiting: deque[Call] = deque()
        self._call: Call | None = None
        """The call that is being received."""
        self._ending = False
        """Nothing more is read: the last request said so, was no HTTP, or the caller has closed its side."""
        self._farewell = b""
        """What is said after the last answer, before the connection is closed."""
        self._in_head = False
        self._receiving = False
        """Whether a request has begun to arrive and is not whole."""
        self._begun_at = 0.0
        """When the request that is being received began."""
        self._n_received = 0
        self._idle_since: float | None = None
        """When it was first seen at rest: to ask for the time at each request costs more than to be a second late."""
        self._stalled = (0.0, 0)

    # What the transport tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._lane.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lane.connections.discard(self)
        for call in self._waiting:
            call.disconnected = True
        self._waiting.clear()
        super().connection_lost(exc)

    def eof_received(self) -> bool | None:  # type: ignore[override]  # uvicorn never keeps the other side open
        """Answer what was asked before the caller closed its side, then close ours."""
        self._ending = True
        self._forget_unfinished()
        return self._is_owed() and not is_ssl(self.transport)

    def shutdown(self) -> None:
        """Answer what was accepted, then close."""
        super().shutdown()
        if not self._receiving or self._in_head:
            self._ending = True

    def pause_writing(self) -> None:
        """Read nothing more from a caller that does not read."""
        super().pause_writing()
        self._stalled = (self.loop.time(), self.transport.get_write_buffer_size())
        self.flow.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.pipeline and len(self._waiting) <= N_PIPELINED:
            self._resume_reading()

    # From a request's turn to its answer

    def _start(self, call: Call) -> None:
        if call.disconnected:
            self._next()
            return
        call.started = True
        waiting = self._waiting
        waiting.append(call)
        if call.error is not None or call.complete:
            self._lane.add(call)
        elif call.expects and waiting[0] is call:
            self._ask_to_continue(call)
        if len(waiting) > N_PIPELINED:
            self.flow.pause_reading()

    def _refuse(self, call: Call, error: ScorelineError) -> None:
        call.refuse(error)
        if call.started:
            self._lane.add(call)

    def _ask_to_continue(self, call: Call) -> None:
        call.expects = False
        self.transport.write(CONTINUE)

    def answer(self, call: Call, reply: Reply) -> None:
        """Take the answer to ``call``; ``send`` sends it once those before it are sent."""
        if call.disconnected or self.transport.is_closing():
            call.disconnected = True
            return
        call.answer = self._responses.write(reply, call.request_id, call.version, keep_alive=call.keep_alive)

    def send(self) -> None:
        """Send the answers whose turn it is in one write, and go on."""
        waiting = self._waiting
        if not waiting or waiting[0].answer is None:
            return
        answers: list[bytes] = []
        while waiting and (answer := waiting[0].answer) is not None:
            call = waiting.popleft()
            call.response_complete = True
            answers.append(answer)
            if not call.keep_alive:
                self._forget_what_follows()
        self.server_state.total_requests += len(answers)
        self.transport.write(answers[0] if len(answers) == 1 else b"".join(answers))
        if not waiting:
            self._next()
            return
        if len(waiting) <= N_PIPELINED:
            self._resume_reading()
        if waiting[0].expects and waiting[0].error is None and not waiting[0].complete:
            self._ask_to_continue(waiting[0])

    def _forget_what_follows(self) -> None:
        self._ending = True
        self._farewell = b""
        for call in self._waiting:
            call.disconnected = True
        self._waiting.clear()
        self.pipeline.clear()

    def _forget_unfinished(self) -> None:
        """Let the call go that is being received and will never be whole."""
        call = self._call
        if call is not None and call.error is None:
            call.disconnected = True
            if call.started:
                self._waiting.remove(call)

    def _is_owed(self) -> bool:
        """Whether a request that was received whole still has no answer."""
        last: Any = self.cycle
        if self._waiting or self.pipeline:
            return True
        return isinstance(last, RequestResponseCycle) and not last.response_complete and not last.more_body

    # Between requests

    def on_response_complete(self) -> None:
        """Go on after an answer of uvicorn's."""
        self.server_state.total_requests += 1
        self._next()

    def _next(self) -> None:
        if self.transport.is_closing():
            return
        self._idle_since = None
        if self.pipeline:
            self._resume_reading()
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self._ending:
            if self._farewell:
                self.transport.write(self._farewell)
            self.transport.close()
        else:
            self._resume_reading()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if isinstance(cycle, Call):
            self._start(cycle)
        else:
            super()._start_asgi_task(cycle, app)

    def _resume_reading(self) -> None:
        if self.flow.read_paused and not self.flow.write_paused:
            self.flow.resume_reading()
            if self._receiving:  # the time that it was not read is not the caller's
                self._begun_at = self.loop.time()

    # What ends a connection

    def look(self, now: float) -> None:
        """End what takes too long: a request that does not arrive, an answer that is not taken, a caller at rest."""
        if self.transport.is_closing():
            return
        if self.flow.write_paused:
            since, size = self._stalled
            left = self.transport.get_write_buffer_size()
            if left != size:
                self._stalled = (now, left)
            elif now - since > STALLED_SECONDS:
                self.transport.abort()
        elif self.flow.read_paused:
            return
        elif self._receiving:
            if now - self._begun_at > SLOW_SECONDS + self._n_received / SLOWEST_BYTES_A_SECOND:
                self._time_out()
        elif self._is_idle():
            if self._idle_since is None:
                self._idle_since = now
            elif now - self._idle_since > self.timeout_keep_alive:
                self.transport.close()

    def _is_idle(self) -> bool:
        last: Any = self.cycle
        return last is None or bool(last.response_complete)

    def _time_out(self) -> None:
        message = f"the request was not whole after {SLOW_SECONDS:g} seconds"
        call = self._call
        if call is not None and call.error is None:
            self._ending = True
            call.keep_alive = False
            self._refuse(call, TimedOut(message, hint="send headers and body without a break"))
        elif self._in_head:
            self._end_with(408, f"{message[0].upper()}{message[1:]}.")
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._end_with(400, msg)

    def _end_with(self, status: int, text: str) -> None:
        """Say what is wrong after the answers that are owed, then close."""
        self._ending = True
        answer = self._responses.last(status, text)
        self._forget_unfinished()
        if self._is_owed():
            self._farewell = answer
            return
        self.transport.write(answer)
        self.transport.close()
