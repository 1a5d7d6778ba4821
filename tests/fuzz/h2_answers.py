"""What a server sent over HTTP/2, held against the rules of RFC 9113 and of gRPC."""

from __future__ import annotations

from typing import NamedTuple

from hpack import Decoder
from tests.fuzz.h2_frames import (
    ACK,
    DATA,
    DEFAULT_WINDOW,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    MOST_FRAME_BYTES,
    PING,
    PREFACE,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Frame,
    frames,
)

INTERNAL_ERROR = 2
BLAMES_THE_SERVER = {"2", "13", "15"}
"""UNKNOWN, INTERNAL, DATA_LOSS."""
SIZES = {PRIORITY: 5, RST_STREAM: 4, PING: 8, WINDOW_UPDATE: 4}


class Answer:
    """One stream."""

    def __init__(self) -> None:
        self.blocks: list[dict[str, str]] = []
        self.body = b""
        self.is_whole = False
        self.reset: int | None = None

    @property
    def grpc_status(self) -> str | None:
        """The status of a call; None: it has not ended, or it was none."""
        return self.blocks[-1].get("grpc-status") if self.blocks and self.is_whole else None


class Answers(NamedTuple):
    """All that was sent on a connection."""

    streams: dict[int, Answer]
    pongs: int
    goaway: int | None
    """Why the connection ends; None: nobody says that it does."""


def read(sent: bytes, asked: bytes) -> Answers:
    """Read what a server sent to a caller who had sent ``asked``. Raises AssertionError where it breaks a rule."""
    found, decoder, pongs, goaway = frames(sent), Decoder(), 0, None
    assert sum(9 + len(one.payload) for one in found) == len(sent), "the last frame is not whole"
    assert not found or (found[0].kind == SETTINGS and not found[0].flags & ACK), "it begins with something else"
    streams: dict[int, Answer] = {}
    for one in found:
        assert len(one.payload) <= MOST_FRAME_BYTES
        assert len(one.payload) == SIZES.get(one.kind, len(one.payload))
        assert one.kind in (DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE)
        if one.kind == PING:
            assert one.flags & ACK
            pongs += 1
        elif one.kind == GOAWAY:
            goaway = int.from_bytes(one.payload[4:8])
            assert goaway != INTERNAL_ERROR
        elif one.stream:
            _take(streams.setdefault(one.stream, Answer()), one, decoder)
    _check_windows(found, asked)
    return Answers(streams, pongs, goaway)


def _take(answer: Answer, one: Frame, decoder: Decoder) -> None:
    if one.kind == WINDOW_UPDATE:
        assert int.from_bytes(one.payload) > 0
        return
    if one.kind == RST_STREAM:
        answer.reset = int.from_bytes(one.payload)
        assert answer.reset != INTERNAL_ERROR
        return
    assert answer.reset is None, "it speaks on a stream that it has reset"
    assert not answer.is_whole, "it speaks on a stream that it has ended"
    if one.kind == DATA:
        assert answer.blocks, "a body without headers"
        answer.body += one.payload
    else:
        assert one.flags & END_HEADERS
        block = dict(decoder.decode(one.payload))
        assert (":status" in block) == (not answer.blocks)
        answer.blocks.append(block)
        assert block.get("grpc-status") not in BLAMES_THE_SERVER, f"it blames itself: {block}"
    answer.is_whole = bool(one.flags & END_STREAM)


def _check_windows(found: list[Frame], asked: bytes) -> None:
    """No more was sent than the caller had ever allowed."""
    connection, first, streams = DEFAULT_WINDOW, DEFAULT_WINDOW, dict[int, int]()
    for one in frames(asked.removeprefix(PREFACE)):
        if one.kind == WINDOW_UPDATE and len(one.payload) == 4:
            n = int.from_bytes(one.payload) & 0x7FFFFFFF
            streams[one.stream] = streams.get(one.stream, 0) + n
        elif one.kind == SETTINGS:
            for i in range(0, len(one.payload) - 5, 6):
                if int.from_bytes(one.payload[i : i + 2]) == INITIAL_WINDOW_SIZE:
                    first = max(first, int.from_bytes(one.payload[i + 2 : i + 6]))
    sent: dict[int, int] = {}
    for one in found:
        if one.kind == DATA:
            sent[one.stream] = sent.get(one.stream, 0) + len(one.payload)
    assert sum(sent.values()) <= connection + streams.get(0, 0), "more than the connection's window"
    for stream, n in sent.items():
        assert n <= first + streams.get(stream, 0), "more than the stream's window"
