"""Both ends of a connection without a network: ours, which echoes, and the `h2` library's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import h2.config
import h2.connection
import h2.events

from scoreline.web.admission import LIMITS, Admission, Limits
from scoreline.web.fastlane.connections import Connections
from scoreline.web.http2.frames import HEAD, frame
from scoreline.web.http2.headers import field, status
from scoreline.web.http2.hpack import Header
from scoreline.web.http2.patience import PatientConnection
from scoreline.web.http2.preface import PREFACE
from scoreline.web.http2.stream import Exchange, Stream

ASKED = [(":method", "POST"), (":scheme", "http"), (":path", "/echo"), (":authority", "here")]
BLOCK = b"\x83\x86\x84"
"""The same, as short as it can be: the static table has it."""


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and takes no more of it than the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_read = True
        self.is_closed = False
        self.n_waiting = 0

    def write(self, data: Any) -> None:
        assert not self.is_closed
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.n_waiting

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    abort = write_eof = close

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True

    def can_write_eof(self) -> bool:
        return True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("10.0.0.1", 40000) if name == "peername" else default


class Loop:
    """As much of an event loop as a connection needs: a clock, and what is to be called soon."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waiting: list[tuple[Any, tuple[Any, ...]]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, what: Any, *arguments: Any) -> None:
        self.waiting.append((what, arguments))

    def call_later(self, seconds: float, what: Any, *arguments: Any) -> None:
        self.call_soon(what, *arguments)

    def turn(self) -> None:
        waiting, self.waiting = self.waiting, []
        for what, arguments in waiting:
            what(*arguments)


class Echo:
    """Answers a body with itself; says ``late`` nothing until it is told to."""

    def __init__(self, *, late: bool = False) -> None:
        self.late = late
        self.begun: list[EchoExchange] = []

    own_headers = frozenset((b"content-length",))

    def read_head(self, headers: list[Header]) -> list[Header]:
        return headers

    def vary_head(self, head: list[Header], own: list[Header]) -> list[Header]:
        return head + own

    def begin(self, stream: Stream, head: list[Header]) -> Exchange:
        stream.declared = int(dict(head).get(b"content-length", b"-1"))
        self.begun.append(EchoExchange(stream, head, late=self.late))
        return self.begun[-1]


class EchoExchange:
    def __init__(self, stream: Stream, head: list[Header], *, late: bool) -> None:
        self.stream, self.head, self.late = stream, head, late
        self.body = b""
        self.is_whole = self.is_left = self.was_looked_at = self.was_ended = False

    def receive(self, data: bytes, *, is_last: bool) -> None:
        assert not self.is_left
        self.body += data
        self.is_whole = is_last
        if is_last and not self.late:
            self.answer(self.body)

    def answer(self, body: bytes) -> None:
        self.stream.connection.answer(self.stream, status(200), body, field(b"x-end", b"yes"))

    def leave(self) -> None:
        assert not self.is_left
        self.is_left = True

    def look(self, now: float) -> None:
        self.was_looked_at = True

    def end(self) -> None:
        self.was_ended = True


class World:
    """A connection, and the other end of it."""

    def __init__(self, *, late: bool = False, limits: Limits = LIMITS) -> None:
        self.site, self.wire, self.loop = Echo(late=late), Wire(), Loop()
        self.admission = Admission(limits)
        self.others: set[Any] = set()
        watched: Any = Connections()
        loop: Any = self.loop
        self.ours = PatientConnection(self.site, self.admission, loop, watched, self.others)
        self.ours.connection_made(self.wire)
        self.loop.waiting.clear()
        self.peer = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding=None))
        self.events: list[h2.events.Event] = []

    def begin(self) -> World:
        """Have both say hello."""
        self.peer.initiate_connection()
        return self.talk()

    def talk(self) -> World:
        """Hand over what either has to say, until neither has anything."""
        while True:
            said = self.peer.data_to_send()
            if said:
                self.ours.data_received(said)
            if self.wire.written:
                heard, self.wire.written = bytes(self.wire.written), bytearray()
                self.events += self.peer.receive_data(heard)
            elif not said:
                return self

    def ask(self, body: bytes = b"", *, stream_id: int | None = None, headers: Iterable[Any] = ASKED) -> int:
        stream_id = self.peer.get_next_available_stream_id() if stream_id is None else stream_id
        self.peer.send_headers(stream_id, list(headers), end_stream=not body)
        if body:
            self.peer.send_data(stream_id, body, end_stream=True)
        self.talk()
        return stream_id

    def answer(self, stream_id: int) -> bytes:
        """Return the body of the answer on a stream, which has ended."""
        mine = [event for event in self.events if getattr(event, "stream_id", None) == stream_id]
        assert any(isinstance(event, h2.events.StreamEnded) for event in mine), mine
        return b"".join(event.data for event in mine if isinstance(event, h2.events.DataReceived))

    def resets(self) -> dict[int, int]:
        """Return the codes of the streams that were ended, by number."""
        return {
            event.stream_id: int(event.error_code) for event in self.events if isinstance(event, h2.events.StreamReset)
        }


class Raw:
    """A connection that is sent frames as they stand in a test, right or wrong."""

    def __init__(self, *, greeted: bool = True, late: bool = True) -> None:
        self.world = World(late=late)
        self.ours, self.wire = self.world.ours, self.world.wire
        if greeted:
            self.ours.data_received(PREFACE + frame(4, 0, 0))
        self.wire.written.clear()

    def send(self, *frames: bytes) -> list[tuple[int, int, int, bytes]]:
        """Send frames; return those that come back: kind, flags, stream, payload."""
        for each in frames:
            self.ours.data_received(each)
        return self.heard()

    def heard(self) -> list[tuple[int, int, int, bytes]]:
        data, found, at = bytes(self.wire.written), [], 0
        self.wire.written.clear()
        while at < len(data):
            length, flags, stream_id = HEAD.unpack_from(data, at)
            end = at + HEAD.size + (length >> 8)
            found.append((length & 0xFF, flags, stream_id, data[at + HEAD.size : end]))
            at = end
        return found

    def open(self, stream_id: int = 1, *, whole: bool = False) -> None:
        self.send(frame(1, 5 if whole else 4, stream_id, BLOCK))
