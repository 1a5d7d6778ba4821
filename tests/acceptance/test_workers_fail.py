"""Workers that crash, hang or never start, and what runs beside them: another application, served in the same way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.processes import PATIENCE_SECONDS, Connection, Server, environment, gone, running, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")

PROGRAM = """
import contextlib, json, os, pathlib, sys, time
from scoreline.core.errors import Unavailable
from scoreline.web.logs import log_to_stderr
from scoreline.web.server import bind
from scoreline.web.workers import SideProcess, serve

folder = pathlib.Path(sys.argv[1])

@contextlib.contextmanager
def application(worker):
    if (folder / "broken").exists():
        raise Unavailable("the table is locked", hint="unlock it")

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["path"] == "/hang":
            time.sleep(1000)
        if scope["path"] == "/crash":
            os.abort()
        body = worker.id.encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    yield app
    with (folder / "closed").open("a") as file:
        file.write(worker.id + "\\n")

def beside(stop):
    with (folder / "beside").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    stop.wait()
    (folder / "beside ended").touch()

def died(pid):
    with (folder / "dead").open("a") as file:
        file.write(f"{pid}\\n")

if "alone" in sys.argv:
    del os.fork
log_to_stderr("json")
serve(
    application, bind(port=0), n_workers=1 if "alone" in sys.argv else 2, stuck_seconds=0.5, died=died,
    sides=[SideProcess("compactor", beside)], ready=lambda url: print(json.dumps({"url": url}, indent=0), flush=True),
)
"""


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Server]:
    with running(["-c", PROGRAM, str(folder), *arguments], folder, env=environment()) as server:
        yield server


def written(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def slot(name: bytes) -> str:
    """``w1-…`` → ``worker 1``."""
    return "worker " + name.decode().partition("-")[0].removeprefix("w")


def test_a_worker_that_hangs_or_crashes_is_replaced_and_its_stack_is_in_the_log(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        for n_deaths, path in enumerate(("/hang", "/crash"), 1):
            connection = Connection(server)
            name = connection.ask("/")[1]
            connection.send(path)
            with pytest.raises(ConnectionError):
                connection.receive()
            death = wait_for(lambda n=n_deaths: len(server.lines("died")) == n and server.lines("died")[-1])
            assert (death["process"], death["ended"]) == (slot(name), "killed by SIGABRT")
            assert " in app" in death["stack"]
            assert str(death["pid"]) in name.decode()
        (stuck,) = server.lines("is stuck: its event loop has not turned for 0.5 s")
        assert stuck["level"] == "error"
        assert written(tmp_path / "dead") == [str(line["pid"]) for line in server.lines("died")]
        both = {"worker 0", "worker 1"}
        wait_for(lambda: {slot(Connection(server).ask("/")[1]) for _ in range(40)} == both)
    assert {slot(name.encode()) for name in written(tmp_path / "closed")} == both


def test_what_runs_beside_the_workers_is_kept_alive_and_ends_with_the_server(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        wait_for(lambda: written(tmp_path / "beside"))
        os.kill(int(written(tmp_path / "beside")[0]), signal.SIGKILL)
        wait_for(lambda: len(written(tmp_path / "beside")) == 2)
        (death,) = wait_for(lambda: server.lines("died"))
        assert (death["process"], death["ended"]) == ("compactor", "killed by SIGKILL")
        assert not (tmp_path / "beside ended").exists()
        second = int(written(tmp_path / "beside")[1])
        server.process.kill()
        wait_for(lambda: (tmp_path / "beside ended").exists() and gone({second}))
    assert written(tmp_path / "dead") == []


def test_workers_that_never_start_are_tried_with_growing_pauses_and_then_given_up(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE_SECONDS,
    )
    assert "Unavailable: no worker could start" in ended.stderr
    told = [line for line in ended.stderr.splitlines() if "worker 0" in line]
    assert all("before it was ready (exit status 1): the table is locked (unlock it)" in line for line in told)
    places = [line.partition("takes its place ")[2].partition('"')[0] for line in told]
    assert places == ["at once", "in 0.5 s", "in 1 s", "in 2 s"]


def test_where_nothing_can_fork_one_process_does_all_of_it(tmp_path: Path) -> None:
    with serving(tmp_path, "alone") as server:
        assert server.workers == set()
        assert Connection(server).ask("/")[1].decode().startswith(f"w0-{server.process.pid}-")
        wait_for(lambda: written(tmp_path / "beside"))
    assert server.process.returncode == 0
    assert (tmp_path / "beside ended").exists()
    assert len(written(tmp_path / "closed")) == 1
