"""Servers as processes: started, asked, stopped for a while, measured, ended."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.figures import Memory
from benchmarks.loads import Void
from benchmarks.ways import ROOT, Way, write
from benchmarks.worlds import Row, World

START_SECONDS = 120
"""How long a server may take to its first answer."""
STOP_SECONDS = 20
POLL_SECONDS = 0.002
CLOSEST = 1e-6
"""How far a probability may be from the scoring pipeline's: some peers compute in double, the graph in float32."""
HOST = "127.0.0.1"
PORTS = range(20_000, 32_000)


class Cores(NamedTuple):
    """Who runs where: the server has the first core, what loads it the last one."""

    all: Sequence[int]

    @property
    def load(self) -> int:
        return self.all[-1]

    def of(self, way: Way) -> str:
        """List the cores of a server, as taskset takes them."""
        return ",".join(map(str, self.all[: way.n_cores]))


class Server:
    """One server for one world."""

    def __init__(self, way: Way, world: World, cores: Cores, folder: Path) -> None:
        self.way, self.world = way, world
        self._log = folder / f"{world.name} {way.name}.log"
        self._port = free_port()
        self.n_answered = 0
        self.start_seconds = 0.0
        """From the start of its process to its first score."""
        self._started = time.perf_counter()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["taskset", "-c", cores.of(way), *way.command(world, self._port)],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=_environment() | way.environment(world),
                start_new_session=True,
            )

    def wait(self) -> float:
        """Wait for its first score; return the seconds since its process was started. Raises Void."""
        while not self._answers():
            if self._process.poll() is not None or time.perf_counter() - self._started > START_SECONDS:
                raise Void(f"{self.way.name} did not start\n{self._tail()}")
            time.sleep(POLL_SECONDS)
        return time.perf_counter() - self._started

    def url(self, n_rows: int) -> str:
        return f"http://{HOST}:{self._port}{self.way.path(self.world, n_rows)}"

    @property
    def headers(self) -> dict[str, str]:
        """What requests to it say besides their content type."""
        return self.way.headers(self.world)

    def ask(self, rows: Sequence[Row]) -> list[float]:
        """Score rows. Raises OSError, or Void when the answer is an error."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=START_SECONDS)
        try:
            path, body = self.way.path(self.world, len(rows)), write(self.way.body(rows))
            connection.request("POST", path, body, {"content-type": "application/json", **self.headers})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise Void(f"{self.way.name} answered {answer.status}: {content.decode()}\n{self._tail()}")
        self.n_answered += 1
        document: Any = json.loads(content)
        return self.way.probabilities(document)

    def check(self) -> None:
        """Compare its answers with the scoring pipeline's. Raises Void where they differ."""
        for n_rows in self.way.n_rows:
            for first in (0, 1, 2):
                asked = self.world.rows[first : first + n_rows]
                expected = self.world.expected(self.world.rows[:1] if self.way.name == "constant" else asked)
                answered = self.ask(asked)
                if len(answered) != len(expected) or abs(expected - answered).max() > CLOSEST:
                    raise Void(f"{self.way.name}: {self.world.name}: answered {answered}, expected {expected.tolist()}")

    def pause(self) -> None:
        """Stop its processes, once it has answered everything: it must not disturb the one that is measured."""
        self.ask(self.world.rows[:1])
        os.killpg(self._process.pid, signal.SIGSTOP)
        os.truncate(self._log, 0)

    def resume(self) -> None:
        os.killpg(self._process.pid, signal.SIGCONT)

    def processor_seconds(self) -> float:
        """Sum what its processes have used of the processor, and the kernel for them."""
        return sum(map(_processor_seconds, self._processes().values()))

    def memory(self) -> tuple[Memory, ...]:
        """Measure what each of its processes holds, the largest first."""
        found = []
        for process, fields in self._processes().items():
            lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
            kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith("kB")}
            found.append(
                Memory(
                    process_id=process,
                    rss_bytes=kilobytes["Rss"] * 1024,
                    pss_bytes=kilobytes["Pss"] * 1024,
                    processor_seconds=_processor_seconds(fields),
                )
            )
        return tuple(sorted(found, key=lambda memory: -memory.rss_bytes))

    def pids(self) -> list[int]:
        """Name its processes."""
        return list(self._processes())

    def end(self) -> None:
        """End its processes, all of them."""
        for number in (signal.SIGCONT, signal.SIGTERM):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _answers(self) -> bool:
        try:
            self.ask(self.world.rows[:1])
        except (OSError, http.client.HTTPException):
            return False
        return True

    def _tail(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-4000:]

    def _processes(self) -> dict[int, list[str]]:
        """Process id → fields of its ``stat`` behind the name, for every process of the session that it leads."""
        found = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                if int(fields[3]) == self._process.pid:
                    found[int(path.parent.name)] = fields
        return found


@contextlib.contextmanager
def serving(way: Way, world: World, cores: Cores, folder: Path) -> Iterator[Server]:
    """Start a server and wait for its first score; end it on leaving. Raises Void when it does not answer."""
    server = Server(way, world, cores, folder)
    try:
        server.start_seconds = server.wait()
        yield server
    finally:
        server.end()


def _processor_seconds(fields: Sequence[str]) -> float:
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _environment() -> dict[str, str]:
    """Return what servers inherit: no settings of ours, and nothing that keeps Python from keeping what it compiled."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SCORELINE_", "PYTHON"))}


def free_port() -> int:
    """Find a port that no connection is given as its own: one that asks before the server listens could meet itself."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as listening, contextlib.suppress(OSError):
            listening.bind((HOST, port))
            return port
