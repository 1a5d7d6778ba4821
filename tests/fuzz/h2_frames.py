"""HTTP/2 from the caller's side: frames as bytes, and what a server's bytes say. It shares nothing with the server."""

from __future__ import annotations

import struct
from typing import NamedTuple

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, WITH_PRIORITY = 0x4, 0x8, 0x20
INITIAL_WINDOW_SIZE = 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DEFAULT_WINDOW = 65_535
MOST_FRAME_BYTES = 16_384
HEAD_BYTES = 9
INFER = b"/inference.GRPCInferenceService/ModelInfer"


class Frame(NamedTuple):
    """A frame as it was read."""

    kind: int
    flags: int
    stream: int
    payload: bytes


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"", length: int | None = None) -> bytes:
    """Write a frame; ``length`` is what it says of itself where that is not true."""
    told = len(payload) if length is None else length
    return struct.pack(">I", told & 0xFFFFFF)[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def settings(*pairs: tuple[int, int]) -> bytes:
    """Write SETTINGS."""
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", name, value) for name, value in pairs))


def credit(stream: int, n: int) -> bytes:
    """Write WINDOW_UPDATE."""
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", n))


def frames(data: bytes) -> list[Frame]:
    """Read the frames that are whole."""
    found, at = [], 0
    while len(data) - at >= HEAD_BYTES:
        begin = at + HEAD_BYTES
        end = begin + int.from_bytes(data[at : at + 3])
        if len(data) < end:
            break
        number = int.from_bytes(data[at + 5 : begin]) & 0x7FFFFFFF
        found.append(Frame(data[at + 3], data[at + 4], number, data[begin:end]))
        at = end
    return found


def field(name: bytes, value: bytes) -> bytes:
    """Write a header without HPACK's tables: it may stand in any block."""
    return b"\0" + _length(len(name)) + name + _length(len(value)) + value


def head(*more: tuple[bytes, bytes], path: bytes = INFER, **pseudo: bytes) -> bytes:
    """Write the headers of a call."""
    told = {"method": b"POST", "scheme": b"http", "path": path, "authority": b"here"} | pseudo
    first = [(b":" + name.encode(), value) for name, value in told.items()]
    usual = [(b"content-type", b"application/grpc"), (b"te", b"trailers")]
    return b"".join(field(name, value) for name, value in (*first, *usual, *more))


def message(body: bytes, *, packed: int = 0, length: int | None = None) -> bytes:
    """Write a message of gRPC; ``length`` is what it says of itself where that is not true."""
    return bytes((packed,)) + struct.pack(">I", len(body) if length is None else length) + body


def call(stream: int, body: bytes, headers: bytes | None = None) -> bytes:
    """Write a call with one frame of DATA."""
    block = head() if headers is None else headers
    return frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, body)


def _length(n: int) -> bytes:
    if n < 127:
        return bytes((n,))
    found, n = bytearray((127,)), n - 127
    while n >= 128:
        found.append(n & 127 | 128)
        n >>= 7
    return bytes((*found, n))
