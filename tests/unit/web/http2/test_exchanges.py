"""Requests and answers, with the `h2` library as the other end."""

from __future__ import annotations

import h2.events
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.web.http2.conftest import ASKED, Raw, World

from scoreline.web.http2.frames import GOAWAY, HEADERS
from scoreline.web.http2.headers import field, status
from scoreline.web.http2.stream import STREAM_WINDOW


def test_a_body_comes_and_its_answer_has_headers_a_body_and_trailers() -> None:
    world = World().begin()
    stream_id = world.ask(b"hello")
    assert world.answer(stream_id) == b"hello"
    trailers = [event for event in world.events if isinstance(event, h2.events.TrailersReceived)]
    assert trailers[0].headers == [(b"x-end", b"yes")]
    assert not world.ours.streams


def test_many_requests_are_under_way_at_once() -> None:
    world = World(late=True).begin()
    ids = [world.ask(b"%d" % n) for n in range(100)]
    for exchange in reversed(world.site.begun):
        exchange.answer(exchange.body)
    world.ours.flush()
    world.talk()
    assert [world.answer(stream_id) for stream_id in ids] == [b"%d" % n for n in range(100)]


@pytest.mark.parametrize("n_bytes", [16_384, 16_385, 65_535, 65_536, 3 * STREAM_WINDOW])
def test_bodies_and_answers_beyond_windows_go_in_parts(n_bytes: int) -> None:
    world = World().begin()
    body = bytes(i & 0xFF for i in range(n_bytes))
    stream_id = world.peer.get_next_available_stream_id()
    world.peer.send_headers(stream_id, ASKED)
    at = 0
    while at < n_bytes:
        step = min(world.peer.local_flow_control_window(stream_id), world.peer.max_outbound_frame_size, n_bytes - at)
        assert step > 0
        world.peer.send_data(stream_id, body[at : at + step], end_stream=at + step == n_bytes)
        at += step
        world.talk()
    seen = 0
    while not any(isinstance(event, h2.events.StreamEnded) for event in world.events):
        for event in world.events[seen:]:
            if isinstance(event, h2.events.DataReceived):
                world.peer.acknowledge_received_data(event.flow_controlled_length, stream_id)
        seen = len(world.events)
        world.talk()
    assert world.answer(stream_id) == body
    assert world.admission.held_bytes == 0


def test_padding_and_priorities_change_nothing() -> None:
    world = World().begin()
    world.peer.send_headers(1, ASKED, priority_weight=7, priority_depends_on=0, priority_exclusive=False)
    world.peer.send_data(1, b"padded", pad_length=200)
    world.peer.prioritize(1, weight=3)
    world.peer.end_stream(1)
    assert world.talk().answer(1) == b"padded"


def test_headers_in_several_frames_are_one_block() -> None:
    world = World().begin()
    long = [*ASKED, *((f"x-{n}", f"{n}" * 400) for n in range(20))]
    stream_id = world.ask(b"", headers=[(name, value) for name, value in long if len(value) < 900])
    assert world.answer(stream_id) == b""
    assert len(world.site.begun[0].head) == len(long)


def test_trailers_end_a_body() -> None:
    world = World().begin()
    world.peer.send_headers(1, ASKED)
    world.peer.send_data(1, b"body")
    world.peer.send_headers(1, [("x-checksum", "7")], end_stream=True)
    assert world.talk().answer(1) == b"body"


def test_a_ping_comes_back_and_settings_are_acknowledged() -> None:
    world = World().begin()
    world.peer.ping(b"12345678")
    world.talk()
    acknowledged = [event for event in world.events if isinstance(event, h2.events.PingAckReceived)]
    assert acknowledged[0].ping_data == b"12345678"
    assert any(isinstance(event, h2.events.SettingsAcknowledged) for event in world.events)


def test_a_window_that_shrinks_below_nothing_is_waited_for() -> None:
    world = World(late=True).begin()
    stream_id = world.ask(b"x")
    exchange = world.site.begun[0]
    world.ours.start(exchange.stream, status(200))
    world.ours.push(exchange.stream, b"a" * 60_000)
    world.ours.flush()
    world.talk()
    world.peer.update_settings({4: 1000})
    world.talk()
    assert exchange.stream.window < 0
    world.ours.push(exchange.stream, b"b" * 10_000)
    world.ours.finish(exchange.stream, field(b"x-end", b"yes"))
    assert len(world.talk().events) > 0
    assert world.ours.streams
    world.peer.increment_flow_control_window(100_000)
    world.peer.increment_flow_control_window(100_000, stream_id)
    assert world.talk().answer(stream_id) == b"a" * 60_000 + b"b" * 10_000


def test_a_peer_without_a_table_is_told_that_none_is_used() -> None:
    world = World().begin()
    world.peer.update_settings({1: 0})
    world.talk()
    assert world.answer(world.ask(b"first")) == b"first"
    assert world.answer(world.ask(b"second")) == b"second"


def test_a_request_that_is_left_is_answered_no_more() -> None:
    world = World(late=True).begin()
    stream_id = world.ask(b"x")
    world.peer.reset_stream(stream_id)
    world.talk()
    assert world.site.begun[0].is_left
    world.site.begun[0].answer(b"nobody reads it")
    world.ours.flush()
    assert not world.wire.written


def test_an_answer_before_the_body_is_whole_ends_the_body() -> None:
    world = World(late=True).begin()
    world.peer.send_headers(1, ASKED)
    world.peer.send_data(1, b"part")
    world.talk()
    world.site.begun[0].answer(b"enough")
    world.ours.flush()
    world.talk()
    assert world.answer(1) == b"enough"
    assert world.resets() == {1: 0}


def test_a_server_that_stops_answers_what_is_on_its_way_and_then_closes() -> None:
    raw = Raw()
    raw.open(1, whole=True)
    raw.ours.shutdown()
    begun = raw.world.site.begun
    assert begun[0].was_ended
    raw.open(3, whole=True)  # it was sent before the caller had read that
    raw.world.loop.turn()
    assert raw.heard() == [(GOAWAY, 0, 0, b"\0\0\0\3\0\0\0\0")]
    raw.open(5, whole=True)
    assert not raw.wire.is_closed
    for exchange in begun:
        exchange.answer(b"")
    raw.ours.flush()
    assert {stream_id for kind, _, stream_id, _ in raw.heard() if kind == HEADERS} == {1, 3}
    raw.world.loop.turn()
    assert raw.wire.is_closed


def test_a_caller_that_has_closed_its_side_is_answered() -> None:
    world = World(late=True).begin()
    whole, part = world.ask(b"whole"), world.peer.get_next_available_stream_id()
    world.peer.send_headers(part, ASKED)
    world.talk()
    assert world.ours.eof_received()
    assert [exchange.is_left for exchange in world.site.begun] == [False, True]
    world.site.begun[0].answer(b"whole")
    world.ours.flush()
    world.talk()
    assert world.answer(whole) == b"whole"
    world.loop.turn()
    assert world.wire.is_closed


def test_a_lost_connection_leaves_nothing_behind() -> None:
    world = World(late=True).begin()
    world.ask(b"x")
    world.site.begun[0].answer(b"y" * 100_000)
    assert world.admission.held_bytes > 0
    world.ours.connection_lost(None)
    assert world.site.begun[0].is_left
    assert world.admission.held_bytes == 0
    assert world.ours not in world.others


@settings(max_examples=100, deadline=None)
@given(
    bodies=st.lists(st.binary(max_size=300), min_size=1, max_size=6), cuts=st.lists(st.integers(1, 400), max_size=60)
)
def test_it_does_not_matter_how_bytes_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    whole, cut = World(), World()
    for world in (whole, cut):
        world.peer.initiate_connection()
        for n, body in enumerate(bodies):
            world.peer.send_headers(2 * n + 1, ASKED)
            world.peer.send_data(2 * n + 1, body, end_stream=True, pad_length=len(body) % 7 or None)
    said = cut.peer.data_to_send()
    whole.ours.data_received(whole.peer.data_to_send())
    for n in cuts:
        if said:
            cut.ours.data_received(said[:n])
            said = said[n:]
    cut.ours.data_received(said)
    assert cut.wire.written == whole.wire.written
    cut.talk()
    assert [cut.answer(2 * n + 1) for n in range(len(bodies))] == bodies
