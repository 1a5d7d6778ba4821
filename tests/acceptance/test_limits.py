"""A real server, and callers who do what they can to fill it: nobody is lost, and who is refused is told."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.artifacts import ROWS, tiny_artifact
from tests.processes import PATIENCE_SECONDS, Connection, Server, environment, running, wait_for

from scoreline.app.settings import Settings, open_app
from scoreline.client import Client

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")

MB = 1024 * 1024
SCORE = "/api/v1/deployments/credit/score"
BODY = json.dumps(ROWS).encode()
LONG_ROW = {"age": 42, "amount": 1500.5, "purpose": "x" * 4000}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits")
    tiny_artifact(folder / "credit.scoreline")
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        app.registry.register(folder / "credit.scoreline")
        app.registry.deploy("credit", "credit")
    return folder / "home"


@contextmanager
def serving(home: Path, folder: Path, **settings: str) -> Iterator[Server]:
    command = ["-m", "scoreline", "serve", "--open", "--home", str(home), "--port", "0", "--json"]
    with running(command, folder, env=environment(**settings)) as server:
        yield server


def worker_of(server: Server) -> int:
    (pid,) = wait_for(lambda: server.workers)
    return int(pid)


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status_of_another(server: Server) -> int:
    """What another connection is answered; 0: it is closed without a word."""
    connection = Connection(server)
    try:
        return connection.ask(SCORE, BODY)[0]
    except ConnectionError:
        return 0
    finally:
        connection.close()


def body_of(n_bytes: int) -> bytes:
    row = json.dumps(LONG_ROW).encode()
    return b"[" + b",".join([row] * (n_bytes // len(row))) + b"]"


def test_large_bodies_beyond_the_memory_for_them_are_refused_and_nobody_else_notices(
    home: Path, tmp_path: Path
) -> None:
    n_idle, n_slow, n_large = 500, 20, 8
    large = body_of(16 * MB)
    with serving(home, tmp_path, SCORELINE_MAX_BODIES_MB="64") as server:
        pid = worker_of(server)
        idle = [Connection(server) for _ in range(n_idle)]
        assert {connection.ask(SCORE, BODY)[0] for connection in idle} == {200}
        before = resident_bytes(pid)
        slow = [Connection(server) for _ in range(n_slow)]
        for connection in slow:
            connection.send(SCORE, b" " * 200_000, whole=False)
            connection.send_body(b" " * 1000)

        def send(_: int) -> tuple[int, dict[bytes, bytes], int]:
            connection = Connection(server)
            connection.send(SCORE, large)
            status, answer = connection.receive()
            connection.close()
            return status, connection.headers, len(json.loads(answer).get("predictions", ()))

        with ThreadPoolExecutor(n_large) as threads:
            answers = list(threads.map(send, range(n_large)))
        assert {(status, n_rows) for status, _, n_rows in answers} == {(200, large.count(b"age")), (503, 0)}
        assert all(headers[b"retry-after"].isdigit() for status, headers, _ in answers if status == 503)

        with Client("http://{}:{}".format(*server.address), retry_seconds=(0.1,) * 50) as client:
            credit = client.deployments["credit"]
            rows = [LONG_ROW] * large.count(b"age")
            with ThreadPoolExecutor(n_large) as threads:
                scored = list(threads.map(lambda _: len(credit.score(rows)), range(n_large // 2)))
        assert scored == [len(rows)] * (n_large // 2)

        for connection in slow:
            connection.send_body(BODY.ljust(199_000))
        assert {connection.receive()[0] for connection in slow} == {200}
        assert {connection.ask(SCORE, BODY)[0] for connection in idle} == {200}
        for connection in [*slow, *idle]:
            connection.close()
        wait_for(lambda: resident_bytes(pid) < before + 64 * MB)


def test_a_connection_too_many_is_told_so_and_let_in_when_another_has_gone(home: Path, tmp_path: Path) -> None:
    with serving(home, tmp_path, SCORELINE_MAX_CONNECTIONS="20") as server:
        kept = [Connection(server) for _ in range(20)]
        assert {connection.ask(SCORE, BODY)[0] for connection in kept} == {200}
        too_many = Connection(server)
        assert too_many.ask(SCORE, BODY)[0] == 503
        assert too_many.headers[b"retry-after"].isdigit()
        assert too_many.headers[b"connection"] == b"close"
        kept.pop().close()
        wait_for(lambda: status_of_another(server) == 200)
        assert {connection.ask(SCORE, BODY)[0] for connection in kept} == {200}


def test_a_server_without_files_left_neither_dies_nor_spins(home: Path, tmp_path: Path) -> None:
    n_files = 64
    with serving(home, tmp_path) as server:
        pid = worker_of(server)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (n_files, n_files))
        kept = []
        for _ in range(2 * n_files):
            connection = Connection(server)
            with contextlib.suppress(ConnectionError):  # too many even to be told so
                if connection.ask(SCORE, BODY)[0] == 200:
                    kept.append(connection)
        assert len(kept) >= n_files // 4
        before, begun = processor_seconds(pid), time.monotonic()
        time.sleep(0.5)
        assert (processor_seconds(pid) - before) / (time.monotonic() - begun) < 0.5
        assert {connection.ask(SCORE, BODY)[0] for connection in kept} == {200}
        for connection in kept:
            connection.close()
        wait_for(lambda: status_of_another(server) == 200)


def test_more_requests_than_may_wait_are_told_to_come_again_and_do(home: Path, tmp_path: Path) -> None:
    large = [LONG_ROW] * 1000
    with serving(home, tmp_path, SCORELINE_MAX_PENDING="2") as server:
        url = "http://{}:{}".format(*server.address)
        with Client(url, retry_seconds=(0.1,) * 50) as client, ThreadPoolExecutor(8) as threads:
            scored = list(threads.map(lambda _: len(client.deployments["credit"].score(large)), range(8)))
        assert scored == [len(large)] * 8
        assert wait_for(lambda: [line for line in server.lines("request") if line.get("error") == "too_many_requests"])


def test_a_server_that_stops_under_load_answers_every_request_that_was_sent(home: Path, tmp_path: Path) -> None:
    with serving(home, tmp_path) as server:
        found: Counter[str] = Counter()
        begun = threading.Barrier(33)

        def ask(connection: Connection) -> None:
            begun.wait(PATIENCE_SECONDS)
            while True:
                try:
                    status, _ = connection.ask(SCORE, BODY)
                except ConnectionError:
                    found["lost"] += 1
                    return
                found[str(status)] += 1
                if connection.headers.get(b"connection") == b"close":
                    found["told that it was the last"] += 1
                    return

        connections = [Connection(server) for _ in range(32)]
        with ThreadPoolExecutor(32) as threads:
            asking = [threads.submit(ask, connection) for connection in connections]
            begun.wait(PATIENCE_SECONDS)
            wait_for(lambda: found["200"] > 500)
            server.process.send_signal(signal.SIGTERM)
            for one in asking:
                one.result()
        assert "lost" not in found
        assert found["told that it was the last"] == 32
        assert set(found) == {"200", "told that it was the last"}
        assert server.process.wait(PATIENCE_SECONDS) == 0
