"""Thrift's listener: framing, keys, limits, and what is left when a caller misbehaves."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.web.conftest import two_models

from scoreline.app.settings import App
from scoreline.core.access import Access
from scoreline.core.errors import Unauthenticated
from scoreline.security.certificate import self_signed
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.plane import Asked, Plane, Run
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.thrift.dialect import THRIFT
from scoreline.web.admission import Limits
from scoreline.web.app import create_app
from scoreline.web.gate import Known, OpenGate
from scoreline.web.gate.passes import Pass, Stranger
from scoreline.web.secure import Certificate
from scoreline.web.server import background, bind
from scoreline.web.thrift import connection, listener, thrift_listener
from scoreline.web.thrift.framing import is_large
from scoreline.web.turn import Turn

STOP = b"\x00"
KEYS = {
    b"good": Access(kind="key", name="good", grants={"default": frozenset({"view", "score"})}),
    b"narrow": Access(kind="key", grants={"default": frozenset({"view", "score"})}, deployments=frozenset({"price"})),
    b"viewer": Access(kind="key", grants={"default": frozenset({"view"})}),
}


class Keys(OpenGate):
    """A gate that knows three keys, each once it was looked up."""

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}

    def known(self, credential: bytes, space: bytes) -> Known | None:
        return self._known.get(credential)

    def look_up(
        self, credential: bytes, space: bytes, origin: str, loop: asyncio.AbstractEventLoop
    ) -> asyncio.Future[Known]:
        access = KEYS.get(credential)
        found = Stranger(Unauthenticated("no such key")) if access is None else Pass(access)
        self._known[credential] = found
        return loop.run_in_executor(None, lambda: found)


class Runs:
    """The requests of each run."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.n_requests: list[int] = []

    def answered(self, run: Run) -> None:
        self.n_requests.append(len(run.asked))
        self.seen.extend((asked.dialect.name, size) for asked, size in zip(run.asked, run.sizes, strict=True))


class World:
    """A server, and where it answers Thrift and HTTP."""

    def __init__(self, app: App, *, certificate: Certificate | None = None, **options: Any) -> None:
        self.runs = Runs()
        self._listening = bind(port=0)
        self.address: tuple[str, int] = self._listening.getsockname()
        self._server = background(
            create_app(
                app.registry, listeners=[thrift_listener(self._listening, certificate)], watchers=[self.runs], **options
            ),
            bind(port=0),
        )

    def __enter__(self) -> World:
        self.url = self._server.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._server.__exit__(*exception)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, 10)

    def ask(self, *messages: bytes) -> list[bytes]:
        """Send these one after another, and read an answer to each."""
        with self.connect() as connected:
            answers = []
            for message in messages:
                connected.sendall(message)
                answers.append(receive(connected))
            return answers


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with two_models(tmp_path_factory.mktemp("thrift")) as app:
        app.registry.deploy("credit", "credit", default=True)
        with World(app, limits=Limits(body_bytes=200_000)) as world:
            yield world


def text(value: str) -> bytes:
    return struct.pack(">i", len(value.encode())) + value.encode()


def call(method: str, arguments: bytes = STOP, sequence: int = 1, kind: int = 1) -> bytes:
    return b"\x80\x01\x00" + bytes([kind]) + text(method) + struct.pack(">i", sequence) + arguments


def login(key: str) -> bytes:
    return call("login", b"\x0b\x00\x01" + text(key) + STOP)


def row(age: float) -> bytes:
    return b"\x04\x00\x01" + struct.pack(">d", age) + STOP


def score(age: float = 42.0, method: str = "score") -> bytes:
    return call(method, b"\x0c\x00\x01" + row(age) + STOP)


def score_batch(n_rows: int) -> bytes:
    rows = b"".join(row(float(i)) for i in range(n_rows))
    return call("score_batch", b"\x0f\x00\x01\x0c" + struct.pack(">i", n_rows) + rows + STOP)


def framed(message: bytes) -> bytes:
    return struct.pack(">i", len(message)) + message


def receive(connected: socket.socket) -> bytes:
    """Read what is there; the answers of these tests but the large ones come in one packet."""
    return connected.recv(1 << 20)


def ended(connected: socket.socket) -> bool:
    """Whether the server has closed it, once it has told all."""
    try:
        while connected.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return True


def floats(answer: bytes) -> list[float]:
    """The numbers of a reply to ``score``."""
    assert answer[3] == 2, answer
    at = 4 + 4 + len("score") + 4 + 3
    kind, n = struct.unpack_from(">bi", answer, at)
    assert kind == 4
    return list(struct.unpack_from(f">{n}d", answer, at + 5))


def test_a_framed_call_has_a_framed_answer_and_another_none(server: World) -> None:
    plain, in_frame = server.ask(score(), framed(score()))
    assert in_frame == framed(plain)
    wanted = httpx.post(f"{server.url}/api/v1/deployments/credit/score", json={"age": 42}).json()["predictions"]
    assert floats(plain) == list(wanted[0]["probability"].values())


def test_a_multiplexed_call_asks_the_deployment_that_it_names(server: World) -> None:
    answer, missing = server.ask(score(method="price:score"), score(method="prize:score"))
    assert len(floats(answer)) == 1
    assert b"did you mean `price`?" in missing


def test_calls_that_come_together_are_answered_in_order(server: World) -> None:
    sent = b"".join(call("get_hash", sequence=n) for n in range(1, 20))
    with server.connect() as connected:
        connected.sendall(sent)
        answers = b""
        while answers.count(b"get_hash") < 19:
            answers += connected.recv(1 << 16)
    size = len(answers) // 19
    at = 8 + len("get_hash")
    assert [int.from_bytes(answers[i * size + at : i * size + at + 4]) for i in range(19)] == list(range(1, 20))


def test_calls_that_came_before_the_caller_closed_its_side_are_answered(server: World) -> None:
    with server.connect() as connected:
        connected.sendall(call("get_hash") * 40 + call("get_hash")[:9])
        connected.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: connected.recv(1 << 16), b"")).count(b"sha256:") == 40


def test_a_refusal_comes_after_the_answers_to_what_came_before(server: World) -> None:
    with server.connect() as connected:
        connected.sendall(framed(score()) + framed(score_batch(2000)) + framed(b"") + framed(score()))
        connected.shutdown(socket.SHUT_WR)
        answers = b"".join(iter(lambda: connected.recv(1 << 16), b""))
    found = []
    while answers:
        end = 4 + int.from_bytes(answers[:4])
        found.append(answers[4:end])
        answers = answers[end:]
    assert [answer[3] for answer in found] == [2, 2, 3]
    assert b"a frame is empty" in found[-1]


def test_more_answers_than_are_taken_at_once_come_whole_and_in_order(server: World) -> None:
    n_calls, sent = 120, framed(score_batch(1000))
    with server.connect() as connected:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        sending = Thread(target=connected.sendall, args=(sent * n_calls,))
        sending.start()
        answers = bytearray()
        size = 4 + int.from_bytes(connected.recv(4, socket.MSG_PEEK | socket.MSG_WAITALL))
        while len(answers) < n_calls * size:
            answers += connected.recv(1 << 16)
        sending.join()
    assert answers == answers[:size] * n_calls


def test_a_message_may_come_byte_by_byte(server: World) -> None:
    for message in (score(), framed(score())):
        with server.connect() as connected:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(len(message)):
                connected.sendall(message[i : i + 1])
            assert receive(connected) in (server.ask(message))


def test_a_large_message_is_answered_as_a_small_one(server: World) -> None:
    with server.connect() as connected:
        connected.sendall(framed(score_batch(5000)))
        answer = b""
        while len(answer) < 4 or len(answer) < 4 + int.from_bytes(answer[:4]):
            answer += connected.recv(1 << 20)
    assert answer.count(b"\x04\x00\x00\x00\x02") >= 5000
    assert server.runs.seen[-1] == ("thrift", 5000)


def test_nobody_is_answered_who_waits_for_nothing(server: World) -> None:
    with server.connect() as connected:
        connected.sendall(call("get_hash", kind=4) + call("get_hash", sequence=2))
        assert b"\x00\x00\x00\x02" in receive(connected)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"the limit of this server"),
        (call("x", kind=2), b"message type 2 is no call"),
        (call("x", b"\x63\x00\x01"), b"there is no type 99"),
        (framed(b""), b"a frame is empty"),
        (framed(b"\x00\x00\x00\x05score"), b"it has no version"),
        (
            framed(score_batch(50_000)[:100]).replace(b"\x00\x00\x00\x64", b"\x00\x0f\xff\xff", 1),
            b"limit of this server",
        ),
        (call("x", b"\x0b\x00\x01\xff\xff\xff\xff"), b"-1"),
        (call("x", b"\x0d\x00\x01" + b"\x0d\x0d\x00\x00\x00\x09" * 40), b"nested too deeply"),
        (call("a" * 600), b"at most 512 bytes"),
    ],
)
def test_what_is_no_call_is_told_so_and_ends_the_connection(server: World, sent: bytes, told: bytes) -> None:
    with server.connect() as connected:
        connected.sendall(sent)
        assert told in receive(connected)
        connected.shutdown(socket.SHUT_WR)
        assert ended(connected)
    assert floats(server.ask(score())[0])


def test_a_caller_who_leaves_in_the_middle_leaves_nothing_behind(server: World) -> None:
    for part in (score()[:20], framed(score_batch(3000))[:1000]):
        with server.connect() as connected:
            connected.sendall(part)
    assert floats(server.ask(score())[0])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=60), place=st.integers(0, 40), byte=st.integers(0, 255))
def test_no_bytes_break_the_listener(server: World, junk: bytes, place: int, byte: int) -> None:
    spoilt = bytearray(score())
    spoilt[place % len(spoilt)] = byte
    for sent in (junk, bytes(spoilt), framed(bytes(spoilt)), framed(junk)):
        with server.connect() as connected:
            connected.sendall(sent)
            connected.shutdown(socket.SHUT_WR)
            assert ended(connected)
    assert floats(server.ask(score())[0])


def test_calls_are_counted_as_other_requests_are(server: World) -> None:
    server.ask(score(), call("get_hash"), call("score", b"\x0c\x00\x01" + STOP + STOP))
    wanted = ('dialect="thrift",status="200"', 'dialect="thrift",status="400"', 'code="schema_mismatch"')
    with httpx.Client(base_url=server.url) as http:
        for _ in range(200):  # they are counted ten times a second
            told = http.get("/metrics").text
            if all(part in told for part in wanted):
                return
    raise AssertionError(told)


def test_a_key_is_asked_for_and_decides(app: App) -> None:
    with World(app, gate=Keys()) as world:
        unknown, wrong, still = world.ask(call("get_hash"), login("bad"), call("get_hash"))
        assert all(b"unauthenticated" in answer for answer in (unknown, wrong, still))
        assert b"forbidden" in world.ask(login("viewer"))[0]
        welcome, named = world.ask(login("good"), call("credit:get_hash"))
        assert welcome == b"\x80\x01\x00\x02" + text("login") + struct.pack(">i", 1) + STOP
        assert b"sha256:" in named
        _, other, own = world.ask(login("narrow"), call("credit:get_hash"), call("price:get_hash"))
        assert b"not_found" in other
        assert b"sha256:" in own


def test_a_call_that_comes_together_with_a_login_is_of_who_logged_in(app: App) -> None:
    with World(app, gate=Keys()) as world, world.connect() as connected:
        connected.sendall(call("price:get_hash") + login("good") + call("price:get_hash") + login("bad"))
        connected.shutdown(socket.SHUT_WR)
        answers = b"".join(iter(lambda: connected.recv(1 << 16), b""))
    assert [answers.count(part) for part in (b"no such key", b"sha256:")] == [2, 1]
    assert answers.index(b"no such key") < answers.index(b"sha256:") < answers.rindex(b"no such key")


def test_with_a_certificate_nothing_but_tls_is_spoken(app: App, tmp_path: Path) -> None:
    pem = self_signed([], datetime.now(UTC), timedelta(days=1))
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    for file, content in zip(files, pem, strict=True):
        file.write_bytes(content)
    trusting = ssl.create_default_context(cafile=str(files[0]))
    with World(app, certificate=Certificate(*files)) as world:
        for sent in (score(method="price:score"), framed(score(method="price:score"))):
            with trusting.wrap_socket(world.connect(), server_hostname="127.0.0.1") as encrypted:
                encrypted.sendall(sent)
                answer = receive(encrypted)
                assert len(floats(answer[4:] if sent[0] == 0 else answer)) == 1
        with world.connect() as plain:
            plain.sendall(score())
            assert ended(plain)


def test_connections_beyond_the_limit_are_closed(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "N_CONNECTIONS", 2)
    with World(app) as world, world.connect() as first, world.connect() as second:
        for connected in (first, second):
            connected.sendall(call("price:get_hash"))
            assert receive(connected)
        with world.connect() as third:
            assert ended(third)


@pytest.mark.parametrize("sent", [b"", score()[:10]], ids=["silent", "slow"])
def test_a_connection_that_takes_too_long_is_given_up(app: App, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connection, "STRANGER_SECONDS", 60.0 if sent else 0.0)
    monkeypatch.setattr(connection, "MESSAGE_SECONDS", -1.0)
    monkeypatch.setattr(listener, "LOOK_SECONDS", 0.01)
    with World(app) as world, world.connect() as connected:
        connected.sendall(sent)
        assert ended(connected)


def test_a_caller_that_is_known_may_be_silent_for_longer(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "LOOK_SECONDS", 0.01)
    with World(app, gate=Keys()) as world, world.connect() as known, world.connect() as stranger:
        known.sendall(login("good"))
        assert receive(known)
        monkeypatch.setattr(connection, "STRANGER_SECONDS", 0.0)
        stranger.sendall(login("bad"))
        assert ended(stranger)
        known.sendall(call("price:get_hash"))
        assert b"sha256:" in receive(known)


def test_a_server_that_ends_does_not_wait_for_connections_at_rest(app: App) -> None:
    with World(app) as world:
        connected = world.connect()
        connected.sendall(call("price:get_hash"))
        assert receive(connected)
    assert ended(connected)
    connected.close()


def test_calls_of_one_turn_are_one_run(app: App) -> None:
    runs = Runs()
    deployments = ActiveDeployments(app.registry)
    deployments.refresh()
    active = deployments.get("price")

    answers: list[Reply | Exception] = []

    async def ask_all() -> None:
        turn: Turn[Asked] = Turn(Plane([runs]), lambda _, found: answers.extend(found), is_large)
        for _ in range(300):
            turn.add(Asked(THRIFT, score(), active), asyncio.get_running_loop())
        while len(answers) < 300:
            await asyncio.sleep(0)

    asyncio.run(ask_all())
    assert all(isinstance(answer, Reply) for answer in answers)
    assert runs.n_requests == [256, 44]
