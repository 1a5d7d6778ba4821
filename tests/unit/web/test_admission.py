"""What a worker takes in is bounded, on the fast lane and beside it: whoever is too much is told when to come again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import ExitStack, contextmanager

import pytest
from tests.unit.web.conftest import two_models
from tests.wire import SCORE, Response, Server, Wire, request, responses, serving

from scoreline.app.settings import App
from scoreline.core.errors import TooLarge
from scoreline.web import large
from scoreline.web.admission import LIMITS, Admission, Body, Limits
from scoreline.web.app import create_app
from scoreline.web.fastlane import ADMISSION, patience

KB = 1024
ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
MANY = {"rows": [ROW] * 2500}
CHUNKED = "transfer-encoding: chunked"

Start = Callable[[Limits], Server]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with two_models(tmp_path_factory.mktemp("admission")) as opened:
        yield opened


@contextmanager
def starting(app: App, *, fast_lane: bool) -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda limits: stack.enter_context(serving(create_app(app.registry, limits=limits, fast_lane=fast_lane)))


@pytest.fixture
def start(app: App) -> Iterator[Start]:
    """Starts servers with a fast lane."""
    with starting(app, fast_lane=True) as start:
        yield start


@pytest.fixture(params=["fast lane", "asgi"])
def start_either(app: App, request: pytest.FixtureRequest) -> Iterator[Start]:
    """Starts servers of either kind."""
    with starting(app, fast_lane=request.param == "fast lane") as start:
        yield start


def announced(n_bytes: int) -> bytes:
    """The headers of a request whose body does not come yet."""
    return f"POST {SCORE} HTTP/1.1\r\nhost: here\r\ncontent-length: {n_bytes}\r\n\r\n".encode()


def chunk(n_bytes: int) -> bytes:
    return b"%x\r\n%b\r\n" % (n_bytes, b" " * n_bytes)


def codes(wire: Wire) -> list[str | int]:
    """Of each answer the code of its error, or its status."""
    return [a.status if a.status < 400 else a.document["error"]["code"] for a in responses(wire.sent)]


@contextmanager
def busy_threads(n_waiting: int = 0) -> Iterator[None]:
    """Nothing that goes to the threads of large bodies is answered before this ends."""
    end = threading.Event()
    busy = [large.large_bodies.submit(end.wait) for _ in range(large.N_LARGE_AT_ONCE + n_waiting)]
    try:
        yield
    finally:
        end.set()
        wait(busy)


def is_told_to_come_again(answer: Response) -> bool:
    return answer.headers["retry-after"].isdigit()


# Bytes


def test_a_body_that_is_announced_beyond_the_memory_for_all_is_refused_at_its_headers(start_either: Start) -> None:
    server = start_either(Limits(bodies_bytes=300 * KB))
    first, second, small = server.exchange(announced(200 * KB)), server.exchange(announced(200 * KB)), request(ROW)
    assert codes(first) == []
    assert codes(second) == ["unavailable"]
    assert responses(second.sent)[0].status == 503
    assert is_told_to_come_again(responses(second.sent)[0])
    assert codes(server.exchange(small)) == [200]
    first.close()
    server.turns()
    assert codes(server.exchange(announced(200 * KB))) == []


def test_a_body_that_grows_beyond_the_memory_for_all_is_refused(start_either: Start) -> None:
    server = start_either(Limits(bodies_bytes=300 * KB))
    server.exchange(announced(200 * KB))
    wire = server.exchange(request(None, CHUNKED, body=b""), *[chunk(30 * KB)] * 5)
    assert codes(wire) == ["unavailable"]


def test_who_is_refused_may_send_the_rest_and_then_ask_again(start: Start) -> None:
    server = start(Limits(bodies_bytes=300 * KB))
    holder = server.exchange(announced(200 * KB))
    wire = server.exchange(announced(200 * KB), b" " * 100 * KB)
    holder.close()
    wire.protocol.data_received(b" " * 100 * KB + request(ROW))
    server.turns()
    assert codes(wire) == ["unavailable", 200]


def test_bodies_that_are_answered_are_counted_no_more(start_either: Start) -> None:
    server = start_either(Limits(bodies_bytes=300 * KB))
    sent = request(MANY)
    assert len(sent) > 100 * KB
    for _ in range(10):
        wire = server.connect()
        wire.protocol.data_received(sent)
        server.wait_for(wire, 1)
        assert codes(wire) == [200]


def test_small_bodies_that_do_not_become_whole_are_counted_too(start: Start) -> None:
    server = start(Limits(bodies_bytes=300 * KB))
    wires = [server.exchange(announced(60 * KB), b" " * 50 * KB) for _ in range(8)]
    assert [codes(wire) for wire in wires] == [[]] * 6 + [["unavailable"]] * 2


def test_a_caller_that_sends_part_after_part_of_small_requests_is_not_counted_twice(start: Start) -> None:
    server = start(Limits(bodies_bytes=100 * KB))
    wire = server.connect()
    sent = request(ROW | {"purpose": "x" * 10 * KB}) * 30
    for i in range(0, len(sent), 7 * KB):
        wire.protocol.data_received(sent[i : i + 7 * KB])
        server.wait_for(wire, i // (11 * KB))
    server.wait_for(wire, 30)
    assert codes(wire) == [200] * 30
    assert codes(server.exchange(announced(100 * KB))) == []


def test_a_large_body_of_a_caller_that_is_gone_is_counted_until_its_thread_is_done(start: Start) -> None:
    server = start(Limits(bodies_bytes=300 * KB))
    admission = server.shared[ADMISSION]
    wire = server.connect()
    with busy_threads():
        wire.protocol.data_received(request(MANY))
        wire.close()
        server.turns()
        assert admission.held_bytes > 100 * KB
    server.wait_until(lambda: admission.held_bytes == 0)


def test_answers_that_are_not_taken_are_counted_in_place_of_their_requests(start: Start) -> None:
    server = start(LIMITS)
    admission = server.shared[ADMISSION]
    wire = server.connect()
    wire.room = 1000
    wire.protocol.data_received(request(MANY))
    server.wait_for(wire, 1)
    assert admission.held_bytes == len(wire.sent)
    wire.protocol.resume_writing()
    assert admission.held_bytes == 0


def test_a_body_that_could_never_be_held_is_too_large(start_either: Start) -> None:
    server = start_either(Limits(bodies_bytes=300 * KB))
    assert codes(server.exchange(announced(400 * KB))) == ["too_large"]


def test_bodies_that_trickle_in_are_given_up_only_while_others_are_refused(start: Start) -> None:
    server = start(Limits(bodies_bytes=300 * KB))
    slow = server.exchange(announced(200 * KB), b" " * KB)
    server.look(slow, patience.HURRIED_SECONDS + 5)
    assert codes(slow) == []
    assert codes(server.exchange(announced(200 * KB))) == ["unavailable"]
    server.look(slow, patience.HURRIED_SECONDS + 5)
    assert codes(slow) == ["unavailable"]
    assert codes(server.exchange(announced(200 * KB))) == []


def test_what_is_sent_after_a_refusal_is_not_read_for_ever(start: Start) -> None:
    server = start(LIMITS)
    wire = server.exchange(announced(LIMITS.body_bytes + 1), b" " * 100 * KB)
    assert codes(wire) == ["too_large"]
    server.look(wire, patience.SLOW_SECONDS - 1)
    assert not wire.closed
    server.look(wire, patience.SLOW_SECONDS + 1)
    assert wire.closed


def test_bytes_are_counted_until_a_body_is_left() -> None:
    admission = Admission(Limits(body_bytes=10, bodies_bytes=10))
    body = Body(admission)
    with body:
        body.hold(4)
        body.hold(8)
        assert admission.held_bytes == 8
        with pytest.raises(TooLarge):
            body.hold(11)
    assert admission.held_bytes == 0


# Requests


def test_no_more_requests_of_a_deployment_wait_than_are_allowed(start: Start) -> None:
    server = start(Limits(n_pending=3))
    wire, other = server.connect(), server.connect()
    wire.protocol.data_received(request(ROW) * 5)
    other.protocol.data_received(request(ROW, path=SCORE.replace("credit", "price")))
    server.turns()
    assert codes(wire) == [200, 200, 200, "too_many_requests", "too_many_requests"]
    assert responses(wire.sent)[-1].status == 429
    assert is_told_to_come_again(responses(wire.sent)[-1])
    assert codes(other) == [200]
    assert codes(server.exchange(request(ROW) * 3)) == [200, 200, 200]


def test_a_large_request_counts_until_it_is_answered(start_either: Start) -> None:
    server = start_either(Limits(n_pending=1))
    wire = server.connect()
    with busy_threads():
        wire.protocol.data_received(request(MANY))
        server.turns()
        assert codes(server.exchange(request(ROW))) == ["too_many_requests"]
    server.wait_for(wire, 1)
    assert codes(server.exchange(request(ROW))) == [200]


def test_no_more_large_requests_wait_than_are_allowed(start_either: Start) -> None:
    server = start_either(LIMITS)
    with busy_threads(large.N_LARGE_WAITING):
        wire = server.exchange(request(MANY))
        assert codes(wire) == ["unavailable"]
        assert is_told_to_come_again(responses(wire.sent)[0])
        assert codes(server.exchange(request(ROW))) == [200]
    wire.protocol.data_received(request(MANY))
    server.wait_for(wire, 2)
    assert codes(wire) == ["unavailable", 200]


def test_many_short_rows_go_to_a_thread_as_large_bodies_do() -> None:
    assert large.is_large(b"[" + b"{}," * large.N_MANY_ROWS + b"{}]")
    assert large.is_large(b" " * large.LARGE_BODY_BYTES)
    assert not large.is_large(b"[" + b"{}," * (large.N_MANY_ROWS - 10) + b"{}]")
    assert not large.is_large(b'{"purpose": "' + b"x" * 50_000 + b'"}')
