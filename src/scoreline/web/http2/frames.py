"""Frames: their kinds, flags and errors, and how they are written."""

from __future__ import annotations

from enum import IntEnum
from struct import Struct

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)

END_STREAM = ACK = 0x1
END_HEADERS, PADDED, WITH_PRIORITY = 0x4, 0x8, 0x20
"""Flags."""

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = (
    range(1, 7)
)
"""Settings."""

HEAD = Struct(">IBI")
"""Of a frame: its length (24 bits) and its kind (8), its flags, its stream."""
SETTING = Struct(">HI")
MOST_FRAME_BYTES = 16_384
"""Of a payload, where no setting says otherwise. We let nobody send more."""
LARGEST_FRAME_SETTING = (1 << 24) - 1
MOST_WINDOW = (1 << 31) - 1
DEFAULT_WINDOW = 65_535
IDS = (1 << 31) - 1
"""The bits of a number of a stream, or of credit; the highest is reserved."""


class Code(IntEnum):
    """What a frame that ends a stream or a connection gives for a reason."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


class ConnectionFault(Exception):
    """Something after which a connection cannot go on; ``text`` is told with it."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class StreamFault(Exception):
    """Something after which a stream cannot go on, though its connection can."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """Return a frame."""
    return HEAD.pack(len(payload) << 8 | kind, flags, stream_id) + payload


def reset(stream_id: int, code: Code) -> bytes:
    """Return the frame that ends a stream."""
    return frame(RST_STREAM, 0, stream_id, code.to_bytes(4))


def credit(stream_id: int, n_bytes: int) -> bytes:
    """Return the frame that lets the other side send so many bytes more; 0 is the connection."""
    return frame(WINDOW_UPDATE, 0, stream_id, n_bytes.to_bytes(4))


def goaway(last_id: int, code: Code, text: str = "") -> bytes:
    """Return the frame that ends a connection; ``last_id`` is the last stream that was taken."""
    return frame(GOAWAY, 0, 0, last_id.to_bytes(4) + code.to_bytes(4) + text.encode())


def settings(**values: int) -> bytes:
    """Return the frame with settings, by their names in lower case."""
    return frame(SETTINGS, 0, 0, b"".join(SETTING.pack(_SETTINGS[name], value) for name, value in values.items()))


_SETTINGS = {
    "max_concurrent_streams": MAX_CONCURRENT_STREAMS,
    "initial_window_size": INITIAL_WINDOW_SIZE,
    "max_header_list_size": MAX_HEADER_LIST_SIZE,
}


def without_padding(flags: int, payload: bytes) -> bytes:
    """Return what a payload holds besides its padding. Raises ConnectionFault."""
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise ConnectionFault(Code.PROTOCOL_ERROR, "padding is longer than what it pads")
    return payload[1 : len(payload) - payload[0]]


def without_priority(flags: int, payload: bytes) -> bytes:
    """Return what HEADERS holds besides a priority, which nobody heeds. Raises ConnectionFault."""
    if not flags & WITH_PRIORITY:
        return payload
    if len(payload) < 5:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, "HEADERS is too short for its priority")
    return payload[5:]
