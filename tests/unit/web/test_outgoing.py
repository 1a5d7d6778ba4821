"""What is done to answers on their way out, over both ways in: the bytes on the wire are the same."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator

import pytest
import zstandard
from tests.unit.web.conftest import two_models
from tests.wire import SCORE, Response, Server, request, responses, serving

from scoreline.web.app import create_app
from scoreline.web.compression import LEAST_PACKED_BYTES
from scoreline.web.cors import PREFLIGHT_SECONDS, Cors

ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
SITE = "https://console.example.com"
OPENAPI = "/openapi.json"


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """A server with a fast lane and one without; scripts of ``SITE`` may ask."""
    with two_models(tmp_path_factory.mktemp("outgoing")) as app:
        apps = [create_app(app.registry, fast_lane=on, cors_origins=[SITE]) for on in (True, False)]
        with serving(apps[0]) as lane, serving(apps[1]) as asgi:
            yield lane, asgi


def exchange(ways: tuple[Server, Server], sent: bytes) -> Response:
    """Send this both ways; give the answer, which must be the same to the byte, but for what was made up."""
    made_up = re.compile(rb"[0-9a-f]{32}")
    answers = []
    for server in ways:
        wire = server.connect()
        wire.protocol.data_received(sent)
        server.wait_for(wire, 1)
        answers.append(made_up.sub(b"-" * 32, wire.sent))
    assert answers[0] == answers[1]
    return responses(answers[0])[0]


def rows(n: int) -> dict[str, object]:
    return {"rows": [ROW | {"age": 20 + i / 7} for i in range(n)]}


# Packed


def test_a_small_answer_is_sent_as_it_is(ways: tuple[Server, Server]) -> None:
    answer = exchange(ways, request(ROW, "accept-encoding: gzip, zstd", "x-request-id: 1"))
    assert len(answer.body) < LEAST_PACKED_BYTES
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


@pytest.mark.parametrize("n", [50, 900, 3000], ids=["in the turn", "in a thread to be packed", "in a thread anyway"])
@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_larger_one_is_packed_as_asked(ways: tuple[Server, Server], n: int, encoding: str) -> None:
    plain = exchange(ways, request(rows(n), "x-request-id: 1"))
    packed = exchange(ways, request(rows(n), f"accept-encoding: {encoding}", "x-request-id: 1"))
    body = zlib.decompress(packed.body, 31) if encoding == "gzip" else zstandard.decompress(packed.body)
    assert body == plain.body
    assert len(packed.body) < len(plain.body) / 2
    assert packed.headers["content-encoding"] == encoding
    assert packed.headers["vary"] == "accept-encoding"
    assert "vary" not in plain.headers


def test_an_answer_in_parquet_is_packed_already(ways: tuple[Server, Server]) -> None:
    accept = "accept: application/vnd.apache.parquet"
    answer = exchange(ways, request(rows(500), accept, "accept-encoding: gzip", "x-request-id: 1"))
    assert len(answer.body) > LEAST_PACKED_BYTES
    assert "content-encoding" not in answer.headers


def test_a_long_refusal_is_packed_too(ways: tuple[Server, Server]) -> None:
    unknown = {f"a column of which nobody knows, number {i}": 1 for i in range(20)}
    answer = exchange(ways, request(unknown, "accept-encoding: gzip", "x-request-id: 1"))
    assert answer.status == 400
    assert "number 19" in json.loads(zlib.decompress(answer.body, 31))["error"]["message"]


def test_every_other_route_answers_packed_too(ways: tuple[Server, Server]) -> None:
    plain = exchange(ways, request(body=b"", method="GET", path=OPENAPI))
    packed = exchange(ways, request(None, "accept-encoding: gzip", body=b"", method="GET", path=OPENAPI))
    assert zlib.decompress(packed.body, 31) == plain.body
    assert packed.headers["content-encoding"] == "gzip"


# Asked by scripts of other sites


def test_a_script_of_the_site_may_read_answers_and_refusals(ways: tuple[Server, Server]) -> None:
    for sent, status in (
        (request(ROW, f"origin: {SITE}"), 200),
        (request({"age": "old"}, f"origin: {SITE}"), 400),
        (request(ROW, f"origin: {SITE}", path=SCORE.replace("credit", "none")), 404),
        (request(body=b"", method="GET", path="/nowhere"), 404),
        (request(None, f"origin: {SITE}", body=b"", method="GET", path="/health/live"), 200),
    ):
        answer = exchange(ways, sent)
        assert answer.status == status
        if b"origin" in sent:
            assert answer.headers["access-control-allow-origin"] == SITE
            assert answer.headers["access-control-expose-headers"] == "*"
            assert answer.headers["vary"] == "origin"
        else:
            assert "access-control-allow-origin" not in answer.headers


def test_a_script_of_another_site_may_not(ways: tuple[Server, Server]) -> None:
    for origin in ("https://example.com", "null", SITE + ".example.com"):
        for method in ("POST", "OPTIONS"):
            answer = exchange(
                ways, request(ROW, f"origin: {origin}", "access-control-request-method: POST", method=method)
            )
            assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", [SCORE, "/deployments/credit/model/score", OPENAPI, "/health/live", "/nowhere"])
def test_a_browser_that_asks_first_is_told_what_is_allowed(ways: tuple[Server, Server], path: str) -> None:
    asked = ("access-control-request-method: POST", "access-control-request-headers: authorization,content-type")
    answer = exchange(ways, request(None, f"origin: {SITE}", *asked, body=b"", method="OPTIONS", path=path))
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == SITE
    assert answer.headers["access-control-allow-methods"] == answer.headers["allow"]
    assert answer.headers["access-control-allow-headers"] == "authorization,content-type"
    assert answer.headers["access-control-max-age"] == str(PREFLIGHT_SECONDS)


def test_a_packed_answer_to_a_script_varies_with_both(ways: tuple[Server, Server]) -> None:
    answer = exchange(ways, request(rows(50), f"origin: {SITE}", "accept-encoding: gzip", "x-request-id: 1"))
    assert answer.headers["vary"] == "origin, accept-encoding"
    assert answer.headers["content-encoding"] == "gzip"


def test_every_site_may_be_allowed() -> None:
    assert Cors(["*"]).headers("https://anywhere.example") == (
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "*"),
    )


# Requests of no length


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_request_without_a_length_is_told_so(ways: tuple[Server, Server], version: str) -> None:
    head = f"POST {SCORE} HTTP/{version}\r\nhost: here\r\nconnection: close\r\n\r\n".encode()
    answer = exchange(ways, head)
    assert answer.status == 411
    assert answer.document["error"]["code"] == "length_required"
    assert "Content-Length" in answer.document["error"]["hint"]


def test_what_is_wrong_is_told_in_one_order_both_ways(ways: tuple[Server, Server]) -> None:
    wrong = ["content-type: text/html", "content-encoding: br", "accept: text/html"]
    for i, status in enumerate((415, 415, 406, 411)):
        head = "\r\n".join([f"POST {SCORE} HTTP/1.1", "host: here", *wrong[i:]]).encode() + b"\r\n\r\n"
        assert exchange(ways, head).status == status
