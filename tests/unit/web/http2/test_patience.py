"""Callers that are slow, or silent: the clock is the test's."""

from __future__ import annotations

import pytest
from tests.unit.web.http2.conftest import BLOCK, Raw

from scoreline.web.http2.frames import GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS, credit, frame
from scoreline.web.http2.patience import LEAST_BYTES_A_SECOND, REST_SECONDS, STRANGER_SECONDS, TAKE_SECONDS
from scoreline.web.http2.reading import N_A_TURN


def wait(raw: Raw, seconds: float) -> None:
    """Let time pass, with a look each second."""
    for _ in range(int(seconds)):
        raw.world.loop.now += 1.0
        raw.ours.look(raw.world.loop.now)


@pytest.mark.parametrize("is_known", [False, True])
def test_a_caller_that_asks_nothing_is_let_go(is_known: bool) -> None:
    raw = Raw()
    raw.ours.is_known = is_known
    seconds = REST_SECONDS if is_known else STRANGER_SECONDS
    wait(raw, seconds)
    assert not raw.wire.is_closed
    wait(raw, 3)
    assert raw.wire.is_closed
    assert raw.heard()[-1][0] == GOAWAY


def test_pings_are_no_requests() -> None:
    raw = Raw()
    for _ in range(int(STRANGER_SECONDS) + 3):
        raw.send(frame(PING, 0, 0, bytes(8)))
        wait(raw, 1)
    assert raw.wire.is_closed


def test_a_request_that_waits_for_its_answer_keeps_the_connection() -> None:
    raw = Raw()
    raw.open(1, whole=True)
    wait(raw, STRANGER_SECONDS + 10)
    assert not raw.wire.is_closed
    assert not raw.world.site.begun[0].was_looked_at
    raw.send(frame(HEADERS, 4, 3, BLOCK))
    wait(raw, 1)
    assert raw.world.site.begun[1].was_looked_at


def test_a_caller_that_takes_its_answer_byte_by_byte_is_given_up() -> None:
    raw = Raw()
    raw.send(frame(SETTINGS, 0, 0, b"\0\4\0\0\0\1"))
    raw.open(1, whole=True)
    raw.world.site.begun[0].answer(b"x" * 1_000_000)
    for _ in range(int(TAKE_SECONDS) - 1):
        raw.send(credit(1, 1))
        wait(raw, 1)
    assert not raw.wire.is_closed
    wait(raw, 4)
    assert raw.wire.is_closed
    raw.ours.connection_lost(None)
    assert raw.world.admission.held_bytes == 0


def test_a_caller_that_takes_its_answer_slowly_gets_it() -> None:
    raw = Raw()
    raw.send(frame(SETTINGS, 0, 0, b"\0\4\0\0\0\0"))
    raw.open(1, whole=True)
    n_seconds = 3 * int(TAKE_SECONDS)
    raw.world.site.begun[0].answer(b"x" * (2 * LEAST_BYTES_A_SECOND * n_seconds))
    for _ in range(n_seconds):
        raw.send(credit(0, 2 * LEAST_BYTES_A_SECOND), credit(1, 2 * LEAST_BYTES_A_SECOND))
        wait(raw, 1)
    assert not raw.wire.is_closed
    assert not raw.ours.streams


def test_a_caller_that_does_not_read_what_was_written_is_given_up() -> None:
    raw = Raw()
    raw.wire.n_waiting = 10_000
    wait(raw, TAKE_SECONDS + 2)
    assert raw.wire.is_closed


def _reset_calls(n: int) -> bytes:
    """Requests in one packet, each given up at once."""
    ids = range(1, 2 * n, 2)
    return b"".join(frame(HEADERS, 4, i, BLOCK) + frame(RST_STREAM, 0, i, bytes(4)) for i in ids)


def test_one_connection_begins_so_many_requests_in_a_turn_and_the_rest_in_those_that_follow() -> None:
    raw = Raw()
    raw.ours.data_received(_reset_calls(2 * N_A_TURN + 1))
    assert len(raw.world.site.begun) == N_A_TURN
    assert not raw.wire.is_read, "no more than that comes meanwhile"
    raw.world.loop.turn()
    assert len(raw.world.site.begun) == 2 * N_A_TURN
    raw.world.loop.turn()
    assert len(raw.world.site.begun) == 2 * N_A_TURN + 1
    assert raw.wire.is_read
    assert not raw.ours.streams


def test_what_comes_while_requests_wait_for_their_turn_stands_behind_them() -> None:
    raw = Raw()
    raw.ours.data_received(_reset_calls(N_A_TURN))
    late = frame(HEADERS, 5, 2 * N_A_TURN + 1, BLOCK)
    for byte in late:
        raw.ours.data_received(bytes((byte,)))
    assert len(raw.world.site.begun) == N_A_TURN
    raw.world.loop.turn()
    assert len(raw.world.site.begun) == N_A_TURN + 1


def test_requests_that_wait_for_their_turn_are_answered_although_their_caller_says_no_more() -> None:
    raw = Raw(late=False)
    raw.ours.data_received(b"".join(frame(HEADERS, 5, i, BLOCK) for i in range(1, 4 * N_A_TURN, 2)))
    assert not raw.ours.eof_received(), "nothing is left to be answered"
    assert len([kind for kind, flags, _, _ in raw.heard() if kind == HEADERS and flags & 1]) == 2 * N_A_TURN
    raw.world.loop.turn()


def test_a_caller_who_takes_no_answers_is_not_read_when_its_next_turn_comes() -> None:
    raw = Raw()
    raw.ours.data_received(_reset_calls(N_A_TURN))
    raw.ours.pause_writing()
    raw.world.loop.turn()
    assert not raw.wire.is_read
    raw.ours.resume_writing()
    assert raw.wire.is_read
