"""Measure the figures that must hold, each beside an opponent in the same run.

    make bench [BENCH="--quick --json FILE"]

Servers have the first core, what loads them the last one; with two workers the server has both. One load at a time, the
other servers are stopped meanwhile; medians of rounds in turns. Everything takes 12 to 15 minutes, --quick 3 to 5.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import about, batch, footprint, row, serving
from benchmarks.bars import judge
from benchmarks.figures import Report
from benchmarks.loads import Void
from benchmarks.opponents import OPPONENTS, PEERS
from benchmarks.report import read, tables, to_json, write_page
from benchmarks.servers import Cores
from benchmarks.ways import OURS
from benchmarks.worlds import NAMES, World, make_world

PACKAGES = {"wrk": "wrk", "h2load": "nghttp2-client", "taskset": "util-linux"}
"""Tool → the package of Debian that it is in."""
PARTS = ("row", "batch", "serving", "footprint")
PEER_NAMES = {"-".join(re.findall("[a-z-]+", way.name.lower())): way for way in OPPONENTS}


class Effort(NamedTuple):
    """How much of each thing is measured."""

    seconds: int
    rounds: int
    n_calls: int
    n_rows: int
    n_files: int
    n_starts: int


QUICK = Effort(seconds=1, rounds=2, n_calls=5_000, n_rows=100_000, n_files=1, n_starts=2)
FULL = Effort(seconds=2, rounds=5, n_calls=20_000, n_rows=300_000, n_files=3, n_starts=5)


def main() -> int:
    """Measure what was asked for, show it, write it; 0 also where a bar is missed, 1 where a run is void."""
    arguments = _arguments()
    if arguments.show:
        report = read(arguments.show)
    else:
        cores = Cores(sorted(os.sched_getaffinity(0)))
        if lacking := missing(cores, ("wrk", "taskset")) or _without_peers():
            print(f"benchmarks: {lacking}", file=sys.stderr)
            return 1
        report = Report(about=about.here(shlex.join(["make", "bench", *_bench(sys.argv[1:])])))
        os.sched_setaffinity(0, {cores.load})
        try:
            _measure(report, cores, arguments)
        except Void as void:
            print(tables(report))
            print(f"benchmarks: void, and not written: {void}", file=sys.stderr)
            return 1
    print(tables(report))
    if arguments.json:
        arguments.json.write_bytes(to_json(report))
    if arguments.markdown:
        write_page(report, arguments.markdown)
    missed = [bar.what for bar in judge(report) if not bar.met]
    tell(f"missed: {'; '.join(missed)}" if missed else "every bar is met")
    return 0


def _measure(report: Report, cores: Cores, arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        for name in NAMES:
            _measure_world(report, make_world(name, Path(folder) / name), cores, arguments)


def _measure_world(report: Report, world: World, cores: Cores, arguments: argparse.Namespace) -> None:
    parts, effort = arguments.only, QUICK if arguments.quick else FULL
    chosen = PEER_NAMES if arguments.peers is None else arguments.peers
    ways = [*OURS, *(way for name, way in PEER_NAMES.items() if name in chosen)]
    if "row" in parts and world.name == "mixed":
        tell(f"{world.name}: one row")
        report.row = row.measure(world, effort.n_calls)
    if "batch" in parts:
        tell(f"{world.name}: batch")
        report.batch[world.name] = batch.measure(world, cores, n_rows=effort.n_rows, rounds=effort.n_files)
    if "serving" in parts:
        seconds, rounds = arguments.seconds or effort.seconds, arguments.rounds or effort.rounds
        plans = serving.plan(seconds, rounds, quick=arguments.quick)
        for cell in serving.measure(world, ways, plans, cores, tell):
            report.cells += (cell,)
    if "footprint" in parts and world.name == "mixed":
        report.footprints = footprint.measure(world, ways, cores, n_starts=effort.n_starts, tell=tell)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer loads, shorter")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--peers", nargs="*", choices=PEER_NAMES, help="opponents to measure; with no name, none")
    parser.add_argument("--seconds", type=int, help="seconds of each load")
    parser.add_argument("--rounds", type=int, help="turns of each server")
    parser.add_argument("--show", type=Path, metavar="FILE", help="measure nothing: show what --json wrote")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables into this page")
    return parser.parse_args()


def _bench(words: list[str]) -> list[str]:
    return [f"BENCH={shlex.join(words)}"] if words else []


def missing(cores: Cores, tools: Sequence[str]) -> str:
    """Say what this machine lacks."""
    if len(cores.all) < 2:
        return "two cores are needed, one for the server and one for what loads it"
    absent = [tool for tool in tools if shutil.which(tool) is None]
    packages = " ".join(PACKAGES[tool] for tool in absent)
    return f"{' and '.join(absent)} not found; Debian, Ubuntu: apt-get install {packages}" if absent else ""


def _without_peers() -> str:
    return "" if PEERS.exists() else f"{PEERS.parent} is not there; `make bench` makes it"


def tell(sentence: str) -> None:
    """Say on stderr how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
