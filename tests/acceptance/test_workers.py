"""`scoreline serve --workers N`: processes that are killed, told to end and left alone."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts import ROWS, tiny_artifact
from tests.processes import PATIENCE_SECONDS, Connection, Server, environment, gone, running, wait_for

from scoreline.app.settings import Settings, open_app

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")

SCORE = "/api/v1/deployments/credit/score"
BODY = json.dumps(ROWS).encode()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workers")
    tiny_artifact(folder / "credit.scoreline")
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        app.registry.register(folder / "credit.scoreline")
        app.registry.deploy("credit", "credit")
    return folder / "home"


@contextmanager
def serving(home: Path, folder: Path, n_workers: int = 2, **options: Any) -> Iterator[Server]:
    where = ("--home", str(home), "--port", "0")
    command = ["-m", "scoreline", "serve", "--open", *where, "--json", "--workers", str(n_workers)]
    with running(command, folder, env=environment(), **options) as server:
        yield server


def accepted(server: Server, n: int = 1) -> list[Connection]:
    """Connections with a request each whose body is still to come."""
    connections = [Connection(server) for _ in range(n)]
    for connection in connections:
        connection.send(SCORE, BODY, "expect: 100-continue", whole=False)
    assert [connection.receive()[0] for connection in connections] == [100] * n
    return connections


def n_threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def finished(connections: list[Connection]) -> list[int]:
    for connection in connections:
        connection.send_body(BODY)
    return [connection.receive()[0] for connection in connections]


@pytest.fixture(scope="module")
def two_workers(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for the tests that leave it as they found it, but for other workers."""
    with serving(home, tmp_path_factory.mktemp("server")) as server:
        yield server


def death(server: Server, pid: int) -> dict[str, Any]:
    """What the log says of it, once another has taken the place."""
    (line,) = wait_for(lambda: [line for line in server.lines("died") if line["pid"] == pid])
    wait_for(lambda: len(server.workers) == 2 and pid not in server.workers)
    return line


def test_a_killed_worker_is_replaced_and_the_connections_of_the_others_do_not_notice(two_workers: Server) -> None:
    connections = [Connection(two_workers) for _ in range(10)]
    workers = [connection.worker(SCORE, BODY) for connection in connections]
    victim = min(two_workers.workers)
    statuses: list[list[int]] = [[] for _ in connections]
    cut: set[int] = set()
    stop = threading.Event()

    def load(i: int) -> None:
        connection = connections[i]
        while not stop.is_set():
            try:
                statuses[i].append(connection.ask(SCORE, BODY)[0])
            except OSError:
                cut.add(i)
                connection = Connection(two_workers)

    def many_more() -> None:
        before = [len(found) for found in statuses]
        wait_for(lambda: all(len(found) > n + 3 for found, n in zip(statuses, before, strict=True)))

    threads = [threading.Thread(target=load, args=(i,)) for i in range(len(connections))]
    for thread in threads:
        thread.start()
    try:
        many_more()
        os.kill(victim, signal.SIGKILL)
        died = death(two_workers, victim)
        many_more()
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert {status for found in statuses for status in found} == {200}
    assert died["ended"] == "killed by SIGKILL"
    assert died["deaths"] >= 1
    slot = int(died["process"].removeprefix("worker "))
    assert cut <= {i for i, worker in enumerate(workers) if worker == slot}


def test_what_no_worker_has_accepted_waits_for_the_one_that_takes_its_place(two_workers: Server) -> None:
    victim = min(two_workers.workers)
    os.kill(victim, signal.SIGSTOP)
    connections = [Connection(two_workers) for _ in range(32)]
    for connection in connections:
        connection.send(SCORE, BODY)
    os.kill(victim, signal.SIGKILL)
    assert [connection.receive()[0] for connection in connections] == [200] * len(connections)
    assert {connection.worker(SCORE, BODY) for connection in connections} == {0, 1}


def test_the_worker_with_the_fewest_connections_gets_the_new_ones(two_workers: Server) -> None:
    kept = [Connection(two_workers) for _ in range(24)]
    found = [connection.worker(SCORE, BODY) for connection in kept]
    victim = min(two_workers.workers)
    os.kill(victim, signal.SIGKILL)
    new = int(death(two_workers, victim)["process"].removeprefix("worker "))
    n_more = len(found) - found.count(new)
    wait_for(lambda: Connection(two_workers).worker(SCORE, BODY) == new)
    kept += (more := [Connection(two_workers) for _ in range(n_more)])
    assert [connection.worker(SCORE, BODY) for connection in more].count(new) >= n_more - 2


def test_sigterm_ends_all_workers_after_they_have_finished_what_they_accepted(home: Path, tmp_path: Path) -> None:
    with serving(home, tmp_path) as server:
        workers, connections = server.workers, accepted(server, 12)
        assert n_threads(server.process.pid) == 1  # with more, a fork may copy a lock that is held
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not server.listens())
        assert finished(connections) == [200] * len(connections)
        assert server.process.wait(PATIENCE_SECONDS) == 0
        assert gone(workers)
        assert server.lines("died") == []


def test_a_worker_that_alone_is_told_to_end_finishes_and_is_replaced_meanwhile(home: Path, tmp_path: Path) -> None:
    with serving(home, tmp_path, n_workers=1) as server:
        (old,) = wait_for(lambda: len(server.workers) == 1 and server.workers)
        connections = accepted(server)
        os.kill(old, signal.SIGTERM)
        (new,) = wait_for(lambda: server.workers - {old})
        assert Connection(server).ask(SCORE, BODY)[0] == 200
        assert finished(connections) == [200]
        wait_for(lambda: server.workers == {new})
        assert server.lines("died") == []


def test_a_supervisor_that_is_killed_leaves_no_worker_and_no_answer_behind(home: Path, tmp_path: Path) -> None:
    with serving(home, tmp_path) as server:
        workers, connections = server.workers, accepted(server, 4)
        server.process.kill()
        server.process.wait(PATIENCE_SECONDS)
        wait_for(lambda: not server.listens())
        assert finished(connections) == [200] * len(connections)
        wait_for(lambda: gone(workers))


def test_ctrl_c_in_a_terminal_finishes_and_a_second_one_does_not(home: Path, tmp_path: Path) -> None:
    for n_presses, status in ((1, 0), (2, 130)):
        terminal, side = pty.openpty()

        def control(side: int = side) -> None:
            fcntl.ioctl(side, termios.TIOCSCTTY, 0)

        options = {"stdin": side, "start_new_session": True, "preexec_fn": control}
        with serving(home, tmp_path, **options) as server:
            connections = accepted(server, 4)
            os.write(terminal, b"\x03")
            wait_for(lambda server=server: not server.listens())
            if n_presses == 1:
                assert finished(connections) == [200] * len(connections)
            else:
                os.write(terminal, b"\x03")
            assert server.process.wait(PATIENCE_SECONDS) == status
        os.close(side)
        os.close(terminal)
