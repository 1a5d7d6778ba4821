"""The ways of asking one server: over HTTP in every dialect, over gRPC, over Thrift."""

from __future__ import annotations

import http.client
import json
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from benchmarks.loads import Load, Void, load
from benchmarks.shapes import Shape
from benchmarks.ways import Scoreline, write
from benchmarks.worlds import Row, World

NATIVE, ONE_ROW = "native", "native, one row"
N_BODIES = 1000
CLOSEST = 1e-6
"""How far a probability may be from the scoring pipeline's: some dialects write it as float32."""


class Server(NamedTuple):
    """Where the server of a world answers, and the key that it asks for."""

    world: World
    host: str
    port: int
    thrift_port: int
    key: str


class Speaking(Protocol):
    """A dialect, as the load tool speaks it."""

    @property
    def name(self) -> str: ...

    @property
    def beside(self) -> str:
        """The native row that it is held against: one whose rows rotate as its own do."""
        ...

    def ask(self, server: Server, row: Row) -> list[float]:
        """Score one row with a client that is not the load tool; return the probabilities. Raises Void."""
        ...

    def load(self, server: Server, *, n_connections: int, seconds: float, core: int) -> Load:
        """Load the server from a core. Raises Void."""
        ...


class OverHTTP:
    """A dialect of HTTP, loaded by wrk."""

    def __init__(self, shape: Shape, name: str = "", n_bodies: int = N_BODIES) -> None:
        self.name = name or shape.name
        self.beside = NATIVE
        self._shape, self._n_bodies = shape, n_bodies

    def ask(self, server: Server, row: Row) -> list[float]:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
        try:
            headers = {"content-type": "application/json", "authorization": f"Bearer {server.key}"}
            connection.request("POST", self._path(server), write(self._shape.write(row)), headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise Void(f"{self.name}: answered {answer.status}: {content.decode()}")
        return self._shape.read(json.loads(content))

    def load(self, server: Server, *, n_connections: int, seconds: float, core: int) -> Load:
        bodies = server.world.folder / f"{self.name}.jsonl"
        if not bodies.exists():
            rows = server.world.draw(N_BODIES) if self._n_bodies > 1 else server.world.rows[:1]
            bodies.write_bytes(b"\n".join(write(self._shape.write(row)) for row in rows) + b"\n")
        return load(
            f"http://{server.host}:{server.port}{self._path(server)}",
            bodies,
            headers={"authorization": f"Bearer {server.key}"},
            n_connections=n_connections,
            seconds=seconds,
            core=core,
        )

    def _path(self, server: Server) -> str:
        return self._shape.path.format(server.world.name)


class AllPorts(Scoreline):
    """`scoreline serve` with everything on, and every way in."""

    n_rows = (1,)

    def __init__(self, thrift_port: int) -> None:
        self._thrift_port = thrift_port
        self.options = ("--thrift-port", str(thrift_port))

    def reach(self, world: World, url: str) -> Server:
        """Say where it answers, from one of its addresses of HTTP."""
        parts, key = urlsplit(url), self._key(world).read_text()
        return Server(world, str(parts.hostname), int(parts.port or 0), self._thrift_port, key)
