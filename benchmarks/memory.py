"""Measure what a worker holds while callers do what they can to fill it, and what is left of it afterwards.

    python -m benchmarks.memory [--idle 10000] [--slow 100] [--bodies 24] [--mb 64] [--json FILE]

One worker, everything on. Each line is one thing more that callers do, or one less: what its process holds when that is
done, and the most that it held meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks import callers
from benchmarks.__main__ import tell
from benchmarks.loads import load
from benchmarks.servers import Cores, Server, serving
from benchmarks.serving import write_bodies
from benchmarks.ways import Scoreline, write
from benchmarks.worlds import World, make_world

MB = 1024 * 1024
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
BAR_WIDTH = 40
POLL_SECONDS = 0.02
REST_SECONDS = 3.0
"""How long after each step the memory is looked at."""


class Step(NamedTuple):
    """What was done, and what the server held."""

    what: str
    held_mb: float
    most_mb: float
    answers: dict[str, int]


class Meter:
    """Watches the memory of a server's worker."""

    def __init__(self, server: Server) -> None:
        self._worker = max(server.pids(), key=resident_mb)  # before there is much in the process beside it
        self.steps: list[Step] = []

    @contextmanager
    def step(self, what: str) -> Iterator[dict[str, int]]:
        """Measure while something is done; what callers were answered goes into the dict given."""
        answers: dict[str, int] = {}
        most = 0.0
        over = threading.Event()

        def watch() -> None:
            nonlocal most
            while not over.wait(POLL_SECONDS):
                most = max(most, resident_mb(self._worker))

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield answers
        finally:
            over.set()
            watching.join()
        time.sleep(REST_SECONDS)
        held = resident_mb(self._worker)
        self.steps.append(Step(what, held, max(most, held), answers))
        tell(f"{what}: {held:.0f} MB, at most {most:.0f} MB, {answers}")


def resident_mb(pid: int) -> float:
    """Measure what a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES / MB


def main() -> int:
    """Measure and print."""
    arguments = _arguments()
    cores = Cores(sorted(os.sched_getaffinity(0)))
    os.sched_setaffinity(0, {cores.load})
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        world = make_world("mixed", Path(folder) / "mixed")
        steps = measure(world, cores, Path(folder), arguments)
    print(table(steps))
    if arguments.json:
        arguments.json.write_text(json.dumps([step._asdict() for step in steps], indent=2) + "\n", encoding="utf-8")
    return 0


def measure(world: World, cores: Cores, folder: Path, wanted: argparse.Namespace) -> list[Step]:
    """Start a server and do to it all that is wanted."""
    way = Scoreline()
    way.prepare(world)
    small = write(way.body(world.rows[:1]))
    large = large_body(world, wanted.mb)
    with serving(way, world, cores, folder) as server:
        meter = Meter(server)
        address = callers.Address(server.url(1), server.headers)
        with meter.step("started"):
            pass
        with meter.step("32 connections at full load for 5 s"):
            load(
                server.url(1),
                write_bodies(way, world, 1),
                headers=server.headers,
                n_connections=32,
                seconds=5,
                core=cores.load,
            )
        with meter.step(f"{wanted.mb} MB in one body") as answers:
            answers.update(_told(callers.at_once(address, 1, large)))
        with meter.step(f"{wanted.bodies} bodies of {wanted.mb} MB at once") as answers:
            answers.update(_told(callers.at_once(address, wanted.bodies, large)))
        with meter.step(f"{wanted.idle:,} connections at rest") as answers:
            resting = callers.idle(address, wanted.idle, small)
            answers.update(_told(resting.__enter__()))
        with callers.slow(address, wanted.slow, wanted.mb * MB) as going:
            with meter.step(f"and {wanted.slow} slow senders of {wanted.mb} MB") as answers:
                time.sleep(5)
                answers["still sending"] = going()
            with meter.step(f"and {wanted.bodies} bodies of {wanted.mb} MB at once") as answers:
                answers.update(_told(callers.at_once(address, wanted.bodies, large)))
        resting.__exit__(None, None, None)
        with meter.step("all of them gone"):
            time.sleep(5)
        with meter.step("32 connections at full load for 5 s, again"):
            load(
                server.url(1),
                write_bodies(way, world, 1),
                headers=server.headers,
                n_connections=32,
                seconds=5,
                core=cores.load,
            )
    return meter.steps


def large_body(world: World, mb: int) -> bytes:
    """Write as many rows as there is room for."""
    row = write(world.rows[0])
    n = (mb * MB - 20) // (len(row) + 1)
    return b'{"rows":[' + b",".join([row] * n) + b"]}"


def table(steps: list[Step]) -> str:
    """Write a line for each step, with a bar for what was held and one for the most."""
    widest = max(step.most_mb for step in steps)
    lines = [f"{'':<52}{'held':>8}{'most':>8}"]
    for step in steps:
        held, most = (round(value / widest * BAR_WIDTH) for value in (step.held_mb, step.most_mb))
        bar = "█" * held + "░" * (most - held)
        told = ", ".join(f"{n} × {status}" for status, n in step.answers.items())
        lines.append(f"{step.what:<52}{step.held_mb:>5.0f} MB{step.most_mb:>5.0f} MB  {bar}")
        if told:
            lines.append(f"    {told}")
    return "\n".join(lines)


def _told(statuses: dict[int, int]) -> dict[str, int]:
    return {str(status) if status else "no answer": n for status, n in sorted(statuses.items())}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=int, default=10_000, help="connections at rest")
    parser.add_argument("--slow", type=int, default=100, help="slow senders")
    parser.add_argument("--bodies", type=int, default=24, help="large bodies at once")
    parser.add_argument("--mb", type=int, default=64, help="size of a large body")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
