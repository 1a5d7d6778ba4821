"""The rate of every dialect beside the native one: the same server, the same rows, one a request.

    make dialects [BENCH="--only gRPC Thrift --seconds 4"]

Bar: none below half of native. Probabilities are asked for in each. One server has the first core, the load the last
one. Where the server was busy all the time, requests a second decide; where the load was the slower of the two, what
the server used of its processor for a request does.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import about
from benchmarks.__main__ import missing, tell
from benchmarks.dialect_report import DialectRate, DialectReport, read, tables, to_json, write_page
from benchmarks.loads import Void
from benchmarks.over_grpc import OverGRPC
from benchmarks.over_thrift import OverThrift
from benchmarks.servers import Cores, free_port, serving
from benchmarks.servers import Server as Process
from benchmarks.shapes import SHAPES
from benchmarks.speaking import CLOSEST, NATIVE, ONE_ROW, AllPorts, OverHTTP, Server, Speaking
from benchmarks.worlds import NAMES, World, make_world

N_CONNECTIONS = 32
WARM_SECONDS = 1
TOOLS = ("wrk", "h2load", "taskset")
WAYS: list[Speaking] = [
    *(OverHTTP(shape) for shape in SHAPES),
    OverThrift(),
    OverHTTP(SHAPES[0], ONE_ROW, n_bodies=1),
    OverGRPC("gRPC", raw=False),
    OverGRPC("gRPC, raw contents", raw=True),
    OverGRPC("gRPC, 1 connection", raw=False, shared=True),
]
Round = tuple[float, float, float]
"""Requests a second, processor seconds of a request, how busy the server's core was."""


def main() -> int:
    """Measure, show it, write it; 1 where a dialect is below the bar or a run is void."""
    arguments = _arguments()
    if arguments.show:
        report = read(arguments.show)
    else:
        cores = Cores(sorted(os.sched_getaffinity(0)))
        if lacking := missing(cores, TOOLS):
            print(f"benchmarks: {lacking}", file=sys.stderr)
            return 1
        command = shlex.join(["make", "dialects", *([f"BENCH={shlex.join(sys.argv[1:])}"] if sys.argv[1:] else [])])
        report = DialectReport(about=about.here(command, about.BESIDE_DIALECTS))
        os.sched_setaffinity(0, {cores.load})
        try:
            report.rates = tuple(_measure(cores, arguments))
        except Void as void:
            print(f"benchmarks: void, and not written: {void}", file=sys.stderr)
            return 1
    print(tables(report))
    if arguments.json:
        arguments.json.write_bytes(to_json(report))
    if arguments.markdown:
        write_page(report, arguments.markdown)
    return 0 if all(row.met for row in report.judged()) else 1


def _measure(cores: Cores, arguments: argparse.Namespace) -> Iterator[DialectRate]:
    chosen = arguments.only or [way.name for way in WAYS]
    ways = [way for way in WAYS if way.name in (NATIVE, ONE_ROW) or way.name in chosen]
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        for name in NAMES:
            world = make_world(name, Path(folder) / name)
            yield from _measure_world(world, ways, cores, arguments.seconds, arguments.rounds)


def _measure_world(
    world: World, ways: Sequence[Speaking], cores: Cores, seconds: int, rounds: int
) -> Iterator[DialectRate]:
    tell(f"{world.name}: starting the server")
    started = AllPorts(free_port())
    started.prepare(world)
    with serving(started, world, cores, world.folder) as process:
        server = started.reach(world, process.url(1))
        found: dict[str, list[Round]] = {way.name: [] for way in ways}
        for way in ways:
            _check(way, server)
            _load(way, server, process, WARM_SECONDS, cores)
        for number in range(rounds):
            for way in ways:
                tell(f"{world.name}: round {number + 1}, {way.name}")
                found[way.name].append(_load(way, server, process, seconds, cores))
    started.verify(world, process.n_answered)
    for way in ways:
        rates, processor, busy = zip(*found[way.name], strict=True)
        yield DialectRate(
            world=world.name,
            name=way.name,
            beside=way.beside,
            requests_per_second=statistics.median(rates),
            processor_seconds=statistics.median(processor),
            busy=statistics.median(busy),
            rounds=rates,
        )


def _check(way: Speaking, server: Server) -> None:
    for row in server.world.rows[:3]:
        (expected,), answered = server.world.expected([row]), way.ask(server, row)
        if not answered or abs(expected - answered[-1]) > CLOSEST:
            raise Void(f"{way.name}: {server.world.name}: answered {answered}, expected {expected} as the last")


def _load(way: Speaking, server: Server, process: Process, seconds: int, cores: Cores) -> Round:
    before = process.processor_seconds()
    found = way.load(server, n_connections=N_CONNECTIONS, seconds=seconds, core=cores.load)
    used = process.processor_seconds() - before
    process.n_answered += found.n_requests
    return found.requests_per_second, used / found.n_requests, used / found.n_requests * found.requests_per_second


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=2, help="of each load")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each dialect")
    names = [way.name for way in WAYS]
    parser.add_argument(
        "--only", nargs="*", metavar="DIALECT", choices=names, help=f"beside native: {'; '.join(names)}"
    )
    parser.add_argument("--show", type=Path, metavar="FILE", help="measure nothing: show what --json wrote")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables into this page")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
