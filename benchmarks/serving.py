"""Requests a second and latency of every server, under one load at a time, in turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Cell, Rate
from benchmarks.loads import Load, load
from benchmarks.servers import Cores, Server, serving
from benchmarks.ways import Way, write
from benchmarks.worlds import World

N_BODIES = {1: 1000, 100: 50}
"""Different requests of a load, by the rows of each."""
WARM_SECONDS = 1
Round = tuple[float, float, float, float]
"""Requests a second, p50, p99, processor seconds of a request."""


class Plan(NamedTuple):
    """One load to measure."""

    n_rows: int
    n_connections: int
    rounds: int
    seconds: int


def plan(seconds: int, rounds: int, *, quick: bool) -> list[Plan]:
    """List the loads; the bars are about the first two. Slow servers need seconds to answer 256 large requests once."""
    if quick:
        return [Plan(1, 32, rounds, seconds), Plan(1, 1, rounds, seconds), Plan(100, 32, 1, 2 * seconds)]
    return [
        Plan(1, 32, rounds, seconds),
        Plan(1, 1, max(rounds - 2, 1), seconds),
        Plan(1, 256, 2, seconds),
        Plan(100, 32, 2, seconds),
        Plan(100, 1, 1, seconds),
        Plan(100, 256, 1, 2 * seconds),
    ]


def measure(
    world: World, ways: Sequence[Way], plans: Sequence[Plan], cores: Cores, tell: Callable[[str], None]
) -> Iterator[Cell]:
    """Start every server, check its scores, and load them in turns: the others are stopped meanwhile.

    Raises Void when a server scores wrongly or a request fails.
    """
    with ExitStack() as stack:
        servers = []
        for way in ways:
            tell(f"{world.name}: starting {way.name}")
            way.prepare(world)
            server = stack.enter_context(serving(way, world, cores, world.folder))
            server.check()
            _load(server, Plan(1, 1, 1, WARM_SECONDS), cores)
            server.pause()
            servers.append(server)
        for one in plans:
            tell(f"{world.name}: {one.n_rows} rows a request, {one.n_connections} connections")
            yield _cell(world, one, [server for server in servers if one.n_rows in server.way.n_rows], cores)
    for server in servers:
        server.way.verify(world, server.n_answered)


def _cell(world: World, one: Plan, servers: Sequence[Server], cores: Cores) -> Cell:
    rounds: dict[str, list[Round]] = {server.way.name: [] for server in servers}
    for _ in range(one.rounds):
        for server in servers:
            server.resume()
            before = server.processor_seconds()
            found = _load(server, one, cores)
            busy = (server.processor_seconds() - before) / found.n_requests
            server.pause()
            rounds[server.way.name].append((found.requests_per_second, found.p50_seconds, found.p99_seconds, busy))
    return Cell(
        world=world.name,
        n_rows=one.n_rows,
        n_connections=one.n_connections,
        seconds=one.seconds,
        rates={name: _rate(found) for name, found in rounds.items()},
    )


def _load(server: Server, one: Plan, cores: Cores) -> Load:
    bodies = write_bodies(server.way, server.world, one.n_rows)
    url = server.url(one.n_rows)
    found = load(
        url,
        bodies,
        headers=server.headers,
        n_connections=one.n_connections,
        seconds=one.seconds,
        core=cores.load,
    )
    server.n_answered += found.n_requests
    return found


def _rate(rounds: list[Round]) -> Rate:
    rates, p50, p99, busy = zip(*rounds, strict=True)
    return Rate(
        requests_per_second=statistics.median(rates),
        p50_seconds=statistics.median(p50),
        p99_seconds=statistics.median(p99),
        processor_seconds=statistics.median(busy),
        rounds=rates,
    )


def write_bodies(way: Way, world: World, n_rows: int) -> Path:
    """Write the requests of a load, one a line, once; return where they are."""
    path = world.folder / f"{way.name} {n_rows}.jsonl"
    if not path.exists():
        rows = world.draw(N_BODIES[n_rows] * n_rows)
        requests = [write(way.body(rows[i : i + n_rows])) for i in range(0, len(rows), n_rows)]
        path.write_bytes(b"\n".join(requests) + b"\n")
    return path
