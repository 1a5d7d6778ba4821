"""What is said on a connection besides requests: settings, windows, pings, and what ends streams and connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from scoreline.web.admission import Admission
from scoreline.web.http2.frames import (
    ACK,
    DEFAULT_WINDOW,
    ENABLE_PUSH,
    GOAWAY,
    HEADER_TABLE_SIZE,
    IDS,
    INITIAL_WINDOW_SIZE,
    LARGEST_FRAME_SETTING,
    MAX_FRAME_SIZE,
    MOST_FRAME_BYTES,
    MOST_WINDOW,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTING,
    SETTINGS,
    WINDOW_UPDATE,
    Code,
    ConnectionFault,
    StreamFault,
    frame,
)
from scoreline.web.http2.hpack import TABLE_BYTES
from scoreline.web.http2.sending import Sending
from scoreline.web.http2.stream import Stream

N_STREAMS = 256
"""Requests of one connection that may be under way at once, …"""
N_STREAMS_AT_FIRST = 1024
"""… and before the caller has said that it knows."""
CALM = 4096
"""How many frames that ask for nothing may come in a row. Requests, bytes and time earn the right to more."""
CALM_A_REQUEST, CALM_A_SECOND = 8, 100
CALM_BYTES = 2048
"""So many bytes, in or out, are worth one of them."""

ACKNOWLEDGED = frame(SETTINGS, ACK, 0)


class Controls(Sending):
    """The frames of a connection that are about no request."""

    def __init__(self, admission: Admission, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(admission)
        self.loop = loop
        self.last_id = 0
        """The last stream that was taken."""
        self.is_ending = False
        """Whether no other request is taken."""
        self._n_streams = N_STREAMS_AT_FIRST
        self._calm = CALM
        self._first_window = DEFAULT_WINDOW
        """Of a new stream."""
        self._handlers: dict[int, Callable[[int, int, bytes], None]] = {
            PRIORITY: self._on_priority,
            RST_STREAM: self._on_reset,
            SETTINGS: self._on_settings,
            PUSH_PROMISE: self._on_push,
            PING: self._on_ping,
            GOAWAY: self._on_goaway,
            WINDOW_UPDATE: self._on_credit,
        }

    def _spend(self, n: int = 1) -> None:
        """Count a frame that asks for nothing. Raises ConnectionFault for too many."""
        self._calm -= n
        if self._calm < 0:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many frames that ask for nothing")

    def _earn(self, n: int) -> None:
        """Let the caller send more of them."""
        self._calm = min(self._calm + n, CALM)

    def _taken(self, n_bytes: int) -> None:
        super()._taken(n_bytes)
        self._earn(n_bytes // CALM_BYTES)

    def _finish(self, stream: Stream, last: bytes = b"") -> None:
        super()._finish(stream, last)
        self._earn(CALM_A_REQUEST)

    def _on_reset(self, stream_id: int, flags: int, payload: bytes) -> None:
        _check_size(payload, 4)
        self._check_begun(stream_id, "RST_STREAM")
        self._spend()
        stream = self.streams.get(stream_id)
        if stream is not None:
            self._close(stream)
            stream.exchange.leave()

    def _on_credit(self, stream_id: int, flags: int, payload: bytes) -> None:
        _check_size(payload, 4)
        n = int.from_bytes(payload) & IDS
        if stream_id:
            self._check_begun(stream_id, "WINDOW_UPDATE")
        self._spend()
        stream = self.streams.get(stream_id)
        if not n:
            raise _fault(stream_id, Code.PROTOCOL_ERROR, "WINDOW_UPDATE of nothing")
        if stream is not None:
            stream.window += n
            if stream.window > MOST_WINDOW:
                raise StreamFault(Code.FLOW_CONTROL_ERROR)
        elif not stream_id:
            self._window += n
            if self._window > MOST_WINDOW:
                raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "the connection's window is too large")
        if self._blocked:
            self._pump()

    def _on_settings(self, stream_id: int, flags: int, payload: bytes) -> None:
        if stream_id:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "SETTINGS on a stream")
        if flags & ACK:
            _check_size(payload, 0)
            self._n_streams = N_STREAMS
            self._spend()
            return
        if len(payload) % SETTING.size:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "SETTINGS ends within a setting")
        self._spend(1 + len(payload) // SETTING.size)
        for name, value in SETTING.iter_unpack(payload):
            self._set(name, value)
        self._out.append(ACKNOWLEDGED)
        if self._blocked:
            self._pump()

    def _set(self, name: int, value: int) -> None:
        if name == INITIAL_WINDOW_SIZE:
            if value > MOST_WINDOW:
                raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE is too large")
            more, self._first_window = value - self._first_window, value
            for stream in self.streams.values():
                stream.window += more
                if stream.window > MOST_WINDOW:
                    raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "a stream's window is too large")
        elif name == MAX_FRAME_SIZE:
            if not MOST_FRAME_BYTES <= value <= LARGEST_FRAME_SETTING:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "SETTINGS_MAX_FRAME_SIZE is out of its range")
        elif name == ENABLE_PUSH and value > 1:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "SETTINGS_ENABLE_PUSH is neither 0 nor 1")
        elif name == HEADER_TABLE_SIZE and value < TABLE_BYTES:
            self._shrinks = True

    def _on_ping(self, stream_id: int, flags: int, payload: bytes) -> None:
        if stream_id:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "PING on a stream")
        _check_size(payload, 8)
        self._spend()
        if not flags & ACK:
            self._out.append(frame(PING, ACK, 0, payload))

    def _on_goaway(self, stream_id: int, flags: int, payload: bytes) -> None:
        if stream_id:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "GOAWAY on a stream")
        if len(payload) < 8:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "GOAWAY is too short")
        self._spend()
        self.is_ending = True

    def _on_priority(self, stream_id: int, flags: int, payload: bytes) -> None:
        if not stream_id:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "PRIORITY on the connection")
        self._spend()
        if len(payload) != 5:
            raise _fault(
                stream_id if stream_id in self.streams else 0, Code.FRAME_SIZE_ERROR, "PRIORITY has a wrong size"
            )

    def _on_push(self, stream_id: int, flags: int, payload: bytes) -> None:
        raise ConnectionFault(Code.PROTOCOL_ERROR, "a client cannot push")

    def _check_begun(self, stream_id: int, kind: str) -> None:
        if (stream_id > self.last_id or not stream_id & 1) and stream_id not in self._left:
            raise ConnectionFault(Code.PROTOCOL_ERROR, f"{kind} on stream {stream_id}, which has not begun")


def _fault(stream_id: int, code: Code, text: str) -> StreamFault | ConnectionFault:
    return StreamFault(code) if stream_id else ConnectionFault(code, text)


def _check_size(payload: bytes, size: int) -> None:
    if len(payload) != size:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, f"a frame has {len(payload)} bytes, and its kind {size}")
