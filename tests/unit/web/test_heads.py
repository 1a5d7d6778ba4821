"""Requests whose heads came before: looked up, not parsed, to the same effect."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import pairwise

import pytest
from tests.unit.web.conftest import two_models
from tests.wire import SCORE, Server, request, responses, serving

from scoreline.web.admission import Limits
from scoreline.web.app import create_app
from scoreline.web.fastlane import LANE, heads
from scoreline.web.large import LEAST_LARGE_BYTES

ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
REQUEST = request(ROW)
END = REQUEST.find(b"\r\n\r\n") + 4


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with (
        two_models(tmp_path_factory.mktemp("heads")) as app,
        serving(create_app(app.registry, limits=Limits(body_bytes=100_000))) as server,
    ):
        yield server


@pytest.fixture(autouse=True)
def _nothing_is_known(lane: Server) -> None:
    known(lane).clear()


def known(lane: Server) -> dict[bytes, heads.Head]:
    return lane.shared[LANE].heads._known


def statuses(lane: Server, *parts: bytes) -> list[int]:
    return [answer.status for answer in responses(lane.exchange(*parts).sent)]


def test_a_request_that_comes_again_is_answered_as_before(lane: Server) -> None:
    first, second, third = responses(lane.exchange(REQUEST, REQUEST, REQUEST).sent)
    assert list(known(lane)) == [REQUEST[:END]]
    assert first.status == 200
    assert first.body == second.body == third.body
    assert len({answer.headers["x-request-id"] for answer in (first, second, third)}) == 3
    assert {**first.headers, "x-request-id": ""} == {**second.headers, "x-request-id": ""}


def test_another_body_behind_the_same_head_has_its_own_answer(lane: Server) -> None:
    other = request(ROW | {"age": 43})
    alone = [responses(lane.exchange(each).sent)[0].body for each in (REQUEST, other)]
    known(lane).clear()
    again = responses(lane.exchange(REQUEST, other, REQUEST).sent)
    assert [answer.body for answer in again] == [*alone, alone[0]]
    assert len(known(lane)) == 1


def test_a_known_head_may_come_in_any_packet(lane: Server) -> None:
    lane.exchange(REQUEST)
    for cuts in ([END], [END - 2], [END + 3], [1, END], [10, END + 1, len(REQUEST) - 1]):
        parts = [REQUEST[a:b] for a, b in pairwise([0, *cuts, len(REQUEST)])]
        assert statuses(lane, *parts, REQUEST) == [200, 200], cuts
    assert statuses(lane, REQUEST * 3, REQUEST) == [200] * 4
    assert statuses(lane, REQUEST + REQUEST[:END], REQUEST[END:] + REQUEST) == [200] * 3
    assert statuses(lane, REQUEST[:END] + b"nonsense" + REQUEST, REQUEST)[-1] == 400


def test_other_requests_may_stand_between(lane: Server) -> None:
    health = request(method="GET", path="/health/live", body=b"")
    assert statuses(lane, REQUEST, health, REQUEST, health + REQUEST, REQUEST) == [200] * 6


def test_what_is_of_one_request_is_not_remembered(lane: Server) -> None:
    for own in ("x-request-id: mine", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
        lane.exchange(request(ROW, own))
    lane.exchange(request(ROW, "x-scoreline-routing-key: ann"))
    lane.exchange(request(ROW, "connection: close"))
    lane.exchange(request(ROW, "expect: 100-continue"))
    lane.exchange(request(ROW, version="1.0"))
    lane.exchange(request(ROW, path=SCORE.replace("credit", "nothing")))
    lane.exchange(request(b"", body=b"x" * 200_000))
    assert known(lane) == {}


def test_a_body_that_is_packed_stays_packed(lane: Server) -> None:
    rows = json.dumps([ROW] * 200).encode()
    assert len(rows) > LEAST_LARGE_BYTES
    packed = request(None, "content-encoding: gzip", "content-type: application/json", body=gzip.compress(rows))
    wire = lane.exchange(packed)
    lane.wait_for(wire, 1)
    for _ in range(2):
        wire.protocol.data_received(packed)
        lane.turns()
    lane.wait_for(wire, 3)
    assert len({answer.body for answer in responses(wire.sent)}) == 1
    assert [answer.status for answer in responses(wire.sent)] == [200] * 3


def test_callers_that_send_ever_new_heads_fill_no_memory(lane: Server) -> None:
    for i in range(heads.N_HEADS_KEPT + 10):
        lane.exchange(request(ROW, f"x-own: {i}"))
    assert len(known(lane)) <= heads.N_HEADS_KEPT
    lane.exchange(request(ROW, "x-own: " + "x" * heads.LONGEST_HEAD_KEPT))
    assert max(map(len, known(lane))) <= heads.LONGEST_HEAD_KEPT + len(heads.END)


def test_the_server_stops_after_a_known_head_too(lane: Server) -> None:
    wire = lane.exchange(REQUEST)
    wire.protocol.data_received(REQUEST)
    wire.protocol.shutdown()
    lane.turns()
    assert [answer.status for answer in responses(wire.sent)] == [200, 200]
    assert wire.closed


def test_what_a_dialect_tells_in_headers_is_told_each_time(lane: Server) -> None:
    azure = request({"data": [ROW]}, path="/services/credit/score")
    answers = responses(lane.exchange(azure, azure, azure).sent)
    assert len(known(lane)) == 1
    assert len({answer.headers["x-ms-request-id"] for answer in answers}) == 3
    lane.exchange(request({"data": [ROW]}, "x-ms-client-request-id: mine", path="/services/credit/score"))
    assert len(known(lane)) == 1
