"""What the RFC forbids ends the stream or the connection that it forbids it on, with its code, and nothing else."""

from __future__ import annotations

import pytest
from tests.unit.web.http2.conftest import BLOCK, Raw

from scoreline.web.http2.connection import CONNECTION_WINDOW
from scoreline.web.http2.controls import CALM, N_STREAMS, N_STREAMS_AT_FIRST
from scoreline.web.http2.frames import (
    CONTINUATION,
    DATA,
    GOAWAY,
    HEADERS,
    MOST_WINDOW,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Code,
    credit,
    frame,
    reset,
)
from scoreline.web.http2.headers import field
from scoreline.web.http2.preface import PREFACE
from scoreline.web.http2.stream import STREAM_WINDOW

LARGEST = b"\x7f\xff\xff\xff"
ON_CONNECTION = {
    "a frame that is too long": (frame(PING, 0, 0, bytes(16_385)), Code.FRAME_SIZE_ERROR),
    "DATA on the connection": (frame(DATA, 0, 0, b"x"), Code.PROTOCOL_ERROR),
    "DATA on a stream that has not begun": (frame(DATA, 0, 9, b"x"), Code.PROTOCOL_ERROR),
    "DATA that is all padding and more": (frame(DATA, 8, 1, b"\x05abc"), Code.PROTOCOL_ERROR),
    "DATA with padding and nothing": (frame(DATA, 8, 1), Code.PROTOCOL_ERROR),
    "HEADERS on the connection": (frame(HEADERS, 5, 0, BLOCK), Code.STREAM_CLOSED),
    "HEADERS on a stream of ours": (frame(HEADERS, 5, 2, BLOCK), Code.STREAM_CLOSED),
    "HEADERS with a broken block": (frame(HEADERS, 5, 3, b"\xff"), Code.COMPRESSION_ERROR),
    "HEADERS with an index beyond the table": (frame(HEADERS, 5, 3, b"\xfe"), Code.COMPRESSION_ERROR),
    "HEADERS too short for a priority": (frame(HEADERS, 0x25, 3, b"ab"), Code.FRAME_SIZE_ERROR),
    "HEADERS with more padding than block": (frame(HEADERS, 0xD, 3, b"\x09" + BLOCK), Code.PROTOCOL_ERROR),
    "a table beyond what was agreed": (frame(HEADERS, 5, 3, b"\x3f\xe2\x1f" + BLOCK), Code.COMPRESSION_ERROR),
    "PRIORITY on the connection": (frame(PRIORITY, 0, 0, bytes(5)), Code.PROTOCOL_ERROR),
    "RST_STREAM on the connection": (reset(0, Code.CANCEL), Code.PROTOCOL_ERROR),
    "RST_STREAM before the stream": (reset(7, Code.CANCEL), Code.PROTOCOL_ERROR),
    "RST_STREAM of a wrong size": (frame(RST_STREAM, 0, 1, b"abc"), Code.FRAME_SIZE_ERROR),
    "SETTINGS on a stream": (frame(SETTINGS, 0, 1), Code.PROTOCOL_ERROR),
    "SETTINGS of a wrong size": (frame(SETTINGS, 0, 0, b"abcde"), Code.FRAME_SIZE_ERROR),
    "an acknowledgement that says something": (frame(SETTINGS, 1, 0, bytes(6)), Code.FRAME_SIZE_ERROR),
    "ENABLE_PUSH that is neither": (frame(SETTINGS, 0, 0, b"\0\2\0\0\0\2"), Code.PROTOCOL_ERROR),
    "a window that is too large": (frame(SETTINGS, 0, 0, b"\0\4\x80\0\0\0"), Code.FLOW_CONTROL_ERROR),
    "frames that are too small": (frame(SETTINGS, 0, 0, b"\0\5\0\0\0\1"), Code.PROTOCOL_ERROR),
    "PUSH_PROMISE": (frame(PUSH_PROMISE, 4, 1, bytes(4) + BLOCK), Code.PROTOCOL_ERROR),
    "PING on a stream": (frame(PING, 0, 1, bytes(8)), Code.PROTOCOL_ERROR),
    "PING of a wrong size": (frame(PING, 0, 0, bytes(7)), Code.FRAME_SIZE_ERROR),
    "GOAWAY on a stream": (frame(GOAWAY, 0, 1, bytes(8)), Code.PROTOCOL_ERROR),
    "GOAWAY that is too short": (frame(GOAWAY, 0, 0, bytes(7)), Code.FRAME_SIZE_ERROR),
    "WINDOW_UPDATE of nothing": (credit(0, 0), Code.PROTOCOL_ERROR),
    "WINDOW_UPDATE of a wrong size": (frame(WINDOW_UPDATE, 0, 0, b"abc"), Code.FRAME_SIZE_ERROR),
    "WINDOW_UPDATE before the stream": (credit(7, 1), Code.PROTOCOL_ERROR),
    "a connection's window that overflows": (frame(WINDOW_UPDATE, 0, 0, LARGEST), Code.FLOW_CONTROL_ERROR),
    "CONTINUATION of nothing": (frame(CONTINUATION, 4, 1, BLOCK), Code.PROTOCOL_ERROR),
    "a block that is interrupted": (frame(HEADERS, 1, 3, BLOCK) + frame(PING, 0, 0, bytes(8)), Code.PROTOCOL_ERROR),
    "a block that goes on elsewhere": (
        frame(HEADERS, 1, 3, BLOCK) + frame(CONTINUATION, 4, 5, BLOCK),
        Code.PROTOCOL_ERROR,
    ),
    "a block without an end": (
        frame(HEADERS, 1, 3, BLOCK) + frame(CONTINUATION, 0, 3, b"") * 40,
        Code.ENHANCE_YOUR_CALM,
    ),
    "a block that is endless": (
        frame(HEADERS, 1, 3, BLOCK) + frame(CONTINUATION, 0, 3, bytes(16_000)) * 3,
        Code.ENHANCE_YOUR_CALM,
    ),
    "a bomb of headers": (
        frame(
            HEADERS, 5, 3, BLOCK + field(b"x", b"y" * 4000)[:1] + b"\x40\x01x\x7f\x81\x1e" + b"y" * 4000 + b"\xbe" * 200
        ),
        Code.ENHANCE_YOUR_CALM,
    ),
}


@pytest.mark.parametrize("name", ON_CONNECTION)
def test_what_is_wrong_with_a_connection_ends_it(name: str) -> None:
    wrong, code = ON_CONNECTION[name]
    raw = Raw()
    raw.open(1)
    kind, _, stream_id, payload = raw.send(wrong)[-1]
    assert (kind, stream_id, payload[:8]) == (GOAWAY, 0, raw.ours.last_id.to_bytes(4) + code.to_bytes(4))
    assert raw.wire.is_closed
    raw.send(frame(PING, 0, 0, bytes(8)))
    raw.ours.connection_lost(None)
    assert raw.world.site.begun[0].is_left


def block(*more: bytes, method: bytes = b"\x83", scheme: bytes = b"\x86", path: bytes = b"\x84") -> bytes:
    return method + scheme + path + b"".join(more)


ON_REQUEST = {
    "no method": block(method=b""),
    "no scheme": block(scheme=b""),
    "no path": block(path=b""),
    "an empty path": block(path=field(b":path", b"")),
    "two methods": block(b"\x82"),
    "a status": block(b"\x88"),
    "an unknown one of HTTP/2's own": block(field(b":protocol", b"x")),
    "one of HTTP/2's own behind others": block(field(b"x", b"y"), b"\x84", path=b""),
    "capital letters": block(field(b"X-Key", b"y")),
    "an empty name": block(field(b"", b"y")),
    "a name with a blank": block(field(b"a b", b"y")),
    "a name with a colon": block(field(b"a:b", b"y")),
    "a line in a value": block(field(b"x", b"a\r\nb")),
    "a nul in a value": block(field(b"x", b"a\0b")),
    "a blank before a value": block(field(b"x", b" a")),
    "connection": block(field(b"connection", b"close")),
    "transfer-encoding": block(field(b"transfer-encoding", b"chunked")),
    "te of something else": block(field(b"te", b"gzip")),
}


@pytest.mark.parametrize("name", ON_REQUEST)
def test_what_is_no_request_ends_its_stream_and_no_other(name: str) -> None:
    raw = Raw(late=False)
    assert raw.send(frame(HEADERS, 5, 1, ON_REQUEST[name])) == [(RST_STREAM, 0, 1, Code.PROTOCOL_ERROR.to_bytes(4))]
    assert not raw.world.site.begun
    found = raw.send(frame(DATA, 1, 1, b"what was on its way is ignored"), frame(HEADERS, 5, 3, BLOCK))
    assert {stream_id for _, _, stream_id, _ in found} == {3}


ON_STREAM = {
    "a stream's window that overflows": (frame(WINDOW_UPDATE, 0, 1, LARGEST), Code.FLOW_CONTROL_ERROR),
    "WINDOW_UPDATE of nothing": (credit(1, 0), Code.PROTOCOL_ERROR),
    "PRIORITY of a wrong size": (frame(PRIORITY, 0, 1, bytes(4)), Code.FRAME_SIZE_ERROR),
    "trailers that do not end it": (frame(HEADERS, 4, 1, field(b"x", b"y")), Code.PROTOCOL_ERROR),
    "trailers with a path": (frame(HEADERS, 5, 1, BLOCK), Code.PROTOCOL_ERROR),
}


@pytest.mark.parametrize("name", ON_STREAM)
def test_what_is_wrong_with_a_stream_ends_it_and_no_other(name: str) -> None:
    wrong, code = ON_STREAM[name]
    raw = Raw()
    raw.open(1)
    raw.open(3)
    assert raw.send(wrong) == [(RST_STREAM, 0, 1, code.to_bytes(4))]
    assert [exchange.is_left for exchange in raw.world.site.begun] == [True, False]
    assert raw.send(frame(PING, 0, 0, bytes(8))) == [(PING, 1, 0, bytes(8))]


def test_a_body_that_goes_on_behind_its_end_is_refused() -> None:
    raw = Raw()
    raw.open(1, whole=True)
    assert raw.send(frame(DATA, 0, 1, b"more")) == [(RST_STREAM, 0, 1, Code.STREAM_CLOSED.to_bytes(4))]


def test_a_body_of_another_length_than_declared_is_refused() -> None:
    raw = Raw()
    raw.send(frame(HEADERS, 4, 1, BLOCK + field(b"content-length", b"5")))
    assert raw.send(frame(DATA, 1, 1, b"four")) == [(RST_STREAM, 0, 1, Code.PROTOCOL_ERROR.to_bytes(4))]


def test_a_stream_that_was_answered_cannot_begin_again() -> None:
    raw = Raw(late=False)
    raw.open(1, whole=True)
    assert raw.send(frame(HEADERS, 5, 1, BLOCK))[-1][3][4:8] == Code.STREAM_CLOSED.to_bytes(4)


def test_more_than_the_window_of_a_stream_ends_it_and_more_than_the_connections_all() -> None:
    raw = Raw()
    raw.open(1)
    stream = raw.world.site.begun[0].stream
    stream.room = 3
    assert (RST_STREAM, 0, 1, Code.FLOW_CONTROL_ERROR.to_bytes(4)) in raw.send(frame(DATA, 0, 1, b"four"))
    raw.ours._room = 3
    assert raw.send(frame(DATA, 0, 1, b"four"))[-1][3][4:8] == Code.FLOW_CONTROL_ERROR.to_bytes(4)


def test_credit_comes_back_as_a_body_comes() -> None:
    raw = Raw()
    raw.open(1)
    n = STREAM_WINDOW // 2 // 16_384
    found = [raw.send(frame(DATA, 0, 1, bytes(16_384))) for _ in range(n)]
    assert found[-1] == [(WINDOW_UPDATE, 0, 1, (STREAM_WINDOW // 2).to_bytes(4))]
    assert not any(found[:-1])
    found = [raw.send(frame(DATA, 0, 1, bytes(16_384))) for _ in range(CONNECTION_WINDOW // 2 // 16_384 - n)]
    assert (WINDOW_UPDATE, 0, 0, (CONNECTION_WINDOW // 2).to_bytes(4)) in found[-1]


def test_what_does_not_begin_as_http_2_is_told_so() -> None:
    raw = Raw(greeted=False)
    assert raw.send(b"GET / HTTP/1.1\r\n")[-1][3][4:8] == Code.PROTOCOL_ERROR.to_bytes(4)
    assert raw.wire.is_closed


@pytest.mark.parametrize("first", [frame(PING, 0, 0, bytes(8)), frame(SETTINGS, 1, 0), frame(HEADERS, 5, 1, BLOCK)])
def test_settings_come_first(first: bytes) -> None:
    raw = Raw(greeted=False)
    assert raw.send(PREFACE + first)[-1][3][4:8] == Code.PROTOCOL_ERROR.to_bytes(4)


FLOODS = {
    "pings": frame(PING, 0, 0, bytes(8)),
    "settings": frame(SETTINGS, 0, 0),
    "priorities": frame(PRIORITY, 0, 1, bytes(5)),
    "empty data": frame(DATA, 0, 1),
    "credit": credit(0, 1),
    "frames of no known kind": frame(0x77, 0, 1, b"what?"),
    "data for nobody": frame(DATA, 0, 3, b"x"),
}


@pytest.mark.parametrize("name", FLOODS)
def test_floods_end_the_connection(name: str) -> None:
    raw = Raw()
    raw.open(1)
    raw.open(3)
    raw.send(reset(3, Code.CANCEL))
    raw.send(FLOODS[name] * (CALM // 2 - 10))
    assert not raw.wire.is_closed
    found = raw.send(FLOODS[name] * (CALM // 2 + 10))
    assert found[-1][3][4:8] == Code.ENHANCE_YOUR_CALM.to_bytes(4)


def test_rapid_resets_end_the_connection() -> None:
    raw = Raw()
    for n in range(2 * CALM):
        if raw.wire.is_closed:
            break
        raw.send(frame(HEADERS, 4, 2 * n + 1, BLOCK) + reset(2 * n + 1, Code.CANCEL))
    assert n <= CALM
    raw.ours.connection_lost(None)
    assert all(exchange.is_left for exchange in raw.world.site.begun)
    assert not raw.ours.streams


def test_whoever_asks_may_ping_as_well() -> None:
    raw = Raw(late=False)
    for n in range(CALM):
        raw.send(frame(PING, 0, 0, bytes(8)) * 3 + credit(0, 10) + frame(HEADERS, 5, 2 * n + 1, BLOCK))
    assert not raw.wire.is_closed


def test_more_streams_than_advertised_are_refused_once_that_is_known() -> None:
    raw = Raw()
    for n in range(N_STREAMS_AT_FIRST):
        raw.open(2 * n + 1)
    refused = (RST_STREAM, 0, 2 * n + 3, Code.REFUSED_STREAM.to_bytes(4))
    assert raw.send(frame(HEADERS, 4, 2 * n + 3, BLOCK)) == [refused]
    other = Raw()
    other.send(frame(SETTINGS, 1, 0))
    for n in range(N_STREAMS):
        other.open(2 * n + 1)
    refused = (RST_STREAM, 0, 2 * n + 3, Code.REFUSED_STREAM.to_bytes(4))
    assert other.send(frame(HEADERS, 4, 2 * n + 3, BLOCK)) == [refused]


def test_a_caller_that_does_not_read_is_not_read() -> None:
    raw = Raw()
    raw.open(1, whole=True)
    raw.ours.pause_writing()
    assert not raw.wire.is_read
    raw.world.site.begun[0].answer(b"x" * 100)
    assert raw.heard() == []
    raw.ours.resume_writing()
    assert raw.wire.is_read
    assert [kind for kind, *_ in raw.heard()] == [HEADERS, DATA, HEADERS]


def test_windows_are_kept_to_the_byte() -> None:
    raw = Raw()
    raw.send(frame(SETTINGS, 0, 0, b"\0\4\0\0\0\2"))
    raw.open(1, whole=True)
    raw.world.site.begun[0].answer(b"abcde")
    raw.ours.flush()
    assert [payload for kind, _, _, payload in raw.heard() if kind == DATA] == [b"ab"]
    assert [payload for kind, _, _, payload in raw.send(credit(1, 2)) if kind == DATA] == [b"cd"]
    found = raw.send(credit(1, MOST_WINDOW - 1))
    assert [(kind, flags) for kind, flags, _, _ in found] == [(DATA, 0), (HEADERS, 5)]
