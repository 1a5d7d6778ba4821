"""Callers who send without an end: much of what is cheap to send and may be dear to take."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterable, Iterator

from tests.fuzz.h2_frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    PING,
    PREFACE,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    call,
    credit,
    frame,
    head,
    message,
    settings,
)
from tests.fuzz.h2_messages import BOMB, GOOD

PACKET_BYTES = 64 * 1024
CANCEL = struct.pack(">I", 8)
REFLECTION = b"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
WATCH = b"/grpc.health.v1.Health/Watch"
FILE = b"\x1a\x14open_inference.proto"
"""What asks reflection for a file by its name: 22 bytes, for 4 kB."""
NO_WINDOW = settings((INITIAL_WINDOW_SIZE, 0))
_GZIP = head((b"grpc-encoding", b"gzip"))


def _streams() -> Iterator[int]:
    return itertools.count(1, 2)


def _forever(sent: bytes) -> Iterator[bytes]:
    return itertools.repeat(sent)


def _reset(stream: int, begun: bytes) -> bytes:
    return begun + frame(RST_STREAM, 0, stream, CANCEL)


def _parts(stream: int, body: bytes) -> bytes:
    parts = [frame(DATA, 0, stream, body[i : i + 16_384]) for i in range(0, len(body), 16_384)]
    return b"".join(parts) + frame(DATA, END_STREAM, stream)


def _begin(stream: int, block: bytes | None = None) -> bytes:
    return frame(HEADERS, END_HEADERS, stream, head() if block is None else block)


_ONE_BY_ONE = frame(DATA, 0, 1, message(FILE) * 500)
FLOODS: dict[str, Callable[[], Iterable[bytes]]] = {
    "PING": lambda: _forever(frame(PING, 0, 0, bytes(8))),
    "SETTINGS": lambda: _forever(settings()),
    "SETTINGS of 2,700 values": lambda: _forever(settings(*[(INITIAL_WINDOW_SIZE, n) for n in range(2_700)])),
    "acknowledgements": lambda: _forever(frame(SETTINGS, 1)),
    "PRIORITY": lambda: _forever(frame(PRIORITY, 0, 1, bytes(5))),
    "frames of other protocols": lambda: _forever(frame(0xAA, 0xFF, 0, b"x")),
    "credit of 1": lambda: _forever(credit(0, 1)),
    "empty DATA": lambda: itertools.chain([_begin(1)], _forever(frame(DATA, 0, 1))),
    "DATA of padding": lambda: itertools.chain([_begin(1)], _forever(frame(DATA, 0x8, 1, b"\xff" + bytes(255)))),
    "CONTINUATION": lambda: itertools.chain([frame(HEADERS, 0, 1)], _forever(frame(CONTINUATION, 0, 1))),
    "CONTINUATION of headers": lambda: itertools.chain(
        [frame(HEADERS, 0, 1)], _forever(frame(CONTINUATION, 0, 1, head()))
    ),
    "headers of 4 kB out of the table": lambda: [
        frame(HEADERS, END_HEADERS, 1, head() + b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000),
        *(frame(HEADERS, END_HEADERS, stream, head() + b"\xbe" * 16_000) for stream in range(3, 99, 2)),
    ],
    "rapid reset": lambda: (_reset(stream, _begin(stream)) for stream in _streams()),
    "rapid reset of whole calls": lambda: (_reset(stream, call(stream, message(GOOD))) for stream in _streams()),
    "resets that the server makes": lambda: (call(stream, b"", head((b"te", b"gzip"))) for stream in _streams()),
    "calls that do not end": lambda: (_begin(stream) for stream in _streams()),
    "calls whose length is a lie": lambda: (
        _begin(stream) + frame(DATA, 0, stream, b"\0\xff\xff\xff\xff") for stream in _streams()
    ),
    "calls that stop before their end": lambda: (
        _begin(stream) + frame(DATA, 0, stream, b"\0\0\x02\xff\xff" + bytes(16_000)) for stream in _streams()
    ),
    "gzip bombs": lambda: (_begin(stream, _GZIP) + _parts(stream, message(BOMB, packed=1)) for stream in _streams()),
    "answers without a window": lambda: itertools.chain(
        [NO_WINDOW], (call(stream, message(GOOD)) for stream in _streams())
    ),
    "answers to one byte at a time": lambda: itertools.chain(
        [NO_WINDOW], (call(stream, message(GOOD)) + credit(stream, 1) for stream in _streams())
    ),
    "watchers": lambda: (call(stream, message(b""), head(path=WATCH)) for stream in _streams()),
    "reflection without a window": lambda: itertools.chain(
        [NO_WINDOW, _begin(1, head(path=REFLECTION))], _forever(_ONE_BY_ONE)
    ),
    "what is no gRPC": lambda: (call(stream, b"", head(path=b"/", method=b"GET")) for stream in _streams()),
}
"""Name → what is sent, behind the preface and the settings."""


def packets(name: str) -> Iterator[bytes]:
    """Return a flood, packet by packet."""
    waiting = [PREFACE + settings()]
    size = 0
    for sent in FLOODS[name]():
        waiting.append(sent)
        size += len(sent)
        if size >= PACKET_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
