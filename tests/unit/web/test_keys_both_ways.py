"""Requests with keys and without, down the fast lane and through ASGI, without a network."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.keys import Keys
from tests.unit.web.conftest import two_models
from tests.wire import SCORE, Response, Server, request, responses, serving

from scoreline.core.access import ACTIONS_OF_ROLE
from scoreline.web.admission import Limits
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.large import LARGE_BODY_BYTES
from scoreline.web.logs import log_to_stderr

ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
MAX_BODY_BYTES = 100_000
KEY = "authorization: Bearer sl_scorer"
CHUNKED = "transfer-encoding: chunked"


class Ways:
    """A server with a fast lane and one without; each has a gate of its own before the same keys."""

    def __init__(self, lane: Server, asgi: Server, keys: Keys, gates: list[KeyGate]) -> None:
        self.lane, self.asgi, self.keys, self.gates = lane, asgi, keys, gates

    def ask(self, *parts: bytes, n_answers: int = 1) -> list[Response]:
        """Send these bytes both ways, and give the answers, which must be the same."""
        found = []
        for server in (self.lane, self.asgi):
            wire = server.exchange(*parts)
            server.wait_until(lambda wire=wire: len(responses(wire.sent)) >= n_answers or wire.closed)
            server.turns()
            found.append(responses(wire.sent))
        ours, reference = found
        assert [_essence(one) for one in ours] == [_essence(one) for one in reference]
        return ours

    def refresh(self) -> None:
        for gate in self.gates:
            gate.refresh()


def _essence(response: Response) -> tuple[int, list[tuple[str, str]], str]:
    made_up = re.compile(r"[0-9a-f]{32}")
    headers = [(name, made_up.sub("ID", value)) for name, value in response.headers.items() if "exec-ms" not in name]
    return response.status, headers, made_up.sub("ID", response.body.decode())


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    keys = Keys()
    for role in ACTIONS_OF_ROLE:
        keys.key(f"sl_{role}", role)
    keys.key("sl_price", deployments=frozenset({"price"}))
    keys.key("sl_other", "admin", space="other")
    keys.user("ada", "a password")
    gates = [KeyGate(keys), KeyGate(keys)]
    for gate in gates:
        gate.refresh()
    with two_models(tmp_path_factory.mktemp("keys")) as app:
        made = [
            create_app(app.registry, limits=Limits(body_bytes=MAX_BODY_BYTES), fast_lane=on, gate=gate)
            for on, gate in zip((True, False), gates, strict=True)
        ]
        with serving(made[0]) as lane, serving(made[1]) as asgi:
            yield Ways(lane, asgi, keys, gates)
            assert not lane.failures
            assert not asgi.failures


@pytest.mark.parametrize(
    "header",
    [
        KEY,
        "authorization: Bearer  sl_scorer",
        "authorization: Bearer Bearer sl_scorer",
        "x-api-key: sl_scorer",
        "api-key: sl_scorer",
        "api_key: sl_scorer",
        "authorization: Basic " + base64.b64encode(b"ada:a password").decode(),
        "authorization: Basic " + base64.b64encode(b":sl_scorer").decode(),
    ],
)
def test_who_may_score_scores(ways: Ways, header: str) -> None:
    for _ in range(2):  # not known yet, and known
        [answer] = ways.ask(request(ROW, header))
        assert answer.status == 200


@pytest.mark.parametrize(
    "path", [SCORE, "/deployments/credit/model/score", "/services/credit/score", "/v1/models/credit:predict"]
)
@pytest.mark.parametrize("header", ["accept: */*", "authorization: Bearer sl_guess", "x-api-key: sl_guess"])
def test_who_is_not_known_is_told_so_in_the_words_of_the_dialect(ways: Ways, path: str, header: str) -> None:
    [answer] = ways.ask(request(ROW, header, path=path))
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="scoreline"'
    assert "sl_guess" not in answer.body.decode()


@pytest.mark.parametrize(
    ("key", "path", "more", "status"),
    [
        ("sl_viewer", SCORE, "accept: */*", 403),
        ("sl_price", SCORE, "accept: */*", 404),
        ("sl_price", "/api/v1/deployments/price/score", "accept: */*", 200),
        ("sl_other", SCORE, "accept: */*", 404),
        ("sl_scorer", SCORE, "x-scoreline-space: other", 404),
        ("sl_scorer", SCORE, "x-scoreline-space: default", 200),
        ("sl_scorer", SCORE + "?space_id=id-of-default", "accept: */*", 200),
        ("sl_scorer", SCORE + "?space_id=nowhere", "accept: */*", 404),
        ("sl_scorer", "/api/v1/deployments/nothing/score", "accept: */*", 404),
    ],
)
def test_what_one_may_not_is_forbidden_and_what_one_may_not_see_is_not_there(
    ways: Ways, key: str, path: str, more: str, status: int
) -> None:
    for _ in range(2):
        [answer] = ways.ask(request(ROW, f"x-api-key: {key}", more, path=path))
        assert answer.status == status


def test_who_is_not_known_does_not_learn_what_is_deployed(ways: Ways) -> None:
    paths = (SCORE, "/api/v1/deployments/nothing/score", "/nowhere")
    found = [ways.ask(request(ROW, path=path)) for path in paths]
    assert {json.dumps(dict(answer.document["error"], request_id="")) for [answer] in found} == {
        json.dumps(dict(found[0][0].document["error"], request_id=""))
    }


def test_what_follows_a_refused_request_on_its_connection_is_answered(ways: Ways) -> None:
    stream = b"".join(
        [request(ROW), request(ROW, KEY), request([ROW] * 9000), request(ROW, "x-api-key: sl_new"), request(ROW, KEY)]
    )
    answers = ways.ask(stream, n_answers=5)
    assert [answer.status for answer in answers] == [401, 200, 401, 401, 200]


@pytest.mark.parametrize("header", ["accept: */*", "x-api-key: sl_guess", "x-api-key: sl_never_seen"])
def test_the_body_of_who_is_not_let_in_is_not_asked_for(ways: Ways, header: str) -> None:
    head = request(ROW, header, "expect: 100-continue").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    [answer] = ways.ask(head)
    assert answer.status == 401


def test_the_body_of_who_is_not_known_yet_is_asked_for_once_it_is(ways: Ways) -> None:
    head, _, body = request(ROW, KEY, "expect: 100-continue").partition(b"\r\n\r\n")
    for server in (ways.lane, ways.asgi):
        ways.keys.change()
        ways.refresh()
        wire = server.exchange(head + b"\r\n\r\n")
        server.wait_until(lambda wire=wire: b"100 Continue" in wire.sent)
        wire.protocol.data_received(body)
        server.wait_for(wire, 2)
        assert [answer.status for answer in responses(wire.sent)] == [100, 200]


@pytest.mark.parametrize("n_parts", [1, 2, 7])
def test_a_body_that_arrives_before_its_key_is_known_waits(ways: Ways, n_parts: int) -> None:
    whole = request([ROW] * 20, KEY)
    size = len(whole) // n_parts + 1
    for server in (ways.lane, ways.asgi):
        ways.keys.change()
        ways.refresh()
        ways.keys.held.clear()
        wire = server.exchange(*(whole[i : i + size] for i in range(0, len(whole), size)))
        assert not wire.sent
        ways.keys.held.set()
        server.wait_for(wire, 1)
        assert len(responses(wire.sent)[0].document["predictions"]) == 20


def test_nothing_more_is_read_while_a_key_is_looked_up(ways: Ways) -> None:
    ways.keys.change()
    ways.refresh()
    ways.keys.held.clear()
    wire = ways.lane.exchange(request([ROW] * 200, KEY)[:2000])
    assert not wire.reading
    ways.keys.held.set()
    ways.lane.wait_until(lambda: wire.reading)


@pytest.mark.parametrize("header", [KEY, "x-api-key: sl_guess"])
def test_a_body_that_is_too_large_is_refused_whether_the_key_is_known_yet_or_not(ways: Ways, header: str) -> None:
    ways.ask(request(ROW, header))
    status = 413 if header == KEY else 401
    [answer] = ways.ask(request([ROW] * 9000, header))
    assert answer.status == status


def test_nothing_is_held_of_calls_whose_keys_did_not_hold(ways: Ways) -> None:
    admission = ways.lane.shared["admission"]
    before = admission.held_bytes
    for i in range(3):
        whole = request([ROW] * 1500, f"x-api-key: sl_held_{i}", CHUNKED)
        head, _, body = whole.partition(b"\r\n\r\n")
        chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        ways.keys.held.clear()
        wire = ways.lane.exchange(
            head + b"\r\n\r\n" + chunked[: LARGE_BODY_BYTES // 2], chunked[LARGE_BODY_BYTES // 2 :]
        )
        if i == 1:
            wire.close()
            ways.lane.turns()
        ways.keys.held.set()
        ways.lane.wait_until(lambda wire=wire: bool(wire.sent) or wire.closed)
        ways.lane.turns()
    ways.lane.wait_until(lambda: admission.held_bytes == before)


def test_a_caller_that_leaves_while_its_key_is_looked_up_harms_nobody(ways: Ways) -> None:
    ways.keys.change()
    ways.refresh()
    ways.keys.held.clear()
    gone, stays = (ways.lane.exchange(request(ROW, KEY)) for _ in range(2))
    gone.close()
    ways.lane.turns()
    ways.keys.held.set()
    ways.lane.wait_for(stays, 1)
    assert responses(stays.sent)[0].status == 200
    assert not gone.sent


def test_revocation_and_rate_hold_both_ways(ways: Ways) -> None:
    ways.keys.key("sl_brief")
    assert ways.ask(request(ROW, "x-api-key: sl_brief"))[0].status == 200
    ways.keys.revoke("sl_brief")
    ways.refresh()
    assert ways.ask(request(ROW, "x-api-key: sl_brief"))[0].status == 401
    ways.keys.key("sl_slow", rate=0.01)
    first, second = ways.ask(request(ROW, "x-api-key: sl_slow") * 2, n_answers=2)
    assert (first.status, second.status) == (200, 429)
    assert 90 < int(second.headers["retry-after"]) <= 100


@pytest.mark.parametrize("path", [SCORE, "/api/v1/deployments", "/"])
def test_a_browser_may_ask_whether_it_may_ask_without_a_key(ways: Ways, path: str) -> None:
    [answer] = ways.ask(request(body=b"", method="OPTIONS", path=path))
    assert answer.status == 204


@pytest.mark.parametrize("path", ["/health/live", "/health/startup", "/health/ready", "/readyz"])
def test_probes_need_no_key(ways: Ways, path: str) -> None:
    [answer] = ways.ask(request(body=b"", method="GET", path=path))
    assert answer.status != 401


@pytest.mark.parametrize(
    "secret",
    ["sl_scorer", "sl_guess", base64.b64encode(b"ada:a password").decode(), base64.b64encode(b"ada:guess").decode()],
)
def test_no_log_repeats_a_credential(ways: Ways, secret: str, caplog: Any) -> None:
    scheme = "Basic" if secret.endswith("=") or not secret.startswith("sl_") else "Bearer"
    with caplog.at_level(logging.DEBUG):
        ways.ask(request(ROW, f"authorization: {scheme} {secret}"))
        ways.ask(request("not rows", f"authorization: {scheme} {secret}"))
    assert caplog.records
    said = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert secret not in said
    assert "a password" not in said


@pytest.mark.parametrize("header", ["accept: text/html", "accept: */*"])
def test_the_first_page_shows_what_is_there_to_those_who_may_see_it(ways: Ways, header: str) -> None:
    for key, shown in (("sl_guess", False), ("sl_viewer", True), ("sl_price", False)):
        [answer] = ways.ask(request(None, header, f"x-api-key: {key}", path="/", method="GET", body=b""))
        assert answer.status == 200
        assert (b"credit" in answer.body) is shown
        assert (b"price" in answer.body) is (key != "sl_guess")
        assert (b'id="entrance"' in answer.body) is (key == "sl_guess" and "html" in header)
    [answer] = ways.ask(request(None, header, path="/", method="GET", body=b""))
    assert b"scoreline key create" in answer.body


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_line_of_the_log_says_whose_key_it_was(ways: Ways, form: Any, capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr(form)
    ways.ask(request(ROW, KEY))
    ways.ask(request(ROW, "x-api-key: sl_viewer"))
    ways.ask(request(ROW, "x-api-key: sl_guess"))
    told = capsys.readouterr().err
    assert "sl_" not in told
    if form == "json":
        lines = [json.loads(line) for line in told.splitlines()]
        assert [line.get("by") for line in lines] == ["the scorer's"] * 2 + ["the viewer's"] * 2 + [None] * 2
