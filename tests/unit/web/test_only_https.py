"""A server that answers by HTTPS only: what comes unencrypted, down both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.keys import Keys
from tests.unit.web.conftest import two_models
from tests.wire import SCORE, Response, Server, request, responses, serving

from scoreline.web.app import create_app
from scoreline.web.arrivals import Arrivals
from scoreline.web.gate import KeyGate
from scoreline.web.http2.preface import PREFACE
from scoreline.web.proxies import Proxies

ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
KEY = "x-api-key: sl_scorer"
PLAIN: dict[str, Any] = {"peername": ("198.51.100.9", 1)}
ENCRYPTED: dict[str, Any] = {**PLAIN, "sslcontext": object()}
BY_PROXY: dict[str, Any] = {"peername": ("10.0.0.7", 1)}


class Ways:
    """A server with a fast lane and one without."""

    def __init__(self, *servers: Server) -> None:
        self.servers = servers

    def ask(self, told: dict[str, Any], *sent: bytes) -> list[Response]:
        """Ask both over a connection of which ``told`` is true; return the answers, which are the same."""
        found = []
        for server in self.servers:
            server.told = told
            wire = server.exchange(*sent)
            server.wait_until(lambda wire=wire: len(responses(wire.sent)) >= len(sent))
            found.append(responses(wire.sent))
        for ours, reference in zip(*found, strict=True):
            assert (ours.status, ours.headers.keys()) == (reference.status, reference.headers.keys())
        return found[0]


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    keys = Keys()
    keys.key("sl_scorer")
    with two_models(tmp_path_factory.mktemp("https")) as app:
        lane, asgi = (
            create_app(
                app.registry,
                fast_lane=on,
                gate=KeyGate(keys),
                aliases={"/alive": "/ping"},
                arrivals=Arrivals(Proxies(["10.0.0.7"]), 9443),
            )
            for on in (True, False)
        )
        with serving(lane) as first, serving(asgi) as second:
            yield Ways(first, second)


def read(path: str, *headers: str, method: str = "GET") -> bytes:
    return request(None, *headers, path=path, method=method, body=b"")


def test_by_https_everything_is_answered(ways: Ways) -> None:
    answers = ways.ask(ENCRYPTED, request(ROW, KEY), read("/api/v1/deployments", KEY), read("/ping"))
    assert [answer.status for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize("path", [SCORE, "/invocations", "/services/credit/score", "/api/v1/token", "/nowhere"])
@pytest.mark.parametrize("header", [KEY, "authorization: Bearer sl_scorer", "authorization: Basic YWRhOng="])
def test_a_key_that_came_unencrypted_is_refused_and_its_owner_told_to_replace_it(
    ways: Ways, path: str, header: str
) -> None:
    for sent in (request(ROW, header, path=path), read(path, header)):
        [refused] = ways.ask(PLAIN, sent)
        assert refused.status == 403
        error = refused.document["error"]
        assert error["code"] == "unencrypted"
        assert "replace the key" in error["hint"]
        assert refused.headers["x-request-id"] == error["request_id"]
        assert "sl_scorer" not in refused.body.decode()


def test_a_head_that_is_known_from_https_scores_nothing_unencrypted(ways: Ways) -> None:
    same = request(ROW, KEY)
    assert [answer.status for answer in ways.ask(ENCRYPTED, same, same, same)] == [200] * 3
    assert [answer.status for answer in ways.ask(PLAIN, same, same, same)] == [403] * 3
    assert [answer.status for answer in ways.ask(ENCRYPTED, same)] == [200]


def test_nothing_is_scored_or_changed_unencrypted_without_a_key_either(ways: Ways) -> None:
    for sent in (request(ROW), request(ROW, path="/api/v1/token"), read(SCORE, method="OPTIONS")):
        [refused] = ways.ask(PLAIN, sent)
        assert (refused.status, refused.document["error"]["code"]) == (403, "unencrypted")
        assert "key" not in refused.document["error"]["message"]


@pytest.mark.parametrize(
    ("path", "host", "address"),
    [
        ("/", "scores.example:9090", "https://scores.example:9443/"),
        ("/docs?a=b%20c", "scores.example", "https://scores.example:9443/docs?a=b%20c"),
        ("/api/v1/deployments/a%2Fb", "[2001:db8::1]:80", "https://[2001:db8::1]:9443/api/v1/deployments/a%2Fb"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_reads_is_led_to_https(ways: Ways, method: str, path: str, host: str, address: str) -> None:
    [led] = ways.ask(PLAIN, read(path, method=method).replace(b"host: here", b"host: " + host.encode()))
    assert (led.status, led.headers["location"]) == (308, address)


@pytest.mark.parametrize("host", ["a/b", "a@b", "a b"])
def test_nobody_is_led_to_what_is_no_host(ways: Ways, host: str) -> None:
    [refused] = ways.ask(PLAIN, read("/").replace(b"host: here", b"host: " + host.encode()))
    assert refused.status == 403


PROBES = ["/ping", "/health", "/readyz", "/alive", "/health/live", "/health/ready", "/health/startup"]
PROBES += ["/v2/health/live", "/v2/health/ready", "/deployments/price/ping", "/deployments/price/readyz"]


@pytest.mark.parametrize("path", [*PROBES, "/services/price", "/services/price/"])
def test_probes_are_answered_unencrypted_unless_they_bring_a_key(ways: Ways, path: str) -> None:
    assert [answer.status for answer in ways.ask(PLAIN, read(path))] == [200]
    assert [answer.status for answer in ways.ask(PLAIN, read(path, KEY))] == [403]


def test_what_a_trusted_proxy_got_by_https_came_by_https(ways: Ways) -> None:
    https, http = "x-forwarded-proto: https", "x-forwarded-proto: http"
    answers = ways.ask(BY_PROXY, *(request(ROW, KEY, said) for said in (https, http, https, "x-other: 1")))
    assert [answer.status for answer in answers] == [200, 403, 200, 403]
    assert [answer.status for answer in ways.ask(PLAIN, request(ROW, KEY, https))] == [403]


@pytest.mark.parametrize(
    ("host", "promised"), [("scores.example:9443", True), ("localhost:9443", False), ("[::1]", False)]
)
def test_pages_promise_https_for_a_year_where_no_other_server_has_the_name(
    ways: Ways, host: str, promised: bool
) -> None:
    def ask(path: str) -> Response:
        return ways.ask(ENCRYPTED, read(path, "accept: text/html").replace(b"host: here", b"host: " + host.encode()))[0]

    page, document = ask("/"), ask("/health/live")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers.get("strict-transport-security") == ("max-age=31536000" if promised else None)
    assert "strict-transport-security" not in document.headers


def test_grpc_and_http2_are_not_spoken_unencrypted_on_the_port_of_http(ways: Ways) -> None:
    lane = ways.servers[0]
    for told, begun in ((PLAIN, b"HTTP/1.1 400"), (BY_PROXY, b"HTTP/1.1 400"), (ENCRYPTED, b"\x00\x00")):
        lane.told = told
        assert lane.exchange(PREFACE + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00").sent.startswith(begun)
