from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scoreline.core.errors import Conflict, Unavailable
from scoreline.web.logs import JsonLines, TextLines
from scoreline.web.server import bind
from scoreline.web.workers import usable_cores
from scoreline.web.workers.balance import Balance
from scoreline.web.workers.child import Child, Voice, fork
from scoreline.web.workers.post import Post
from scoreline.web.workers.share import PLAIN
from scoreline.web.workers.sockets import Sockets
from scoreline.web.workers.watch import Watch

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
linux = pytest.mark.skipif(sys.platform != "linux", reason="SO_REUSEPORT deals connections out on Linux only")


def accepted(listening: socket.socket) -> int:
    n = 0
    while True:
        try:
            listening.accept()[0].close()
        except BlockingIOError:
            return n
        n += 1


def connected(address: tuple[str, int], n: int) -> list[socket.socket]:
    return [socket.create_connection(address) for _ in range(n)]


@linux
def test_connections_are_dealt_out_among_the_workers() -> None:
    sockets = Sockets(first := bind(port=0), 3)
    callers = connected(first.getsockname(), 90)
    found = [accepted(sockets.of(slot)) for slot in range(3)]
    assert sum(found) == len(callers)
    assert min(found) > 5  # 30 each on average; that few are 1 in 10^12
    sockets.close()


@linux
def test_no_connection_waits_for_a_worker_that_is_shut_out_until_it_comes_back() -> None:
    sockets = Sockets(first := bind(port=0), 2)
    address = first.getsockname()
    sockets.shut(0)
    callers = connected(address, 20)
    assert accepted(sockets.of(1)) == len(callers)
    again = sockets.of(0)
    callers = connected(address, 60)
    assert min(accepted(again), accepted(sockets.of(1))) > 0
    sockets.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


@linux
def test_an_address_that_workers_share_is_taken_for_everybody_else() -> None:
    sockets = Sockets(first := bind(port=0), 2)
    with pytest.raises(Conflict, match="is taken by another program"):
        bind(port=first.getsockname()[1])
    sockets.close()


@linux
def test_an_address_that_another_program_would_share_is_taken() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Conflict, match="is taken by another program"):
            bind(port=other.getsockname()[1])


def test_where_sockets_cannot_be_dealt_to_all_workers_have_one() -> None:
    sockets = Sockets(first := bind(port=0), 2, own=False)
    sockets.shut(0)
    assert sockets.of(0) is sockets.of(1) is first
    assert sockets.keep(1) is first
    first.close()


@forks
def test_a_connection_goes_to_the_worker_that_has_the_fewest_of_those_that_are_there() -> None:
    balance = Balance(3)
    balance.counts[0], balance.counts[2] = 5, 4
    assert balance.fewest() == 2
    balance.leave(2)
    assert balance.fewest() == 0
    caller, connection = socket.socketpair()
    assert balance.hand_over(connection.fileno(), 0, PLAIN)
    assert balance.counts[0] == 6
    connection.close()
    _, (descriptor,), _, _ = socket.recv_fds(balance.inbox(0), 1, 1)
    with socket.socket(fileno=descriptor) as arrived:
        arrived.sendall(b"hello")
    assert caller.recv(100) == b"hello"
    caller.close()
    balance.close()
    assert not balance.hand_over(0, 0, PLAIN)


def test_cores_are_those_of_the_container(tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    everywhere = usable_cores(quota)
    assert 1 <= everywhere <= (os.cpu_count() or 1)
    for text, cores in (("max 100000", everywhere), ("150000 100000", 1), ("50000 100000", 1)):
        quota.write_text(text)
        assert usable_cores(quota) == cores


@pytest.fixture
def children() -> Iterator[Callable[[Callable[[Voice], None]], Child]]:
    """Forks, and leaves nobody behind."""
    born: list[Child] = []

    def make(life: Callable[[Voice], None]) -> Child:
        born.append(fork(life))
        return born[-1]

    yield make
    for child in born:
        if child.pipes:
            child.send(signal.SIGKILL)
            os.waitpid(child.pid, 0)
            child.close()


def end_of(child: Child) -> int:
    code = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
    child.listen()
    child.close()
    return code


def wait_for_ever(voice: Voice) -> None:
    voice.ready()
    time.sleep(1000)


def heard(child: Child) -> Child:
    while child.ready_at is None:
        child.listen()
    return child


def refuse(_: Voice) -> None:
    raise Unavailable("the table is locked", hint="unlock it")


@forks
def test_a_child_ends_with_its_life_and_says_why_it_failed(children: Callable[..., Child]) -> None:
    assert end_of(children(lambda voice: None)) == 0
    refused = children(refuse)
    assert end_of(refused) == 1
    assert refused.last_words == "the table is locked (unlock it)"
    wrong = children(lambda voice: [].pop())
    assert end_of(wrong) == 1
    assert wrong.last_words.endswith("IndexError: pop from empty list")
    crashed = heard(children(wait_for_ever))
    crashed.send(signal.SIGABRT)
    assert end_of(crashed) == -signal.SIGABRT
    assert "wait_for_ever" in crashed.last_words


@forks
def test_a_child_leaves_ctrl_c_to_its_parent(children: Callable[..., Child]) -> None:
    child = heard(children(wait_for_ever))
    child.send(signal.SIGINT)
    child.send(signal.SIGTERM)
    assert end_of(child) == -signal.SIGTERM


@forks
def test_who_is_silent_for_long_is_aborted_unless_everybody_slept(children: Callable[..., Child]) -> None:
    now = 0.0
    watch = Watch(30.0, clock=lambda: now)
    post, child = Post("worker 0", wait_for_ever, slot=0), heard(children(wait_for_ever))
    now += 3600
    watch.look([(post, child)])
    assert not child.aborted
    for _ in range(29):
        now += 1
        watch.look([(post, child)])
    assert child.aborted
    assert end_of(child) == -signal.SIGABRT


@forks
def test_any_silence_is_allowed_where_none_is_too_long(children: Callable[..., Child]) -> None:
    now = 0.0
    watch = Watch(0.0, clock=lambda: now)
    post, child = Post("worker 0", wait_for_ever, slot=0), heard(children(wait_for_ever))
    for _ in range(100):
        now += 1
        watch.look([(post, child)])
    assert not child.aborted


@forks
def test_who_dies_at_the_start_is_replaced_with_growing_pauses_and_who_lived_at_once(
    children: Callable[..., Child], caplog: pytest.LogCaptureFixture
) -> None:
    post = Post("worker 3", refuse, slot=3)
    now, pauses = 1000.0, []
    for _ in range(9):
        post.child = children(refuse)
        code = end_of(post.child)
        post.lost(post.child, code, now, asked=False)
        pauses.append(post.due_at - now)
    assert pauses == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]
    assert (
        caplog.records[8]
        .getMessage()
        .endswith(
            "died before it was ready (exit status 1): the table is locked (unlock it);"
            " death number 9, another takes its place in 30 s"
        )
    )
    for lived_seconds, pause in ((0.8, 0.5), (1.2, 0)):
        post.child = heard(children(wait_for_ever))
        post.child.send(signal.SIGKILL)
        code, now = end_of(post.child), (post.child.ready_at or 0.0) + lived_seconds
        post.lost(post.child, code, now, asked=False)
        assert post.due_at == now + pause
    assert "died (killed by SIGKILL); death number 10, another takes its place in 0.5 s" in caplog.text
    assert "died (killed by SIGKILL); death number 11, another takes its place at once" in caplog.text


def test_every_line_of_the_log_says_which_worker_wrote_it() -> None:
    record = logging.LogRecord("scoreline.web", logging.INFO, "", 1, "loaded", None, None)
    machines, people = JsonLines(), TextLines()
    assert "worker" not in json.loads(machines.format(record))
    machines.worker = people.worker = 1
    assert json.loads(machines.format(record))["worker"] == 1
    assert people.format(record).endswith(" worker 1: loaded")


def test_a_stack_is_a_member_of_the_line_for_machines_and_follows_it_for_people() -> None:
    record = logging.LogRecord("scoreline.workers", logging.WARNING, "", 1, "worker 1 died", None, None)
    record.about = {"pid": 4711, "stack": "Thread 1:\n  File"}
    assert json.loads(JsonLines().format(record))["stack"] == "Thread 1:\n  File"
    assert TextLines().format(record).endswith(" worker 1 died\nThread 1:\n  File")


@linux
def test_what_the_supervisor_loads_starts_no_thread() -> None:
    code = (
        "import os, scoreline.app.settings, scoreline.registry, scoreline.storage.metadata, scoreline.web.app\n"
        "import scoreline.web.workers.worker as worker; worker.preload(); print(len(os.listdir('/proc/self/task')))"
    )
    environment = os.environ | {
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert ran.stdout.strip() == "1"
