"""Measure whether a server stays as it is: memory and latency, minute by minute, at a part of its full load.

    python -m benchmarks.soak [--minutes 15] [--share 0.5] [--json FILE]

One worker on the first core, everything on; 256 connections, each of which pauses between its requests. The slope is
that of a straight line through the minutes after the first two.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.__main__ import tell
from benchmarks.loads import load
from benchmarks.memory import resident_mb
from benchmarks.servers import Cores, serving
from benchmarks.serving import write_bodies
from benchmarks.ways import Scoreline
from benchmarks.worlds import make_world

N_CONNECTIONS = 256
FULL_SECONDS = 10
N_WARM = 2
"""Minutes that are not judged: pools fill, and the log's first segments are compacted."""


class Minute(NamedTuple):
    """What one minute was like."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    worker_mb: float
    all_mb: float
    """Of all processes of the server."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=15)
    parser.add_argument("--share", type=float, default=0.5, help="of the full load")
    parser.add_argument("--seconds", type=int, default=60, help="of one minute, to try it")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    cores = Cores(sorted(os.sched_getaffinity(0)))
    os.sched_setaffinity(0, {cores.load})
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        minutes = measure(Path(folder), cores, arguments.minutes, arguments.share, arguments.seconds)
    print(report(minutes))
    if arguments.json:
        found = [minute._asdict() for minute in minutes]
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def measure(folder: Path, cores: Cores, n_minutes: int, share: float, seconds: int) -> list[Minute]:
    """Load a server fully for a moment, then in part for minutes."""
    world = make_world("mixed", folder / "mixed")
    way = Scoreline()
    way.prepare(world)
    bodies = write_bodies(way, world, 1)
    minutes: list[Minute] = []
    with serving(way, world, cores, folder) as server:
        url = server.url(1)
        ask = partial(load, url, bodies, headers=server.headers, n_connections=N_CONNECTIONS, core=cores.load)
        full = ask(seconds=FULL_SECONDS)
        worker = max(server.pids(), key=resident_mb)
        pause = round(1000 * N_CONNECTIONS / (share * full.requests_per_second))
        tell(f"full load: {full.requests_per_second:,.0f} requests/s; now pauses of {pause} ms")
        for number in range(n_minutes):
            found = ask(seconds=seconds, pause_milliseconds=pause)
            minute = Minute(
                found.requests_per_second,
                found.p50_seconds * 1000,
                found.p99_seconds * 1000,
                resident_mb(worker),
                sum(map(resident_mb, server.pids())),
            )
            minutes.append(minute)
            tell(f"minute {number + 1}: {line(minute)}")
    return minutes


def line(minute: Minute) -> str:
    """Write a minute for people."""
    return (
        f"{minute.requests_per_second:,.0f} requests/s, p50 {minute.p50_ms:.2f} ms, p99 {minute.p99_ms:.2f} ms, "
        f"worker {minute.worker_mb:.1f} MB, all processes {minute.all_mb:.0f} MB"
    )


def report(minutes: list[Minute]) -> str:
    """Say how it went, and how memory and latency moved."""
    lines = [f"{number:>4} {line(minute)}" for number, minute in enumerate(minutes, 1)]
    judged = minutes[N_WARM:]
    if len(judged) > 1:
        slope = np.polyfit(np.arange(len(judged)), [minute.worker_mb for minute in judged], 1)[0] * 60
        half = len(judged) // 2
        before, after = (statistics.median(minute.p99_ms for minute in part) for part in (judged[:half], judged[half:]))
        lines.append(f"memory of the worker: {slope:+.2f} MB an hour; p99 of the halves: {before:.2f}, {after:.2f} ms")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
