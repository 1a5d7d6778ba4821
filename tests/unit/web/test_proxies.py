"""Proxies in front: whose word counts, what it says, and that both ways in believe the same."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.keys import Keys
from tests.unit.web.conftest import two_models
from tests.wire import Response, Server, request, responses, serving

from scoreline.serving.plane import Run
from scoreline.web.app import create_app
from scoreline.web.arrivals import Arrivals
from scoreline.web.gate import KeyGate
from scoreline.web.proxies import Came, Proxies

ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
PROXY, INNER, CALLER, STRANGER = "10.0.0.7", "10.0.0.8", "203.0.113.5", "198.51.100.9"
PROXIES = Proxies(["10.0.0.0/24", "2001:db8:1::/48"])
KEY = "x-api-key: sl_viewer"


def came(*headers: str, proxies: Proxies = PROXIES, scheme: str = "http") -> Came:
    pairs = [header.partition(": ") for header in headers]
    return proxies.came(PROXY, scheme, [(name.encode(), value.encode("latin-1")) for name, _, value in pairs])


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        (PROXY, True),
        ("::ffff:10.0.0.7", True),
        ("2001:db8:1::5", True),
        ("2001:DB8:1:0:0:0:0:5", True),
        (CALLER, False),
        ("10.0.1.7", False),
        ("2001:db8:2::5", False),
        ("", False),
        ("a name", False),
        ("1" * 500, False),
    ],
)
def test_addresses_and_networks_are_trusted_however_they_are_written(address: str, trusted: bool) -> None:
    assert PROXIES.trusts(address) is trusted


def test_nobody_is_trusted_unless_it_is_said_and_everybody_only_by_a_star() -> None:
    assert not Proxies([]).trusts("127.0.0.1")
    assert all(Proxies(["*"]).trusts(address) for address in (CALLER, ""))


@pytest.mark.parametrize(
    ("said", "caller"),
    [
        (CALLER, CALLER),
        (f"{STRANGER}, {CALLER}", CALLER),  # what stands before was written by the caller
        (f"{STRANGER}, {CALLER}, {INNER}", CALLER),
        (f"{INNER}, {PROXY}", INNER),  # it came from within
        (f"{CALLER}:50123", CALLER),
        ("[2001:db8:2::5]:50123", "2001:db8:2::5"),
        ("2001:DB8:2:0::5", "2001:db8:2::5"),
        (f"::ffff:{CALLER}", CALLER),
        ("unknown", PROXY),
        (f"{CALLER}, unknown", PROXY),  # nobody knows who wrote what stands before
        (f"{CALLER}, unknown, {INNER}", INNER),
        ('x","level":"error', PROXY),
        ("fe80::1%x", PROXY),
        ("", PROXY),
        (",,,", PROXY),
    ],
)
def test_the_caller_is_the_nearest_address_that_is_not_trusted(said: str, caller: str) -> None:
    assert came(f"x-forwarded-for: {said}").caller == caller


def test_many_lines_of_a_header_are_one_list() -> None:
    assert came(f"x-forwarded-for: {STRANGER}", f"x-forwarded-for: {CALLER}, {INNER}").caller == CALLER


def test_with_everybody_trusted_the_first_address_counts() -> None:
    assert came(f"x-forwarded-for: {STRANGER}, {CALLER}", proxies=Proxies(["*"])).caller == STRANGER


@pytest.mark.parametrize(
    ("said", "scheme"), [("https", "https"), ("HTTPS", "https"), ("http", "http"), ("wss", "http"), ("", "http")]
)
def test_the_scheme_is_what_the_proxy_says_where_that_is_one(said: str, scheme: str) -> None:
    assert came(f"x-forwarded-proto: {said}").scheme == scheme
    assert came("x-forwarded-proto: http", scheme="https").scheme == "http"


def test_scheme_and_host_are_those_of_the_hop_that_met_the_caller() -> None:
    addresses = f"x-forwarded-for: {STRANGER}, {CALLER}, {INNER}"
    said = came(addresses, "x-forwarded-proto: http, https, http", "x-forwarded-host: evil, scores.example, inner")
    assert said == Came(CALLER, "https", b"scores.example")
    assert came(addresses, "x-forwarded-proto: https").scheme == "https"


@pytest.mark.parametrize(
    ("said", "host"),
    [
        ("scores.example", b"scores.example"),
        ("scores.example:8443", b"scores.example:8443"),
        ("[2001:db8::1]:80", b"[2001:db8::1]:80"),
        ("a/b", b""),
        ("a@b", b""),
        ("x" * 300, b""),
        ("a b", b""),
    ],
)
def test_a_host_is_taken_where_it_can_be_one(said: str, host: bytes) -> None:
    assert came(f"x-forwarded-host: {said}").host == host


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f"for={CALLER};proto=https;host=scores.example", Came(CALLER, "https", b"scores.example")),
        (f"For={CALLER} ; PROTO=https", Came(CALLER, "https", b"")),
        ('for="[2001:db8:2::5]:4711"', Came("2001:db8:2::5", "http", b"")),
        (f"for={STRANGER};proto=http, for={CALLER};proto=https, for={INNER}", Came(CALLER, "https", b"")),
        (f'for={CALLER};host="a\\.b"', Came(CALLER, "http", b"a.b")),
        ("for=_hidden;proto=https", Came(PROXY, "https", b"")),
        (f"for={CALLER};", Came(CALLER, "http", b"")),
        (f"for={CALLER};for={STRANGER}", Came(PROXY, "http", b"")),
        (f'for="{STRANGER}', Came(PROXY, "http", b"")),
        (f'for=x;for={STRANGER};y=", for="[2001:db8:2::5]"', Came(PROXY, "http", b"")),
        ("nonsense", Came(PROXY, "http", b"")),
        ("", Came(PROXY, "http", b"")),
    ],
)
def test_the_standard_header_is_read_by_its_grammar_or_not_at_all(said: str, expected: Came) -> None:
    assert came(f"forwarded: {said}") == expected


def test_the_usual_headers_go_before_the_standard_one_which_a_caller_may_have_sent() -> None:
    assert came(f"forwarded: for={STRANGER};proto=https", f"x-forwarded-for: {CALLER}") == Came(CALLER, "http", b"")
    assert came("forwarded: proto=https", "x-forwarded-proto: http").scheme == "http"


@given(st.text(alphabet='"\\;,= for:[].0123456789abcdef', max_size=60))
def test_nothing_that_a_caller_writes_before_it_hides_what_the_proxy_adds(text: str) -> None:
    for name, added in (("forwarded", f"for={CALLER}"), ("x-forwarded-for", CALLER)):
        assert came(f"{name}: {text}, {added}").caller in (CALLER, PROXY)


# On both ways


class Callers:
    """Watches whom the answers went to."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def answered(self, run: Run) -> None:
        self.told += [asked.caller for asked in run.asked]


class World(NamedTuple):
    lane: Server
    asgi: Server
    keys: Keys
    callers: list[Callers]

    def ask(self, peer: str, *sent: bytes) -> list[Response]:
        """Ask both ways as `peer`; return the answers, which are the same."""
        found = []
        for server in (self.lane, self.asgi):
            server.told = {"peername": (peer, 4711)}
            wire = server.connect()
            for part in sent:
                wire.protocol.data_received(part)
                server.turns(1)
            server.wait_until(lambda wire=wire: len(responses(wire.sent)) >= len(sent))
            found.append(responses(wire.sent))
        assert [answer.status for answer in found[0]] == [answer.status for answer in found[1]]
        return found[0]

    def told(self) -> list[str]:
        """Return the callers of what was scored, which both ways were told alike; the next time, of what comes then."""
        lane, asgi = self.callers
        assert lane.told == asgi.told
        told, lane.told, asgi.told = lane.told, [], []
        return told


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    keys = Keys()
    keys.key("sl_scorer")
    keys.key("sl_viewer", "viewer")
    keys.user("ada", "a password")
    callers = [Callers(), Callers()]
    with two_models(tmp_path_factory.mktemp("proxies")) as app:
        lane, asgi = (
            create_app(
                app.registry,
                fast_lane=on,
                gate=KeyGate(keys),
                control=app,
                watchers=[watching],
                arrivals=Arrivals(PROXIES),
            )
            for on, watching in zip((True, False), callers, strict=True)
        )
        with serving(lane) as first, serving(asgi) as second:
            yield World(first, second, keys, callers)


def scoring(*headers: str) -> bytes:
    return request(ROW, "x-api-key: sl_scorer", *headers)


def test_the_caller_of_a_score_is_the_one_that_the_proxy_names(world: World) -> None:
    world.ask(PROXY, scoring(f"x-forwarded-for: {CALLER}"), scoring(f"x-forwarded-for: {STRANGER}"), scoring())
    assert world.told() == [CALLER, STRANGER, PROXY]


def test_who_is_not_trusted_is_the_caller_whatever_it_says(world: World) -> None:
    world.ask(STRANGER, *[scoring(f"x-forwarded-for: {CALLER}")] * 3)
    assert world.told() == [STRANGER] * 3


def test_a_head_that_a_stranger_has_sent_before_means_another_caller_from_a_proxy(world: World) -> None:
    same = scoring(f"x-forwarded-for: {CALLER}")
    for peer, caller in ((STRANGER, STRANGER), (PROXY, CALLER), (STRANGER, STRANGER), (PROXY, CALLER)):
        world.ask(peer, same, same)
        assert world.told() == [caller] * 2


def test_passwords_are_throttled_by_the_address_that_the_proxy_names(world: World) -> None:
    header = "authorization: Basic " + base64.b64encode(b"ada:a guess").decode()
    world.ask(PROXY, request(ROW, header, f"x-forwarded-for: {CALLER}"))
    assert world.keys.origins == [CALLER, CALLER]


def test_the_log_has_the_caller_that_the_proxy_names(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "scoreline.requests"):
        world.ask(PROXY, scoring(f"x-forwarded-for: {CALLER}"), request(1, f"x-forwarded-for: {CALLER}"))
    lines: list[dict[str, Any]] = [record.request for record in caplog.records if hasattr(record, "request")]
    assert [line["client"] for line in lines] == [CALLER] * 4
    world.told()


@pytest.mark.parametrize(
    ("peer", "start"), [(PROXY, "https://scores.example:8443"), (STRANGER, "http://here"), ("127.0.0.1", "http://here")]
)
def test_addresses_in_answers_are_those_that_the_proxy_was_asked_under(world: World, peer: str, start: str) -> None:
    said = ("x-forwarded-proto: https", "x-forwarded-host: scores.example:8443")
    paths = ("/services/credit/swagger.json?version=3", "/subscriptions/x/services/credit", "/", "/ml/v4/deployments")
    paths += ("/api/v1/deployments/credit/snippets/curl",)
    asked = [request(None, KEY, *said, "accept: text/html", path=path, method="GET", body=b"") for path in paths]
    for answer in world.ask(peer, *asked):
        assert answer.status == 200
        text = answer.body.decode()
        assert start in text
        assert ("scores.example" in text) is (peer == PROXY)
    [azure] = world.ask(
        peer, request(None, KEY, *said, path="/subscriptions/x/services/credit", method="GET", body=b"")
    )
    assert json.loads(azure.body)["sslEnabled"] is (peer == PROXY)


def test_what_takes_the_slower_way_is_answered_through_the_same_proxy_connection(world: World) -> None:
    said = f"x-forwarded-for: {CALLER}"
    answers = world.ask(PROXY, scoring(said), request(None, said, path="/ping", method="GET", body=b""), scoring(said))
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert world.told() == [CALLER, CALLER]
