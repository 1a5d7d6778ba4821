"""The way out of a connection: what was written in one turn leaves at once, bodies as the caller's windows allow."""

from __future__ import annotations

import asyncio
from typing import cast

from scoreline.web.admission import Admission
from scoreline.web.http2.frames import (
    DATA,
    DEFAULT_WINDOW,
    END_HEADERS,
    END_STREAM,
    HEAD,
    HEADERS,
    MOST_FRAME_BYTES,
    Code,
    frame,
    goaway,
    reset,
)
from scoreline.web.http2.headers import SHRUNK
from scoreline.web.http2.stream import Stream

AT_ONCE_BYTES = 64 * 1024
"""So much of one answer leaves before others have their turn."""
N_LEFT = 1000
"""Streams that were ended here and not there, which are remembered: more may still come on them."""


class Sending(asyncio.Protocol):
    """What a connection sends."""

    _transport: asyncio.Transport

    def __init__(self, admission: Admission) -> None:
        self.streams: dict[int, Stream] = {}
        """Those that have not ended, by number."""
        self._admission = admission
        self._out: list[bytes] = []
        """Frames of this turn."""
        self._window = DEFAULT_WINDOW
        """How many bytes of answers the caller takes now, over all streams."""
        self._frame_bytes = MOST_FRAME_BYTES
        """The largest payload that the caller takes."""
        self._blocked: dict[int, Stream] = {}
        """Streams with something that waits for the caller, those that waited longest first."""
        self._left: dict[int, None] = {}
        self._is_writable = True
        self._is_mute = False
        """Whether the last word is said."""
        self._shrinks = False
        """Whether the next header block has to say that no table is used."""
        self.n_taken = 0
        """Bytes of bodies that were written since somebody looked."""

    @property
    def n_untaken(self) -> int:
        """Bytes that wait for the caller: those that its windows do not allow, and those it does not read."""
        waiting = sum(len(stream.untaken or b"") for stream in self._blocked.values())
        return waiting + self._transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def flush(self) -> None:
        """Send what was written."""
        out = self._out
        if out:
            self._out = []
            if not (self._is_mute or self._transport.is_closing()):
                self._transport.write(out[0] if len(out) == 1 else b"".join(out))

    def pause_writing(self) -> None:
        """Read nothing more from a caller that does not read."""
        self._is_writable = False
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._is_writable = True
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._pump()
            self.flush()

    def answer(self, stream: Stream, headers: bytes, body: bytes, trailers: bytes) -> None:
        """Write a whole answer: two blocks and what stands between them. Where nobody waits for it, write nothing."""
        n, stream_id = len(body), stream.id
        if stream_id not in self.streams:
            return
        if (
            n <= stream.window
            and n <= self._window
            and n <= MOST_FRAME_BYTES
            and self._is_writable
            and not self._shrinks
            and stream_id not in self._blocked
        ):
            stream.window -= n
            self._window -= n
            pack = HEAD.pack
            self._out += (
                pack(len(headers) << 8 | HEADERS, END_HEADERS, stream_id),
                headers,
                pack(n << 8 | DATA, 0, stream_id),
                body,
                pack(len(trailers) << 8 | HEADERS, END_HEADERS | END_STREAM, stream_id),
                trailers,
            )
            self._finish(stream)
        else:
            self.start(stream, headers)
            self.push(stream, body)
            self.finish(stream, trailers)

    def start(self, stream: Stream, headers: bytes) -> None:
        """Write the headers of an answer."""
        if stream.id not in self.streams:
            return
        self._out.append(frame(HEADERS, END_HEADERS, stream.id, self._first(headers)))

    def push(self, stream: Stream, data: bytes) -> None:
        """Write a part of its body, or have it wait for the caller."""
        if not data or stream.id not in self.streams:
            return
        self._admission.keep(len(data))
        if stream.untaken is None:
            stream.untaken = memoryview(data)
        elif isinstance(stream.untaken, bytearray):
            stream.untaken += data
        else:
            stream.untaken = bytearray(stream.untaken) + data
        self._blocked[stream.id] = stream
        self._pump()

    def finish(self, stream: Stream, trailers: bytes) -> None:
        """End an answer: with its last block, or with nothing but the end of its body where that is empty."""
        if stream.id not in self.streams or stream.trailers is not None:
            return
        if trailers:
            stream.trailers = frame(HEADERS, END_HEADERS | END_STREAM, stream.id, self._first(trailers))
        else:
            stream.trailers = frame(DATA, END_STREAM, stream.id)
        if stream.id not in self._blocked:
            self._finish(stream, stream.trailers)

    def reset(self, stream: Stream, code: Code) -> None:
        """End a stream for a reason."""
        self._out.append(reset(stream.id, code))
        self._leave(stream.id)
        self._close(stream)

    def _leave(self, stream_id: int) -> None:
        if len(self._left) >= N_LEFT:
            del self._left[next(iter(self._left))]
        self._left[stream_id] = None

    def _finish(self, stream: Stream, last: bytes = b"") -> None:
        if last:
            self._out.append(last)
        if not stream.is_whole:  # nobody reads the rest of the body
            self._out.append(reset(stream.id, Code.NO_ERROR))
            self._leave(stream.id)
        self._close(stream)

    def _close(self, stream: Stream) -> None:
        """Forget a stream that has ended."""
        self.streams.pop(stream.id, None)
        if self._blocked.pop(stream.id, None) is not None:
            self._admission.let_go(len(stream.untaken or b""))
            stream.untaken = None

    def _first(self, block: bytes) -> bytes:
        if self._shrinks:
            self._shrinks = False
            return SHRUNK + block
        return block

    def _pump(self) -> None:
        """Write what the windows allow, in turns."""
        while self._is_writable and self._window > 0:
            ready = [stream for stream in self._blocked.values() if stream.window > 0]
            if not ready:
                return
            for stream in ready:
                if self._window <= 0 or not self._is_writable:
                    return
                self._take(stream)
                self.flush()

    def _take(self, stream: Stream) -> None:
        untaken = memoryview(cast("memoryview", stream.untaken))
        n = min(len(untaken), stream.window, self._window, AT_ONCE_BYTES)
        for begin in range(0, n, self._frame_bytes):
            self._out.append(frame(DATA, 0, stream.id, bytes(untaken[begin : min(begin + self._frame_bytes, n)])))
        stream.window -= n
        self._window -= n
        self._taken(n)
        self._admission.let_go(n)
        if n < len(untaken):
            stream.untaken = untaken[n:]
            self._blocked[stream.id] = self._blocked.pop(stream.id)  # it goes behind the others
            return
        stream.untaken = None
        del self._blocked[stream.id]
        if stream.trailers is not None:
            self._finish(stream, stream.trailers)

    def _taken(self, n_bytes: int) -> None:
        """Take note of so many bytes of an answer that were written."""
        self.n_taken += n_bytes

    def _say_goodbye(self, last_id: int, code: Code, text: str) -> None:
        self._out.append(goaway(last_id, code, text))
        self.flush()
        self._is_mute = True
