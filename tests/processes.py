"""Servers as processes of their own, for tests that kill them: their workers, their logs, connections to them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 30.0


class Server:
    """A process that serves, its workers and its log."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log
        document = first_document(process)
        self.address = ("127.0.0.1", int(str(document["url"]).rpartition(":")[2]))

    @property
    def workers(self) -> set[int]:
        """The processes that answer now; what works beside them is nice."""
        pid = self.process.pid
        children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return {child for child in children if niceness(child) == niceness(pid)}

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The lines of the log about ``event`` that are written so far."""
        whole = self.log.read_text().rpartition("\n")[0].splitlines()
        return [line for text in whole if event in (line := json.loads(text))["event"]]

    def listens(self) -> bool:
        try:
            socket.create_connection(self.address, PATIENCE_SECONDS).close()
        except ConnectionRefusedError:
            return False
        return True


class Connection:
    """A connection that is kept, to whichever worker has accepted it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._socket = socket.create_connection(server.address, PATIENCE_SECONDS)
        self._answers = self._socket.makefile("rb")
        self.headers: dict[bytes, bytes] = {}
        """Those of the last answer."""

    def send(self, path: str, body: bytes = b"", *headers: str, whole: bool = True) -> None:
        """Send a request; its headers only, where it is not to be ``whole`` yet."""
        lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", "host: here", *headers]
        head = "\r\n".join([*lines, f"content-length: {len(body)}", "", ""])
        self._socket.sendall(head.encode() + (body if whole else b""))

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def send_body(self, body: bytes) -> None:
        self._socket.sendall(body)

    def receive(self) -> tuple[int, bytes]:
        """Read status and body of an answer. Raises ConnectionError when it ends before."""
        first = self._answers.readline()
        if not first.endswith(b"\n"):
            raise ConnectionResetError("no answer")
        self.headers = dict(line.lower().rstrip().split(b": ", 1) for line in iter(self._answers.readline, b"\r\n"))
        n_bytes = int(self.headers.get(b"content-length", b"0"))
        body = self._answers.read(n_bytes)
        if len(body) < n_bytes:
            raise ConnectionResetError("half an answer")
        return int(first.split()[1]), body

    def ask(self, path: str, body: bytes = b"", *headers: str) -> tuple[int, bytes]:
        self.send(path, body, *headers)
        return self.receive()

    def worker(self, path: str, body: bytes = b"") -> int:
        """Ask, and find in the log which worker has answered."""
        name = f"{id(self)}-{time.monotonic_ns()}"
        self.ask(path, body, f"x-request-id: {name}")
        told = wait_for(lambda: [line for line in self._server.lines("request") if line["request_id"] == name])
        return int(told[0]["worker"])


def niceness(pid: int) -> int | None:
    """How far behind others a process stands; None: it has ended."""
    try:
        return os.getpriority(os.PRIO_PROCESS, pid)
    except ProcessLookupError:
        return None


def first_document(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The one JSON document that a command prints, as soon as it is whole."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line.startswith("}"):
            break
    document: dict[str, Any] = json.loads(text)
    return document


def wait_for(told: Callable[[], Any]) -> Any:
    """Ask until the answer is true or not empty, and return it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := told()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


def gone(pids: set[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def environment(**more: str) -> dict[str, str]:
    """This process's, without settings of Scoreline but those given, and with its import path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCORELINE_")}
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)} | more


@contextmanager
def running(command: Sequence[str], folder: Path, **options: Any) -> Iterator[Server]:
    """Start a server, end it, and see that nothing of it is left."""
    log = folder / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, stderr=stderr, text=True, **options
        )
    try:
        server = Server(process, log)
        workers = server.workers
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
    wait_for(lambda: gone(workers))
