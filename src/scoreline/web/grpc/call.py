"""One call: its body comes, its answer leaves, and what came of it is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scoreline.core.access import Access
from scoreline.core.errors import BadRequest, ScorelineError, TimedOut, TooManyRequests, Unavailable
from scoreline.serving.plane import Asked, clock
from scoreline.web.admission import Body
from scoreline.web.endpoint import log_failure
from scoreline.web.fastlane.patience import (
    HURRIED_BYTES_A_SECOND,
    HURRIED_SECONDS,
    SLOW_SECONDS,
    SLOWEST_BYTES_A_SECOND,
)
from scoreline.web.gate import NOBODY
from scoreline.web.grpc.ended import ended
from scoreline.web.grpc.head import Head, Target
from scoreline.web.grpc.status import ERROR_HEADERS, OK_HEADERS, error_trailers, ok_trailers
from scoreline.web.http2.frames import Code
from scoreline.web.http2.stream import DONE, Stream
from scoreline.web.large import LARGE_BODY_BYTES, large_bodies
from scoreline.web.requests import new_request_id

if TYPE_CHECKING:
    from scoreline.web.grpc.site import Grpc

MOST_UNTAKEN_BYTES = 64 * 1024
"""Of answers that one call has many of: who asks for them need not be known."""
PREFIX_BYTES = 5
"""Before each message: whether it is packed, and its length."""


class Call(Asked):
    """A call from its headers to its answer. ``active`` is not set where there is no such deployment."""

    __slots__ = (
        "_buffer",
        "_held",
        "_site",
        "_timer",
        "access",
        "by",
        "deployment",
        "head",
        "is_admitted",
        "is_busy",
        "is_done",
        "is_started",
        "own_id",
        "reached",
        "space",
        "stream",
        "target",
        "task",
        "version",
    )
    target: Target
    reached: set[str]
    """Deployments that its caller was found to be good for."""

    def __init__(self, site: Grpc, stream: Stream, head: Head, caller: str) -> None:
        self._site = site
        self.stream = stream
        self.head = head
        if head.target is not None:
            self.target = head.target
            self.dialect = head.target.dialect
        self.body = b""
        self.caller = caller
        self.medium = self.accept = None
        self.key, self.trace = head.key, head.trace
        self.n_rows = None
        self.request_id = head.request_id or new_request_id()
        self.started_at = self.whole_at = clock()
        self.span: Any = None
        self.access: Access = NOBODY
        self.by, self.space = "", NOBODY.space
        self.deployment: str | None = None
        """The one that was asked for."""
        self.version = 0
        self.own_id = ""
        """The id in its message, which its answer has, too."""
        self.is_admitted = False
        """Whether it is known who calls, and that they may."""
        self.is_busy = False
        """Whether it is being answered: then its bytes count as held, whether anybody waits for it or not."""
        self.is_started = False
        """Whether the headers of its answer are written."""
        self.is_done = False
        """Whether its answer is written, or nobody waits for it."""
        self.task: asyncio.Task[None] | None = None
        self._buffer: bytearray | None = None
        self._held: Body | None = None
        self._timer: asyncio.TimerHandle | None = None

    # What comes

    def receive(self, data: bytes, *, is_last: bool) -> None:
        """Take a part of the body."""
        if self.is_done:
            return
        if is_last and self._buffer is None and not (self.head.target and self.head.target.is_stream):
            self._site.ask(self, data)
            return
        if self._buffer is None:
            self._buffer = bytearray()
        self._buffer += data
        try:
            self._check(self._buffer)
            self.hold(len(self._buffer))
        except ScorelineError as error:
            self.refuse(error)
            return
        if self.target.is_stream:
            self._receive_messages(self._buffer, is_last=is_last)
        elif is_last:
            body, self._buffer = bytes(self._buffer), None
            self._site.ask(self, body)

    def _check(self, buffer: bytearray) -> None:
        if len(buffer) >= PREFIX_BYTES:
            self._site.admission.check_size(int.from_bytes(buffer[1:PREFIX_BYTES]))
        self._site.admission.check_size(len(buffer) - PREFIX_BYTES)

    def _receive_messages(self, buffer: bytearray, *, is_last: bool) -> None:
        if not self.is_admitted:
            self.refuse(BadRequest("a stream began before it was known who calls", hint="send the call again"))
            return
        while not self.is_done and len(buffer) >= PREFIX_BYTES:
            end = PREFIX_BYTES + int.from_bytes(buffer[1:PREFIX_BYTES])
            if len(buffer) < end:
                break
            message = bytes(buffer[:end])
            del buffer[:end]
            self._site.ask(self, message)
        if is_last:
            self.finish()

    def hold(self, n_bytes: int) -> None:
        """Count its bytes. Raises Unavailable when the worker holds too many."""
        if self._held is None:
            self._held = Body(self._site.admission)
        self._held.hold(n_bytes)

    def wait(self) -> None:
        """Be answered later, though not after its deadline."""
        timeout = self.head.timeout
        if timeout is not None and self._timer is None:
            left = timeout - (clock() - self.started_at)
            self._timer = self.stream.connection.loop.call_later(max(left, 0.0), self._expire)

    @property
    def is_late(self) -> bool:
        """Whether its deadline is over."""
        timeout = self.head.timeout
        return timeout is not None and clock() - self.started_at >= timeout

    def _expire(self) -> None:
        self.refuse(too_late())
        self.stream.connection.flush()

    def leave(self) -> None:
        """Answer nobody: the caller has gone."""
        if not self.is_done:
            self._end(None, gone=True)

    def end(self) -> None:
        """Come to an end where it would go on for as long as the caller likes: the server stops."""
        if self.head.target is not None and self.head.target.is_stream:
            self.finish()

    def look(self, now: float) -> None:
        """Give up a body that does not come."""
        if self.is_done or self.head.target is None or self.target.is_stream:
            return
        seconds, n_bytes = now - self.stream.begun_at, self.stream.n_bytes
        pressed = n_bytes >= LARGE_BODY_BYTES and self._site.admission.is_pressed()
        if self.is_late:
            self.refuse(too_late())
        elif seconds > SLOW_SECONDS + n_bytes / SLOWEST_BYTES_A_SECOND or (
            pressed and seconds > HURRIED_SECONDS + n_bytes / HURRIED_BYTES_A_SECOND
        ):
            text = f"the message was not whole after {seconds:.0f} seconds"
            self.refuse(TimedOut(text, hint="send headers and body without a break"))
        self.stream.connection.flush()

    # What leaves

    def reply(self, message: bytes) -> None:
        """Write its answer, which is all that there is."""
        stream = self.stream
        body = b"\0" + len(message).to_bytes(4) + message
        stream.connection.answer(stream, OK_HEADERS, body, ok_trailers(self.request_id, self.version))

    def respond(self, message: bytes) -> None:
        """Write its answer, and have that written down."""
        self.reply(message)
        self._end(None)

    def send(self, message: bytes) -> None:
        """Write one of its answers. Raises TooManyRequests when its caller does not take them."""
        if not self.is_done:
            if len(self.stream.untaken or b"") > MOST_UNTAKEN_BYTES:
                text = f"more than {MOST_UNTAKEN_BYTES} bytes of answers wait to be taken"
                raise TooManyRequests(text, hint="take the answers before you ask for more")
            self._start()
            self.stream.connection.push(self.stream, b"\0" + len(message).to_bytes(4) + message)

    def finish(self) -> None:
        """End answers that were written one by one."""
        if not self.is_done:
            self._start()
            self.stream.connection.finish(self.stream, ok_trailers(self.request_id, self.version))
            self._end(None)

    def refuse(self, error: Exception) -> None:
        """Write the error that is its answer, or the end of it."""
        if self.is_done:
            return
        told = error if isinstance(error, ScorelineError) else log_failure(error, self.request_id)
        trailers = error_trailers(told, self.request_id, self.version)
        connection = self.stream.connection
        connection.finish(self.stream, trailers if self.is_started else ERROR_HEADERS + trailers)
        self._end(told)

    def reset(self, code: Code) -> None:
        """End it without a word."""
        self.stream.connection.reset(self.stream, code)
        self.leave()

    def _start(self) -> None:
        if not self.is_started:
            self.is_started = True
            self.stream.connection.start(self.stream, OK_HEADERS)

    # What is left of it

    def close(self) -> None:
        """Have it no longer in the worker."""
        self.is_done = True
        self.stream.exchange = DONE
        self._site.watch.n_in_flight -= 1
        if self._timer is not None:
            self._timer.cancel()
        if self.task is not None and self.task is not asyncio.current_task(self.stream.connection.loop):
            self.task.cancel()
        self._buffer = None
        self._let_go()

    def work(self) -> None:
        """Be answered, by the turn or by a thread, until ``rest``."""
        self.is_busy = True

    def work_in_thread(self, work: Callable[..., None], *arguments: Any) -> None:
        """Have a thread do work for it. Raises Unavailable where too much waits for that."""
        self.wait()
        self.work()
        try:
            large_bodies.submit(work, self, *arguments)
        except Unavailable:
            self.rest()
            raise

    def rest(self) -> None:
        """Be in nobody's hands."""
        self.is_busy = False
        self._let_go()

    def _let_go(self) -> None:
        """Count its bytes no more, once nobody needs them."""
        if self._held is not None and self.is_done and not self.is_busy:
            self._held.let_go()

    def _end(self, error: ScorelineError | None, *, gone: bool = False) -> None:
        self.close()
        self._site.watch.ended(ended(self, error, gone=gone), self.span)


def too_late() -> TimedOut:
    """Return the error of a call whose deadline is over."""
    return TimedOut("the call was not answered within its deadline", hint="give it more time, or fewer rows")
