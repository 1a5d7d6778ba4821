"""Bytes in, frames to whom they are for; so many requests of one connection in a turn, and others have theirs."""

from __future__ import annotations

import asyncio
from abc import abstractmethod

from scoreline.web.admission import Admission
from scoreline.web.http2.controls import Controls
from scoreline.web.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    HEAD,
    IDS,
    MOST_FRAME_BYTES,
    SETTINGS,
    Code,
    ConnectionFault,
    StreamFault,
)
from scoreline.web.http2.preface import PREFACE

LINGER_SECONDS = 1.0
"""How long what comes after a goodbye is thrown away: to close earlier would take it from a caller who still sends."""
N_A_TURN = 64
"""Requests of one connection that are begun in a turn of the event loop."""


class Reading(Controls):
    """What is read of a connection, until something is wrong with it."""

    def __init__(self, admission: Admission, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(admission, loop)
        self._rest: bytes = b""
        """What came of a frame that is not whole, or of those that wait for the next turn."""
        self._preface = PREFACE
        """What has to come yet before there are frames."""
        self._greeted = False
        """Whether the first settings came."""
        self._block: tuple[int, int, list[bytes]] | None = None
        """Stream, flags and parts of a header block that is not whole."""
        self._n_begun = 0
        """Requests that were begun in this turn."""
        self._waits = False
        """Whether frames that came wait for the next turn."""
        self._is_over = False
        """Whether nothing more is read."""

    @abstractmethod
    def _on_data(self, stream_id: int, flags: int, data: bytes) -> None:
        """Take a part of a body."""

    @abstractmethod
    def _fail_stream(self, stream_id: int, code: Code) -> None:
        """End one request for a fault of its caller's."""

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        if self._waits:
            self._rest += data
            return
        self._take_turn(data)

    def _take_turn(self, data: bytes) -> None:
        self._n_begun = 0
        try:
            if self._preface:
                data = self._read_preface(data)
            self._read(self._rest + data if self._rest else data)
        except ConnectionFault as fault:
            self.fail(fault.code, fault.text)
        else:
            self.flush()
            if self.is_ending:
                self.close_if_done()

    def _go_on(self) -> None:
        """Take the next turn, if it is still to be taken."""
        if not self._waits or self._is_over:
            return
        self._waits = False
        if self._is_writable and not self._transport.is_closing():
            self._transport.resume_reading()
        self._take_turn(b"")

    def fail(self, code: Code, text: str) -> None:
        """End the connection for a reason, and whatever is under way on it."""
        self._is_over = self.is_ending = True
        self._rest = b""
        self._say_goodbye(self.last_id, code, text)
        if self._transport.can_write_eof():  # TLS cannot close one way only
            self._transport.write_eof()
            self.loop.call_later(LINGER_SECONDS, self._transport.close)
        else:
            self._transport.close()

    def close_if_done(self) -> None:
        """Close once everything is answered."""
        if not self.streams and not self._waits and not self._transport.is_closing():
            self.flush()
            self._is_over = True
            self._transport.close()

    def _read_preface(self, data: bytes) -> bytes:
        wanted = self._preface
        n = min(len(wanted), len(data))
        if data[:n] != wanted[:n]:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "this is no HTTP/2, which is all that is spoken here")
        self._preface = wanted[n:]
        return data[n:]

    def _read(self, data: bytes) -> None:
        at, end = 0, len(data)
        handlers, unpack = self._handlers, HEAD.unpack_from
        while end - at >= HEAD.size and self._n_begun < N_A_TURN:
            length, flags, stream_id = unpack(data, at)
            kind, length, stream_id = length & 0xFF, length >> 8, stream_id & IDS
            if length > MOST_FRAME_BYTES:
                raise ConnectionFault(Code.FRAME_SIZE_ERROR, f"a frame has more than {MOST_FRAME_BYTES} bytes")
            begin = at + HEAD.size
            if end - begin < length:
                break
            at = begin + length
            if (self._block is not None and kind != CONTINUATION) or not self._greeted:
                self._check_turn(kind, flags)
            if kind == DATA:
                self._on_data(stream_id, flags, data[begin:at])
                continue
            handler = handlers.get(kind)
            if handler is None:
                self._spend()
                continue
            try:
                handler(stream_id, flags, data[begin:at])
            except StreamFault as fault:
                self._fail_stream(stream_id, fault.code)
        self._rest = data[at:]
        if self._n_begun >= N_A_TURN:
            self._waits = True
            self._transport.pause_reading()
            self.loop.call_soon(self._go_on)

    def _check_turn(self, kind: int, flags: int) -> None:
        if self._block is not None:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a header block is interrupted")
        if kind != SETTINGS or flags & ACK:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "the first frame is not SETTINGS")
        self._greeted = True
