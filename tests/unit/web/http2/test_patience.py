"""Callers that are slow, or silent: the clock is the test's."""

from __future__ import annotations

import pytest
from tests.unit.web.http2.conftest import BLOCK, Raw

from scoreline.web.http2.frames import GOAWAY, HEADERS, PING, SETTINGS, credit, frame
from scoreline.web.http2.patience import LEAST_BYTES_A_SECOND, REST_SECONDS, STRANGER_SECONDS, TAKE_SECONDS


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
