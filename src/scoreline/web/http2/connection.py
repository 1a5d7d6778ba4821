"""A connection: frames in, requests to whoever answers them."""

from __future__ import annotations

import asyncio
from typing import Any

from scoreline.web.admission import Admission
from scoreline.web.http2.controls import CALM_BYTES, N_STREAMS
from scoreline.web.http2.frames import (
    CONTINUATION,
    DEFAULT_WINDOW,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PADDED,
    RST_STREAM,
    WITH_PRIORITY,
    Code,
    ConnectionFault,
    StreamFault,
    credit,
    frame,
    settings,
    without_padding,
    without_priority,
)
from scoreline.web.http2.headers import Heads, check_fields
from scoreline.web.http2.hpack import MOST_LIST_BYTES, too_long
from scoreline.web.http2.reading import Reading
from scoreline.web.http2.stream import STREAM_WINDOW, Site, Stream

CONNECTION_WINDOW = 4 * STREAM_WINDOW
"""How much of all bodies may come before we have said that more may."""
MOST_BLOCK_BYTES, N_BLOCK_FRAMES = MOST_LIST_BYTES, 32
"""Of one header block, before it is read."""
LONG_BLOCK_BYTES, CALM_BLOCK_BYTES = 2048, 256
"""What a block has beyond so many bytes costs one frame that asks for nothing for so many: it takes time to read."""
HELLO = settings(
    max_concurrent_streams=N_STREAMS, initial_window_size=STREAM_WINDOW, max_header_list_size=MOST_LIST_BYTES
) + credit(0, CONNECTION_WINDOW - DEFAULT_WINDOW)


class Connection(Reading):
    """The requests of a connection."""

    def __init__(self, site: Site, admission: Admission, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(admission, loop)
        self.origin = ""
        """Address of the caller."""
        self.is_known = False
        """Whether a request of it was let in."""
        self._site = site
        self._heads: Heads[Any] = Heads(site.read_head, site.vary_head, site.own_headers)
        self._room = CONNECTION_WINDOW
        self._handlers |= {HEADERS: self._on_headers, CONTINUATION: self._on_continuation}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.origin = peer[0] if isinstance(peer, tuple) else ""
        self._out.append(HELLO)
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over = self.is_ending = True
        self._rest = b""
        self._block = None
        for stream in list(self.streams.values()):
            self._close(stream)
            stream.exchange.leave()
        self._out = []

    def eof_received(self) -> bool:
        """Answer what was asked before the caller closed its side, then close ours."""
        while self._waits and not self._is_over:
            self._go_on()
        self.is_ending = True
        for stream in list(self.streams.values()):
            if not stream.is_whole:
                self._close(stream)
                stream.exchange.leave()
        return bool(self.streams) and self._transport.can_write_eof()

    def _close(self, stream: Stream) -> None:
        super()._close(stream)
        if self.is_ending and not self.streams:
            self.loop.call_soon(self.close_if_done)

    def _fail_stream(self, stream_id: int, code: Code) -> None:
        stream = self.streams.get(stream_id)
        if stream is None:
            raise ConnectionFault(code, f"stream {stream_id} is none that can fail")
        self.reset(stream, code)
        stream.exchange.leave()

    # Requests

    def _on_headers(self, stream_id: int, flags: int, payload: bytes) -> None:
        if flags & (PADDED | WITH_PRIORITY):
            payload = without_priority(flags, without_padding(flags, payload))
        if flags & END_HEADERS:
            self._take_block(stream_id, flags, payload)
        else:
            self._block = stream_id, flags, [payload]

    def _on_continuation(self, stream_id: int, flags: int, payload: bytes) -> None:
        block = self._block
        if block is None or block[0] != stream_id:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "CONTINUATION continues nothing")
        parts = block[2]
        parts.append(payload)
        if len(parts) > N_BLOCK_FRAMES or sum(map(len, parts)) > MOST_BLOCK_BYTES:
            raise too_long()
        if flags & END_HEADERS:
            self._block = None
            self._take_block(stream_id, block[1], b"".join(parts))

    def _take_block(self, stream_id: int, flags: int, block: bytes) -> None:
        if len(block) > LONG_BLOCK_BYTES:
            if len(block) > MOST_BLOCK_BYTES:
                raise too_long()
            self._spend((len(block) - LONG_BLOCK_BYTES) // CALM_BLOCK_BYTES)
        if stream_id <= self.last_id or not stream_id & 1:
            self._take_trailers(stream_id, flags, block)
            return
        if self.is_ending:
            self._heads.skip(block)
            self._leave(stream_id)  # GOAWAY has told that nothing beyond the last stream is answered
            return
        self.last_id = stream_id
        self._n_begun += 1
        if len(self.streams) >= self._n_streams:
            self._heads.skip(block)
            self._spend()
            self._refuse(stream_id, Code.REFUSED_STREAM)
            return
        try:
            head = self._heads.of(block)
        except StreamFault as fault:
            self._spend()
            self._refuse(stream_id, fault.code)
            return
        stream = Stream(self, stream_id, self._first_window, self.loop.time())
        self.streams[stream_id] = stream
        stream.exchange = self._site.begin(stream, head)
        if flags & END_STREAM:
            self._end_body(stream, b"")

    def _refuse(self, stream_id: int, code: Code) -> None:
        self._out.append(frame(RST_STREAM, 0, stream_id, code.to_bytes(4)))
        self._leave(stream_id)

    def _take_trailers(self, stream_id: int, flags: int, block: bytes) -> None:
        headers = self._heads.skip(block)
        stream = self.streams.get(stream_id)
        if stream is None:
            if stream_id not in self._left:
                raise ConnectionFault(Code.STREAM_CLOSED, f"stream {stream_id} has ended")
            self._spend()
            return
        if stream.is_whole:
            raise StreamFault(Code.STREAM_CLOSED)
        if not flags & END_STREAM:
            raise StreamFault(Code.PROTOCOL_ERROR)
        check_fields(headers)
        self._end_body(stream, b"")

    def _on_data(self, stream_id: int, flags: int, data: bytes) -> None:
        n = len(data)
        self._room -= n
        if self._room < 0:
            raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "more came than the connection's window allows")
        if self._room <= CONNECTION_WINDOW >> 1:
            self._out.append(credit(0, CONNECTION_WINDOW - self._room))
            self._room = CONNECTION_WINDOW
        stream = self.streams.get(stream_id)
        if flags & PADDED:
            data = without_padding(flags, data)
        if stream is None or stream.is_whole:
            self._on_stray_data(stream_id, stream)
            return
        stream.room -= n
        if stream.room < 0:
            self._fail_stream(stream_id, Code.FLOW_CONTROL_ERROR)
        elif flags & END_STREAM:
            self._end_body(stream, data)
        elif data:
            self._earn(len(data) // CALM_BYTES)
            stream.n_bytes += len(data)
            stream.exchange.receive(data, is_last=False)
            if stream.room <= STREAM_WINDOW >> 1 and stream_id in self.streams:
                self._out.append(credit(stream_id, STREAM_WINDOW - stream.room))
                stream.room = STREAM_WINDOW
        else:
            self._spend()

    def _on_stray_data(self, stream_id: int, stream: Stream | None) -> None:
        self._check_begun(stream_id, "DATA")
        self._spend()
        if stream is not None:
            self._fail_stream(stream_id, Code.STREAM_CLOSED)
        elif stream_id not in self._left:
            self._refuse(stream_id, Code.STREAM_CLOSED)

    def _end_body(self, stream: Stream, data: bytes) -> None:
        stream.is_whole = True
        stream.n_bytes += len(data)
        if stream.declared >= 0 and stream.declared != stream.n_bytes:
            self._fail_stream(stream.id, Code.PROTOCOL_ERROR)
        else:
            stream.exchange.receive(data, is_last=True)
