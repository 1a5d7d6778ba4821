"""`scoreline serve` as a process of its own, while the registry changes under it from another."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.artifacts import ROWS, tiny_artifact
from tests.processes import PATIENCE_SECONDS, environment, first_document, wait_for

from scoreline.app.settings import App, Settings, open_app
from scoreline.client import Client
from scoreline.core.errors import NotFound
from scoreline.scoring.pipeline import load


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as opened:
        yield opened


def register(app: App, folder: Path, weight: float) -> list[dict[str, object]]:
    """Register another version of `credit`; gives what it must answer for ROWS."""
    file = folder / f"{weight}.scoreline"
    tiny_artifact(file, weight=weight)
    app.registry.register(file)
    return load(file).score(ROWS).records()


def command(app: App, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "scoreline", "serve", "--open", "--home", str(app.home), *arguments]


@contextmanager
def serving(app: App, **settings: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server process and its URL."""
    process = subprocess.Popen(
        command(app, "--port", "0", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(**settings),
    )
    try:
        yield first_document(process)["url"], process
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def test_deploying_and_undeploying_need_no_restart(app: App, tmp_path: Path) -> None:
    register(app, tmp_path, 0.001)
    with serving(app) as (url, _), Client(url) as client:
        with pytest.raises(NotFound, match="scoreline deploy"):
            client.deployments["credit"].score(ROWS)
        app.registry.deploy("credit", "credit")
        wait_for(lambda: "credit" in client.deployments)
        assert len(client.deployments["credit"].score(ROWS)) == len(ROWS)
        app.registry.undeploy("credit")
        wait_for(lambda: "credit" not in client.deployments)


def test_a_version_that_cannot_be_loaded_leaves_the_one_before_in_place(app: App, tmp_path: Path) -> None:
    wanted = register(app, tmp_path, 0.001)
    app.registry.deploy("credit", "credit")
    with serving(app) as (url, _), Client(url) as client:
        credit = client.deployments["credit"]
        register(app, tmp_path, 0.002)
        app.registry.artifact(app.registry.resolve("credit", "2").digest).write_bytes(b"PK\x03\x04")
        app.registry.promote("credit", 2)
        wait_for(lambda: credit.state()["status"] == "held")
        assert "version 2 of `credit` cannot be loaded" in credit.state()["reason"]
        answer = credit.score(ROWS)
        assert (answer.version, answer) == (1, wanted)
        assert client.request("GET", "/health/ready")["deployments"]["credit"]["status"] == "held"


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_stopped_finishes_what_it_accepted(app: App, tmp_path: Path, number: signal.Signals) -> None:
    register(app, tmp_path, 0.001)
    app.registry.deploy("credit", "credit")
    body = json.dumps(ROWS).encode()
    head = f"POST /api/v1/deployments/credit/score HTTP/1.1\r\nhost: here\r\ncontent-length: {len(body)}\r\n"
    with serving(app) as (url, process):
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        with socket.create_connection(address, PATIENCE_SECONDS) as accepted:
            accepted.sendall(head.encode() + b"expect: 100-continue\r\n\r\n")
            assert accepted.recv(1000).startswith(b"HTTP/1.1 100")
            process.send_signal(number)
            wait_for(lambda: not _listens(address))
            accepted.sendall(body)
            answer = accepted.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 200")
        assert len(json.loads(answer.partition(b"\r\n\r\n")[2])["predictions"]) == len(ROWS)
        assert process.wait(PATIENCE_SECONDS) == 0


def _listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, PATIENCE_SECONDS).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_taken_port_ends_the_command_with_a_sentence(app: App) -> None:
    with serving(app) as (url, _):
        port = url.rpartition(":")[2]
        second = subprocess.run(
            command(app, "--port", port),
            check=False,
            capture_output=True,
            text=True,
            env=environment(),
            timeout=PATIENCE_SECONDS,
        )
    assert second.returncode == 3
    assert f"port {port} of 127.0.0.1 is taken" in " ".join(second.stderr.split())
    assert "Traceback" not in second.stderr


def post(rows: object, *headers: str, version: str = "1.1") -> bytes:
    """A score request as it stands on the wire."""
    body = json.dumps(rows).encode()
    lines = ["POST /api/v1/deployments/credit/score HTTP/" + version, "host: here", *headers]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def connected(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), PATIENCE_SECONDS)


@pytest.mark.parametrize("fast_lane", ["on", "off"])
def test_both_ways_answer_old_clients_and_such_as_close_their_side(app: App, tmp_path: Path, fast_lane: str) -> None:
    wanted = register(app, tmp_path, 0.001)
    app.registry.deploy("credit", "credit")
    with serving(app, SCORELINE_FAST_LANE=fast_lane) as (url, _):
        for version in ("1.0", "1.1"):
            with connected(url) as caller:
                caller.sendall(post(ROWS, "connection: close", version=version))
                if fast_lane == "on":
                    caller.shutdown(socket.SHUT_WR)
                head, _, body = caller.makefile("rb").read().partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert b"connection: close" in head
            assert json.loads(body)["predictions"] == wanted


def test_a_caller_that_does_not_read_holds_up_nobody_and_loses_nothing(app: App, tmp_path: Path) -> None:
    wanted = register(app, tmp_path, 0.001)
    app.registry.deploy("credit", "credit")
    sent = post(ROWS * 200)
    with serving(app) as (url, _), connected(url) as deaf, connected(url) as other:
        deaf.setblocking(False)
        n_bytes = 0
        deadline = time.monotonic() + PATIENCE_SECONDS
        refused_since = time.monotonic()
        while time.monotonic() - refused_since < 0.5:  # the server reads no more, and the kernel's buffers are full
            assert time.monotonic() < deadline, "the server reads without end"
            try:
                n_bytes += deaf.send((sent * 20)[n_bytes % len(sent) :])
                refused_since = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
        n_requests = n_bytes // len(sent)
        assert n_requests > 10
        other.sendall(post(ROWS, "connection: close"))
        assert json.loads(other.makefile("rb").read().partition(b"\r\n\r\n")[2])["predictions"] == wanted
        deaf.setblocking(True)
        deaf.settimeout(PATIENCE_SECONDS)
        with deaf.makefile("rb") as answers:
            for _ in range(n_requests):
                assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
                headers = dict(line.split(b": ") for line in iter(answers.readline, b"\r\n"))
                body = answers.read(int(headers[b"content-length"]))
                assert json.loads(body)["predictions"] == wanted * 200
