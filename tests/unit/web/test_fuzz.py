"""Whatever a caller sends: no crash, no hang, no answer that blames the server, and both ways say the same.

A few hundred exchanges each time; ``make fuzz SECONDS=600`` goes on for as long as wanted.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from tests.fuzz.media import media_requests
from tests.fuzz.messages import GOOD, packets, well_framed
from tests.fuzz.promises import Promises
from tests.unit.web.conftest import two_models
from tests.wire import SCORE, Server, responses, serving

from scoreline.web.admission import Limits
from scoreline.web.app import create_app

BODY = b'{"age": 42}'
CHUNKS = b"b\r\n" + BODY + b"\r\n0\r\n\r\n"
CHUNKED = "transfer-encoding: chunked"
LENGTH = "content-length: 11"
SHORT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    logger = logging.getLogger("uvicorn.error")
    logger.disabled = True  # it warns of each request that is no HTTP
    with two_models(tmp_path_factory.mktemp("fuzz")) as app:
        app.registry.deploy("credit", "credit", default=True)
        limits = Limits(body_bytes=200_000)
        ways = [create_app(app.registry, limits=limits, fast_lane=on) for on in (True, False)]
        with serving(ways[0]) as lane, serving(ways[1]) as asgi:
            yield lane, asgi
    logger.disabled = False


@pytest.fixture(scope="module")
def promises(servers: tuple[Server, Server]) -> Promises:
    return Promises(*servers)


@given(packets())
@settings(SHORT, max_examples=300)
def test_promises_hold_whatever_the_http(promises: Promises, sent: list[bytes]) -> None:
    promises.hold(sent)


@given(packets(well_framed()))
@settings(SHORT, max_examples=200)
def test_promises_hold_whatever_the_body(promises: Promises, sent: list[bytes]) -> None:
    promises.hold(sent)


@given(media_requests())
@settings(SHORT, max_examples=200)
def test_promises_hold_whatever_the_medium(promises: Promises, sent: bytes) -> None:
    promises.hold_one(sent)


def test_every_place_to_cut_a_request_is_harmless(servers: tuple[Server, Server]) -> None:
    lane, _ = servers
    for sent in GOOD:
        wanted = [answer for answer in responses(lane.exchange(sent).sent) if answer.status != 100]
        for i in range(1, len(sent)):
            wire = lane.exchange(sent[:i], sent[i:])
            assert [answer[0] for answer in responses(wire.sent) if answer.status != 100] == [wanted[0].status]


def http(*lines: str, first: str = f"POST {SCORE} HTTP/1.1", body: bytes = BODY) -> bytes:
    return "\r\n".join([first, "host: here", *lines, "", ""]).encode("latin-1") + body


def bare(end: str) -> bytes:
    return http(LENGTH).replace(b"\r\n", end.encode())


SMUGGLING = {
    "length and chunks": http(LENGTH, CHUNKED, body=CHUNKS),
    "chunks and length": http(CHUNKED, LENGTH, body=CHUNKS),
    "both, in HTTP/1.0": http(LENGTH, CHUNKED, first=f"POST {SCORE} HTTP/1.0", body=CHUNKS),
    "length twice": http(LENGTH, LENGTH),
    "two lengths": http(LENGTH, "content-length: 12"),
    "length as a list": http("content-length: 11, 11"),
    "length with a plus": http("content-length: +11"),
    "length below zero": http("content-length: -1"),
    "length in hex": http("content-length: 0xb"),
    "length in two words": http("content-length: 1 1"),
    "length without a number": http("content-length:"),
    "length beyond 64 bits": http("content-length: 18446744073709551616"),
    "length, space, colon": http("content-length : 11"),
    "chunks, space, colon": http("transfer-encoding : chunked", body=CHUNKS),
    "unknown encoding": http("transfer-encoding: xchunked", body=CHUNKS),
    "chunked, but not last": http("transfer-encoding: chunked, identity", body=CHUNKS),
    "not chunked": http("transfer-encoding: identity", body=CHUNKS),
    "chunked twice": http(CHUNKED, CHUNKED, body=CHUNKS),
    "chunked and not": http(CHUNKED, "transfer-encoding: identity", body=CHUNKS),
    "encoding behind a tab": http("transfer-encoding: \x0bchunked", body=CHUNKS),
    "folded encoding": http("transfer-encoding:\r\n chunked", body=CHUNKS),
    "folded header": http("x-a: b\r\n c", LENGTH),
    "folded first header": http(" x-a: b", LENGTH),
    "header without a colon": http("x-a", LENGTH),
    "header without a name": http(": x", LENGTH),
    "space in a name": http("x a: x", LENGTH),
    "NUL in a value": http("x-a: \x00", LENGTH),
    "lines that end in LF": bare("\n"),
    "lines that end in CR": bare("\r"),
    "chunk below zero": http(CHUNKED, body=b"-" + CHUNKS),
    "chunk with a plus": http(CHUNKED, body=b"+" + CHUNKS),
    "chunk with 0x": http(CHUNKED, body=b"0x" + CHUNKS),
    "chunk beyond 64 bits": http(CHUNKED, body=b"f" * 16 + CHUNKS),
    "chunk and a space": http(CHUNKED, body=CHUNKS.replace(b"b\r\n", b"b \r\n")),
    "chunk without a size": http(CHUNKED, body=CHUNKS[1:]),
    "chunk without an end": http(CHUNKED, body=CHUNKS.replace(b"}\r\n", b"}")),
    "chunks that end in LF": http(CHUNKED, body=CHUNKS.replace(b"\r\n", b"\n")),
    "extension that ends in LF": http(CHUNKED, body=CHUNKS.replace(b"b\r\n", b"b;a\n")),
    "length behind the chunks": http(CHUNKED, body=CHUNKS[:-2] + b"content-length: 50\r\n\r\n"),
    "method in lower case": http(LENGTH, first=f"post {SCORE} HTTP/1.1"),
    "HTTP/1.2": http(LENGTH, first=f"POST {SCORE} HTTP/1.2"),
    "the end of HTTP/2's preface": b"M\r\n\r\n",
    "a preface that is none": b"PRI * HTTP/2.0\r\n\r\nSM\n\n",
    "a preface of another address": b"PRI /a HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
    "address beyond ASCII": http(LENGTH, first="POST /é HTTP/1.1"),
}


@pytest.mark.parametrize("sent", SMUGGLING.values(), ids=SMUGGLING)
def test_what_two_servers_could_read_differently_is_refused(
    promises: Promises, servers: tuple[Server, Server], sent: bytes
) -> None:
    promises.hold([sent])
    wire = servers[0].exchange(sent)
    assert [answer.status for answer in responses(wire.sent)] == [400]
    assert wire.closed


@pytest.mark.parametrize("first", ["GET / HTTP/1.0", "GET / HTTP/1.1", "POST / HTTP/1.1", f"POST {SCORE} HTTP/1.1"])
def test_it_is_refused_behind_another_request_too_and_not_answered(
    promises: Promises, servers: tuple[Server, Server], first: str
) -> None:
    sent = http(LENGTH) + http("transfer-encoding: identity", first=first, body=CHUNKS)
    promises.hold([sent])
    wire = servers[0].exchange(sent)
    assert [answer.status for answer in responses(wire.sent)] == [200, 400]
    assert wire.closed


@pytest.mark.parametrize("blank", [" ", "\t", " \t "])
def test_blanks_around_a_length_are_no_part_of_it(
    promises: Promises, servers: tuple[Server, Server], blank: str
) -> None:
    sent = http(f"content-length:{blank}11{blank}")
    promises.hold([sent])
    assert [answer.status for answer in responses(servers[0].exchange(sent).sent)] == [200]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"[" * 100_000, "nested"),
        (b'{"age":' * 20_000 + b"1" + b"}" * 20_000, "nested"),
        (b'{"rows":[{"age":' + b"[" * 900 + b"]" * 900 + b"}]}", "expected a number"),
        (b'{"age": ' + b"1" * 6000 + b"}", "digits"),
        (b'{"age": 1e999999999}', ""),
        (b'{"purpose": "\\ud800"}', "Unicode"),
        (b'{"purpose": "\xff"}', "UTF-8"),
        (b'\xef\xbb\xbf{"age": NaN, "age": -Infinity}', ""),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
        (b'{"age": 1}\x00', "not JSON"),
        (b'{"age": 1} {}', "not JSON"),
        (b"\x00" * 100, "not JSON"),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_json_at_its_edges_is_scored_or_refused_with_a_word(
    servers: tuple[Server, Server], body: bytes, word: str
) -> None:
    for server in servers:
        wire = server.exchange(http(f"content-length: {len(body)}", body=body))
        server.wait_for(wire, 1)
        answer = responses(wire.sent)[0]
        assert answer.status == (400 if word else 200)
        assert word in (json.loads(answer.body)["error"]["message"] if word else "")
