"""How soon a server with one deployment answers its first score, and how much memory its processes hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.figures import Footprint
from benchmarks.loads import load
from benchmarks.servers import Cores, serving
from benchmarks.serving import write_bodies
from benchmarks.ways import OURS, Way
from benchmarks.worlds import World

LOAD_SECONDS = 5
WITHOUT = {"scoreline, log off", "scoreline, fast lane off", "constant"}
"""Servers that differ from `scoreline` in nothing that is measured here."""


def measure(
    world: World,
    ways: Sequence[Way],
    cores: Cores,
    *,
    n_starts: int,
    tell: Callable[[str], None],
) -> dict[str, Footprint]:
    """Start each server of ours so many times, alone, the others once, and load it after its last start.

    One more start, the first, counts for nothing: it brings the files into memory. Raises Void.
    """
    found = {}
    for way in ways:
        if way.name in WITHOUT:
            continue
        n = n_starts if way in OURS else 1
        tell(f"{world.name}: {n + 1} starts of {way.name}")
        way.prepare(world)
        starts = []
        for number in range(n + 1):
            with serving(way, world, cores, world.folder) as server:
                if number:
                    starts.append(server.start_seconds)
                if number < n:
                    continue
                before = server.memory()
                load(
                    server.url(1),
                    write_bodies(way, world, 1),
                    headers=server.headers,
                    n_connections=32,
                    seconds=LOAD_SECONDS,
                    core=cores.load,
                )
                found[way.name] = Footprint(starts=tuple(starts), before=before, after=server.memory())
    return found
