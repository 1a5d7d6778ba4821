"""The fast lane beside the way that it must be equal to: every exchange here runs over both, without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.web.conftest import two_models
from tests.wire import SCORE, Response, Server, Wire, request, responses, serving

from scoreline.web.admission import Limits
from scoreline.web.app import create_app
from scoreline.web.fastlane import connection, patience
from scoreline.web.fastlane.protocol import LONGEST_HEAD_BYTES
from scoreline.web.large import LARGE_BODY_BYTES

MAX_BODY_BYTES = 200_000
ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
ROOT = "/model/score"
H2O_BODY = {"fields": ["age", "amount", "purpose"], "rows": [[42, 1500.5, "radio"]]}
CHUNKED = "transfer-encoding: chunked"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """A server with a fast lane and one without, on the same deployments."""
    with two_models(tmp_path_factory.mktemp("fastlane")) as app:
        app.registry.deploy("credit", "credit", default=True)
        ways = [
            create_app(app.registry, limits=Limits(body_bytes=MAX_BODY_BYTES), fast_lane=on) for on in (True, False)
        ]
        with serving(ways[0]) as lane, serving(ways[1]) as asgi:
            yield lane, asgi


@pytest.fixture
def lane(both: tuple[Server, Server]) -> Server:
    return both[0]


def essence(response: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    made_up = re.compile(r"[0-9a-f]{32}")
    headers = [(name, made_up.sub("ID", value)) for name, value in response.headers.items()]
    return response.status, headers, made_up.sub("ID", response.body.decode("latin-1")).encode()


def same(both: tuple[Server, Server], *parts: bytes) -> list[Response]:
    """Send these bytes both ways; give the answers, which must be the same."""
    ours, reference = (server.exchange(*parts) for server in both)
    answers = responses(ours.sent)
    assert [essence(answer) for answer in answers] == [essence(answer) for answer in responses(reference.sent)]
    assert ours.closed == reference.closed
    return answers


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


def scored(answer: Response) -> Any:
    assert answer.status == 200, answer.body
    return answer.document["predictions"]


# The same answers


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request(ROW), 200),
        (request({"rows": [ROW, ROW | {"age": None}]}), 200),
        (request(ROW, "x-request-id: mine-1"), 200),
        (request(ROW, "x-request-id: not ok", "x-request-id: second-is-taken"), 200),
        (request(ROW, "content-type: application/json; charset=utf-8"), 200),
        (request(ROW, path=SCORE + "/"), 200),
        (request(ROW, path=SCORE + "?a=b"), 200),
        (request(ROW, path=SCORE.replace("credit", "cr%65dit")), 200),
        (request(ROW, path="http://here" + SCORE), 200),
        (request(H2O_BODY, path=ROOT), 200),
        (request(H2O_BODY, path="/deployments/price" + ROOT), 200),
        (request(H2O_BODY | {"fields": ["age", "amount", "x"]}, path=ROOT), 200),
        (request(ROW, "connection: close"), 200),
        (request(ROW, version="1.0"), 200),
        (request(ROW, "connection: keep-alive", version="1.0"), 200),
        (request({"age": "old"}), 400),
        (request(body=b""), 400),
        (request(body=b"{"), 400),
        (request(H2O_BODY | {"rows": []}, path=ROOT), 400),
        (request(ROW, path=SCORE.replace("credit", "credti")), 404),
        (request(ROW, path=SCORE.replace("credit", "a/b")), 404),
        (request(ROW, path=SCORE + "s"), 404),
        (request(ROW, path="//model/score"), 404),
        (request(ROW, method="PUT"), 405),
        (request(body=b"", method="GET"), 405),
        (request(body=b"", method="OPTIONS"), 204),
        (request(body=b"", method="GET", path=ROOT), 501),
        (request(body=b" " * (MAX_BODY_BYTES + 1)), 413),
        (request(ROW, "content-type: text/xml"), 415),
        (request(ROW, "content-type: application/json", "content-encoding: br"), 415),
        (request(ROW, "content-type: text/csv", path=SCORE.replace("credit", "none")), 404),
        (request(CHUNKED, body=chunked(b""), path="/health/live"), 405),
        (request(None, CHUNKED, body=chunked(b'{"age"', b": 1}")), 200),
        (request(None, CHUNKED, body=chunked(*[b" " * 50_000] * 5)), 413),
        (b"POST " + SCORE.encode() + b" HTTP/1.1\r\ncontent-length: two\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00", 400),
    ],
    ids=lambda value: value[:60].decode("latin-1") if isinstance(value, bytes) else str(value),
)
def test_an_exchange_is_the_same_as_through_asgi(both: tuple[Server, Server], sent: bytes, status: int) -> None:
    answers = same(both, sent)
    assert [answer.status for answer in answers] == [status]


def test_head_is_the_same_as_through_asgi(both: tuple[Server, Server]) -> None:
    sent = request(body=b"", method="HEAD", path="/deployments/credit/model/score") + request(ROW)
    ours, reference = (re.sub(rb"[0-9a-f]{32}", b"ID", server.exchange(sent).sent) for server in both)
    assert ours == reference


def test_a_body_can_come_after_its_headers_and_in_parts(both: tuple[Server, Server]) -> None:
    sent = request({"rows": [ROW] * 100})
    answers = same(both, *(sent[i : i + 500] for i in range(0, len(sent), 500)))
    assert len(scored(answers[0])) == 100


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_does_not_matter_where_packets_are_cut(both: tuple[Server, Server], data: st.DataObject) -> None:
    messages = [
        request(ROW, "x-request-id: 1"),
        request(None, CHUNKED, "x-request-id: 2", body=chunked(b'{"age":', b" 31}")),
        request(H2O_BODY, "x-request-id: 3", path=ROOT),
        request({"age": "old"}, "x-request-id: 4"),
        request(body=b"", method="GET", path="/health/live"),
        request(ROW, "content-type: text/csv", "x-request-id: 5"),
    ]
    sent = b"".join(data.draw(st.lists(st.sampled_from(messages), min_size=1, max_size=5)))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(sent) - 1), max_size=12)))
    same(both, *(sent[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)))


def test_every_place_to_cut_one_request_is_harmless(lane: Server) -> None:
    sent = request(ROW, "x-request-id: one")
    whole = lane.exchange(sent).sent
    for i in range(1, len(sent)):
        assert lane.exchange(sent[:i], sent[i:]).sent == whole
    assert lane.exchange(*(sent[i : i + 1] for i in range(len(sent)))).sent == whole


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 30))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_no_http_never_gets_a_5xx(lane: Server, noise: bytes, at: int, over: int) -> None:
    sent = request(ROW) + request(None, CHUNKED, body=chunked(b"{}"))
    wire = lane.exchange(sent[:at] + noise + sent[at + over :])
    assert all(answer.status < 500 or answer.status == 501 for answer in responses(wire.sent))


JAVA = ("connection: Upgrade, HTTP2-Settings", "http2-settings: AAEAAEAAAAIAAAAB", "upgrade: h2c")
"""What Java's client says with the first request to an address, unless it is told to speak HTTP/1.1 only."""


def test_who_offers_another_protocol_is_answered_in_this_one(lane: Server) -> None:
    live = request(body=b"", method="GET", path="/health/live")
    offered = request(ROW, *JAVA, "x-request-id: first")
    sent = (
        offered
        + request(ROW)
        + request(body=b"", method="GET", path="/health/live").replace(
            b"host", b"upgrade: websocket\r\nconnection: keep-alive, Upgrade\r\nhost"
        )
    )
    for parts in ([sent], [sent[i : i + 7] for i in range(0, len(sent), 7)], [offered + offered, live + offered]):
        answers = responses(lane.exchange(*parts).sent)
        assert [answer.status for answer in answers] == [200] * len(answers)
        assert len(answers) == b"".join(parts).count(b"HTTP/1.1\r\n")
        assert answers[0].headers["x-request-id"] == "first"
        assert scored(answers[0]) == scored(responses(lane.exchange(request(ROW)).sent)[0])


def test_an_offer_whose_head_is_refused_when_it_is_read_again_is_refused_once(lane: Server) -> None:
    wire = lane.exchange(request(ROW, *JAVA, "transfer-encoding: gzip") + request(ROW))
    assert [answer.status for answer in responses(wire.sent)] == [400]
    assert wire.closed


# Order


def test_pipelined_requests_are_answered_in_order_in_one_write(both: tuple[Server, Server]) -> None:
    ages = range(18, 38)
    sent = b"".join(request({"age": age}, f"x-request-id: {age}") for age in ages)
    answers = same(both, sent)
    assert [int(answer.headers["x-request-id"]) for answer in answers] == list(ages)
    assert both[0].exchange(sent).n_writes == 1


def test_requests_of_both_ways_are_answered_in_order_on_one_connection(both: tuple[Server, Server]) -> None:
    live = request(body=b"", method="GET", path="/health/live")
    sent = [request(ROW), live, request(ROW), request({"age": "old"}), live, live, request(H2O_BODY, path=ROOT)]
    answers = same(both, b"".join(sent))
    assert [answer.status for answer in answers] == [200, 200, 200, 400, 200, 200, 200]
    assert [b"live" in answer.body for answer in answers] == [False, True, False, False, True, True, False]


def test_a_large_request_is_answered_before_the_small_one_behind_it(lane: Server) -> None:
    large = request({"rows": [ROW] * 2000}, "x-request-id: large")
    assert len(large) > LARGE_BODY_BYTES
    wire, other = lane.connect(), lane.connect()
    wire.protocol.data_received(large + request(ROW, "x-request-id: small"))
    other.protocol.data_received(request(ROW))
    lane.turns(3)
    assert len(responses(other.sent)) == 1, "a large request holds up other connections"
    lane.wait_for(wire, 2)
    assert [answer.headers["x-request-id"] for answer in responses(wire.sent)] == ["large", "small"]
    assert len(scored(responses(wire.sent)[0])) == 2000


def test_nothing_is_answered_after_a_request_that_closes(both: tuple[Server, Server]) -> None:
    answers = same(both, request(ROW, "connection: close") + request(ROW))
    assert [answer.headers["connection"] for answer in answers] == ["close"]


def test_what_was_asked_before_malformed_http_is_answered(lane: Server) -> None:
    wire = lane.exchange(request(ROW) + b"NONSENSE\r\n\r\n")
    assert [answer.status for answer in responses(wire.sent)] == [200, 400]
    assert wire.closed


def test_a_body_that_breaks_off_into_nonsense_is_no_request(lane: Server) -> None:
    wire = lane.exchange(request(ROW) + request(None, CHUNKED, body=b"5\r\n12345nonsense"))
    assert [answer.status for answer in responses(wire.sent)] == [200, 400]
    assert wire.closed


# Together


def test_a_bad_request_does_not_fail_those_that_are_scored_with_it(lane: Server) -> None:
    documents = [{"age": age} if age % 3 else {"age": "old"} for age in range(30)]
    alone = [responses(lane.exchange(request(document, "x-request-id: x")).sent)[0] for document in documents]
    wires = [lane.connect() for _ in documents]
    for wire, document in zip(wires, documents, strict=True):
        wire.protocol.data_received(request(document, "x-request-id: x"))
    lane.turns()
    assert [responses(wire.sent)[0] for wire in wires] == alone
    assert {answer.status for answer in alone} == {200, 400}


def test_a_turn_takes_no_more_bytes_than_two_large_bodies_have(lane: Server) -> None:
    body = json.dumps(ROW | {"purpose": "x" * (LARGE_BODY_BYTES - 200)}).encode()
    wires = [lane.connect() for _ in range(9)]
    for wire in wires:
        wire.protocol.data_received(request(body=body) + request(ROW, "x-request-id: last"))
    lane.turns(2)
    assert 0 < sum(bool(wire.sent) for wire in wires) < len(wires), "one turn answered them all"
    lane.turns()
    for wire in wires:
        answers = responses(wire.sent)
        assert [answer.status for answer in answers] == [200, 200]
        assert answers[1].headers["x-request-id"] == "last"


# 100-continue


def test_a_caller_that_asks_first_is_told_to_go_on(both: tuple[Server, Server]) -> None:
    sent = request(ROW, "expect: 100-continue")
    head, _, body = sent.partition(b"\r\n\r\n")
    answers = same(both, head + b"\r\n\r\n", body)
    assert [answer.status for answer in answers] == [100, 200]


def test_a_caller_that_asks_first_is_refused_before_it_sends(both: tuple[Server, Server]) -> None:
    head = request(body=b" " * (MAX_BODY_BYTES + 1)).partition(b"\r\n\r\n")[0] + b"\r\nexpect: 100-continue\r\n\r\n"
    assert [answer.status for answer in same(both, head)] == [413]


def test_a_caller_behind_another_request_is_told_to_go_on_in_its_turn(lane: Server) -> None:
    large = request({"rows": [ROW] * 2000})
    head, _, body = request(ROW, "expect: 100-continue").partition(b"\r\n\r\n")
    wire = lane.connect()
    wire.protocol.data_received(large + head + b"\r\n\r\n")
    lane.wait_for(wire, 2)
    wire.protocol.data_received(body)
    lane.turns()
    assert [answer.status for answer in responses(wire.sent)] == [200, 100, 200]


# Slow, silent and gone


def test_a_request_that_does_not_arrive_is_timed_out(lane: Server) -> None:
    sent = request(ROW)
    in_head, in_body = lane.exchange(sent[:20]), lane.exchange(sent[:-5])
    for wire in (in_head, in_body):
        lane.look(wire, patience.SLOW_SECONDS - 1)
        assert not wire.closed
        lane.look(wire, patience.SLOW_SECONDS + 1)
    assert responses(in_head.sent)[0].status == 408
    assert responses(in_body.sent)[0].document["error"]["code"] == "timed_out"
    assert (in_head.closed, in_body.closed) == (True, True)


def test_a_large_body_has_more_time_to_arrive(lane: Server) -> None:
    sent = request(body=b" " * 150_000)
    wire = lane.exchange(sent[:120_000])
    lane.look(wire, patience.SLOW_SECONDS + 100)
    assert not wire.closed
    lane.look(wire, patience.SLOW_SECONDS + 120)
    assert wire.closed


def test_a_slow_body_of_an_ordinary_request_is_timed_out_too(lane: Server) -> None:
    wire = lane.exchange(request(ROW, method="PUT", path="/nowhere")[:-5])
    lane.look(wire, patience.SLOW_SECONDS + 1)
    assert wire.closed


def test_a_connection_at_rest_is_closed_after_the_keep_alive_time(lane: Server) -> None:
    live = request(body=b"", method="GET", path="/health/live")
    for wire in (lane.exchange(), lane.exchange(request(ROW)), lane.exchange(request(ROW), live)):
        limit = wire.protocol.timeout_keep_alive
        lane.look(wire, 0)
        lane.look(wire, limit - 1)
        assert not wire.closed
        lane.look(wire, limit + 1)
        assert wire.closed
        assert wire.protocol not in lane.state.connections


def test_a_caller_that_does_not_read_is_not_read_from_and_given_up_in_the_end(lane: Server) -> None:
    wire = lane.exchange(request(ROW))
    wire.buffered = 100_000
    wire.protocol.pause_writing()
    assert not wire.reading
    lane.look(wire, patience.STALLED_SECONDS - 1)
    wire.buffered = 90_000
    lane.look(wire, patience.STALLED_SECONDS + 1)
    assert not wire.closed, "it reads, if slowly"
    lane.look(wire, 2 * patience.STALLED_SECONDS + 5)
    assert wire.closed


def test_a_caller_that_reads_again_is_read_again(lane: Server) -> None:
    wire = lane.exchange(request(ROW))
    wire.protocol.pause_writing()
    wire.protocol.data_received(request(ROW))
    lane.turns()
    assert not wire.reading
    wire.protocol.resume_writing()
    assert wire.reading
    assert len(responses(wire.sent)) == 2


def test_a_flood_of_pipelined_requests_is_not_read_before_it_is_answered(lane: Server) -> None:
    wire = lane.connect()
    wire.protocol.data_received(request(ROW) * (connection.N_PIPELINED + 1))
    assert not wire.reading
    lane.turns()
    assert wire.reading
    assert len(responses(wire.sent)) == connection.N_PIPELINED + 1


def test_a_flood_that_ends_within_a_request_is_read_on(lane: Server) -> None:
    wire = lane.connect()
    wire.protocol.data_received((request(ROW) * (connection.N_PIPELINED + 1))[:-1])
    lane.turns()
    assert wire.reading
    wire.protocol.data_received(request(ROW)[-1:])
    lane.turns()
    assert len(responses(wire.sent)) == connection.N_PIPELINED + 1


def test_a_packet_of_many_requests_that_ends_within_headers_is_no_endless_head(lane: Server) -> None:
    wire = lane.connect()
    sent = request(ROW) * 600
    assert len(sent) > LONGEST_HEAD_BYTES + 100
    wire.protocol.data_received(sent[:-100])
    lane.turns()
    wire.protocol.data_received(sent[-100:])
    lane.turns()
    assert [answer.status for answer in responses(wire.sent)] == [200] * 600


def test_headers_without_end_are_refused(lane: Server) -> None:
    wire = lane.exchange(b"POST / HTTP/1.1\r\n", *[b"x-many: " + b"y" * 8000 + b"\r\n"] * 9)
    assert [answer.status for answer in responses(wire.sent)] == [431]
    assert wire.closed


def half_close(server: Server, sent: bytes) -> tuple[Wire, bool | None]:
    wire = server.connect()
    wire.protocol.data_received(sent)
    kept = wire.protocol.eof_received()
    if not kept:
        wire.close()
    server.turns()
    return wire, kept


@pytest.mark.parametrize("path", [SCORE, "/health/live"])
def test_a_caller_that_closed_its_side_is_answered(lane: Server, path: str) -> None:
    wire, kept = half_close(lane, request(ROW, path=path) + request(ROW)[:30])
    assert kept
    assert len(responses(wire.sent)) == 1
    assert wire.closed


def test_a_caller_that_breaks_off_is_forgotten(lane: Server) -> None:
    for sent in (b"", request(ROW)[:-1], request(ROW)[:10], request(ROW, method="PUT", path="/nowhere")[:-1]):
        wire, kept = half_close(lane, sent)
        assert not kept
        assert (wire.sent, wire.closed) == (b"", True)


def test_a_caller_that_is_gone_before_its_answer_disturbs_nobody(lane: Server) -> None:
    gone, other = lane.connect(), lane.connect()
    for wire in (gone, other):
        wire.protocol.data_received(request(ROW) * 2)
    gone.closed = True
    gone.protocol.connection_lost(ConnectionResetError())
    lane.turns()
    assert gone.sent == b""
    assert len(responses(other.sent)) == 2


# The end


def test_a_stopping_server_answers_what_it_accepted_and_closes(lane: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LAST_CALL_SECONDS", 0)
    idle, pending, receiving = lane.exchange(request(ROW)), lane.connect(), lane.connect()
    last_call = lane.exchange(request(ROW))
    large = request({"rows": [ROW] * 2000})
    pending.protocol.data_received(request(ROW) + large)
    receiving.protocol.data_received(request(ROW)[:-1])
    for wire in (idle, pending, receiving, last_call):
        wire.protocol.shutdown()
    last_call.protocol.data_received(request(ROW) * 2)
    receiving.protocol.data_received(request(ROW)[-1:] + request(ROW))
    lane.wait_for(pending, 2)
    lane.turns()
    assert [answer.status for answer in responses(pending.sent)] == [200, 200]
    assert [answer.headers.get("connection") for answer in responses(receiving.sent)] == ["close"]
    assert [answer.headers.get("connection") for answer in responses(last_call.sent)] == [None, "close"]
    assert all(wire.closed for wire in (idle, pending, receiving, last_call))
