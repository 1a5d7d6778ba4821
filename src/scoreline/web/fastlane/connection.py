"""A connection: requests get their turn, and answers leave in the order of the requests."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import is_ssl
from uvicorn.server import ServerState

from scoreline.core.errors import ScorelineError
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.arrivals import Arrivals
from scoreline.web.fastlane.call import Call
from scoreline.web.fastlane.response import CONTINUE

if TYPE_CHECKING:
    from scoreline.web.fastlane.lane import Lane

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
        self._admission = lane.admission
        self._responses = lane.responses(server_state)
        self._heads = lane.heads
        self._arrivals: Arrivals | None = None
        """Looks at how each request has come, where that may differ; None: all come from the peer."""
        self._waiting: deque[Call] = deque()
        self._call: Call | None = None
        """The call that is being received."""
        self._ending = False
        """Nothing more is read: the last request said so, was no HTTP, or the caller has closed its side."""
        self._farewell = b""
        """What is said after the last answer, before the connection is closed."""
        self._draining = False
        """The server stops: no request after the next one."""
        self._in_head = False
        self._receiving = False
        """Whether a request has begun to arrive and is not whole."""
        self._begun_at = 0.0
        """When the request that is being received began."""
        self._n_received: int | None = None
        """How many bytes of it have come in packets; None within the packet in which it began."""
        self._untaken_bytes = 0
        """Answers that wait for the caller to read, as they are counted in place of their requests."""
        self._idle_since: float | None = None
        """When it was first seen at rest."""

    @property
    def n_calls(self) -> int:
        """Calls that are received, scored or wait for their turn."""
        begun = self._call is not None and not self._call.started
        return len(self._waiting) + begun

    # What the transport tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        arrivals = self._lane.arrivals
        if arrivals.concern(self.client, self.scheme or "http"):
            self._arrivals, self._heads = arrivals, self._lane.unknown_heads

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_what_follows()
        self._forget_taken()
        super().connection_lost(exc)
        last: Any = self.cycle
        if isinstance(last, Call):
            self.cycle = self._call = None  # type: ignore[assignment]  # each would keep the other, and a body, alive

    def eof_received(self) -> bool | None:  # type: ignore[override]  # uvicorn never keeps the other side open
        """Answer what was asked before the caller closed its side, then close ours."""
        self._ending = True
        return (self._forget_unfinished() or self._is_owed()) and not is_ssl(self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._forget_taken()
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
        if call.goes_to_lane:
            self._lane.add(call)
        elif call.expects and waiting[0] is call and not call.unknown:
            self._ask_to_continue(call)
        if len(waiting) > N_PIPELINED:
            self.flow.pause_reading()

    def wait_for_thread(self, call: Call) -> None:
        """Read no further while a thread has ``call``."""
        call.in_thread = True
        self.flow.pause_reading()

    def _refuse(self, call: Call, error: ScorelineError) -> None:
        call.refuse(error)
        self._let_go(call)
        self._begun_at = self.loop.time()  # so long may the rest of it take, which nobody keeps
        if call.started:
            self._lane.add(call)

    def _ask_to_continue(self, call: Call) -> None:
        call.expects = False
        self.transport.write(CONTINUE)

    def answer(self, call: Call, reply: Reply) -> None:
        """Take the answer to ``call``; ``send`` sends it once those before it are sent."""
        call.in_thread = False
        if call.disconnected or self.transport.is_closing():
            self._drop(call)
            return
        call.answer = self._responses.write(reply, call.request_id, call.version, keep_alive=call.keep_alive)

    def send(self) -> None:
        """Send the answers whose turn it is in one write, and go on."""
        waiting = self._waiting
        if not waiting or waiting[0].answer is None:
            return
        answers: list[bytes] = []
        n_held = 0
        while waiting and (answer := waiting[0].answer) is not None:
            call = waiting.popleft()
            call.response_complete = True
            answers.append(answer)
            call.body, call.answer = b"", None  # the last call stays with its connection, however long that rests
            n_held += call.held
            if not call.keep_alive:
                self._forget_what_follows()
        self.server_state.total_requests += len(answers)
        written = answers[0] if len(answers) == 1 else b"".join(answers)
        self.transport.write(written)
        if n_held:
            self._admission.let_go(n_held)
            if self.flow.write_paused:
                self._untaken_bytes += len(written)
                self._admission.keep(len(written))
        if not waiting:
            self._next()
            return
        if len(waiting) <= N_PIPELINED:
            self._resume_reading()
        first = waiting[0]
        if first.expects and first.error is None and not first.complete and not first.unknown:
            self._ask_to_continue(first)

    def _forget_what_follows(self) -> None:
        self._ending = True
        self._farewell = b""
        for call in self._waiting:
            self._drop(call)
        self._waiting.clear()
        cycles: list[Any] = [cycle for cycle, _ in self.pipeline]
        for cycle in cycles:
            if isinstance(cycle, Call):
                self._drop(cycle)
        self.pipeline.clear()

    def _forget_unfinished(self) -> bool:
        """Let the request go that is being received and will never be whole; return whether it waits behind others."""
        last: Any = self.cycle
        if isinstance(last, RequestResponseCycle) and last.more_body and self.pipeline and self.pipeline[0][0] is last:
            self.pipeline.popleft()
            return True
        call = self._call
        if call is not None and call.error is None:
            self._drop(call)
            if call.started:
                self._waiting.remove(call)
        return False

    def _forget_taken(self) -> None:
        if self._untaken_bytes:
            self._admission.let_go(self._untaken_bytes)
            self._untaken_bytes = 0

    def _drop(self, call: Call) -> None:
        if not call.disconnected and not call.goes_to_lane:
            self._lane.watch.gone(call)
        call.disconnected = True
        if not call.in_thread:
            self._let_go(call)

    def hold(self, call: Call, n_bytes: int) -> None:
        """Count the body of ``call`` as of so many bytes. Raises Unavailable when they are too many for the worker."""
        if n_bytes > call.held:
            self._admission.hold(n_bytes - call.held)
            call.held = n_bytes

    def _let_go(self, call: Call) -> None:
        self._admission.let_go(call.held)
        call.held = 0

    def _is_idle(self) -> bool:
        """Whether every request has its answer, but for one of which the headers are not whole."""
        last: Any = self.cycle
        return last is None or bool(last.response_complete)

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
        if self._receiving:
            self._begun_at = self.loop.time()
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

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._end_with(400, msg)

    def _end_with(self, status: int, text: str) -> None:
        """Say what is wrong after the answers that are owed, then close."""
        self._ending = True
        self._lane.watch.unread(status)
        answer = self._responses.last(status, text)
        if self._forget_unfinished() or self._is_owed():
            self._farewell = answer
            return
        self.transport.write(answer)
        self.transport.close()
