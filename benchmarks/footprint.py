"""How soon a server with one deployment answers its first score, and how much memory its processes hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.figures import Footprint
from benchmarks.loads import load
from benchmarks.servers import Cores, serving
from benchmarks.serving import write_bodies
from benchmarks.ways import Way
from benchmarks.worlds import World


def measure(
    world: World,
    ways: Sequence[Way],
    cores: Cores,
    folder: Path,
    *,
    n_starts: int,
    seconds: int,
    tell: Callable[[str], None],
) -> dict[str, Footprint]:
    """Start each server so many times, alone, and load it after its last start.

    The first start of all counts for nothing: it brings the files into memory. Raises Void.
    """
    found = {}
    for way in ways:
        tell(f"{world.name}: {n_starts} starts of {way.name}")
        way.prepare(world)
        starts = []
        for number in range(n_starts + 1):
            with serving(way, world, cores, folder) as server:
                if number:
                    starts.append(server.start_seconds)
                if number < n_starts:
                    continue
                before = server.memory()
                load(server.url(1), write_bodies(way, world, 1), n_connections=32, seconds=seconds, core=cores.load)
                found[way.name] = Footprint(starts=tuple(starts), before=before, after=server.memory())
    return found
