"""Requests a second and latency of every server, under one load at a time, in turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Cell, Rate
from benchmarks.loads import load
from benchmarks.servers import Cores, Server, serving
from benchmarks.ways import Way, write
from benchmarks.worlds import World

N_BODIES = {1: 1000, 100: 50}
"""Different requests of a load, by the rows of each."""
WARM_SECONDS = 1


class Plan(NamedTuple):
    """One load to measure."""

    n_rows: int
    n_connections: int
    rounds: int
    seconds: int


def plan(seconds: int, rounds: int, *, quick: bool) -> list[Plan]:
    """List the loads; those that the bars are about get all rounds."""
    bars = [Plan(1, 32, rounds, seconds), Plan(1, 1, rounds if quick else max(rounds - 2, 1), max(seconds - 1, 1))]
    if quick:
        return [*bars, Plan(100, 32, 1, 1)]
    return [*bars, Plan(1, 256, 2, 2), Plan(100, 32, 2, 2), Plan(100, 1, 1, 2), Plan(100, 256, 1, 2)]


def measure(
    world: World, ways: Sequence[Way], plans: Sequence[Plan], cores: Cores, folder: Path, tell: Callable[[str], None]
) -> Iterator[Cell]:
    """Start every server, check its scores, and load them in turns: the others are stopped meanwhile.

    Raises Void when a server scores wrongly or a request fails.
    """
    with ExitStack() as stack:
        servers = []
        for way in ways:
            tell(f"{world.name}: starting {way.name}")
            way.prepare(world)
            server = stack.enter_context(serving(way, world, cores, folder))
            server.check()
            for n_rows in way.n_rows:
                load(
                    server.url(n_rows),
                    write_bodies(server.way, world, n_rows),
                    n_connections=32,
                    seconds=WARM_SECONDS,
                    core=cores.load,
                )
            server.pause()
            servers.append(server)
        for one in plans:
            tell(f"{world.name}: {one.n_rows} rows a request, {one.n_connections} connections")
            yield _cell(world, one, [server for server in servers if one.n_rows in server.way.n_rows], cores)


def _cell(world: World, one: Plan, servers: Sequence[Server], cores: Cores) -> Cell:
    rounds: dict[str, list[tuple[float, float, float, float]]] = {server.way.name: [] for server in servers}
    for _ in range(one.rounds):
        for server in servers:
            server.resume()
            before = server.processor_seconds()
            found = load(
                server.url(one.n_rows),
                write_bodies(server.way, world, one.n_rows),
                n_connections=one.n_connections,
                seconds=one.seconds,
                core=cores.load,
            )
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


def _rate(rounds: list[tuple[float, float, float, float]]) -> Rate:
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
