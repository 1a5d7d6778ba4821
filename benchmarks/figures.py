"""What a run of the benchmarks found: plain data, written as JSON and read back by the page that shows it."""

from __future__ import annotations

import msgspec


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """One server under one load: medians of its rounds."""

    requests_per_second: float
    p50_seconds: float
    p99_seconds: float
    processor_seconds: float
    """What the server used of its processor for a request; the same on a machine that others use."""
    rounds: tuple[float, ...]
    """Requests a second of each round."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One load, and every server under it."""

    world: str
    n_rows: int
    """Rows of a request."""
    n_connections: int
    seconds: float
    """Of each round."""
    rates: dict[str, Rate]


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What one process holds: all that is resident, and its share of it where pages are shared."""

    process_id: int
    rss_bytes: int
    pss_bytes: int
    processor_seconds: float
    """What it has used of the processor since its start."""


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """How soon a server with one deployment answers, and what its processes hold."""

    starts: tuple[float, ...]
    """Seconds from the start of the process to its first score, each time."""
    before: tuple[Memory, ...]
    """Of each process, after the first score."""
    after: tuple[Memory, ...]
    """After a load."""

    @property
    def worker(self) -> Memory:
        """The process that answered: the load kept it busiest. As it is after the load."""
        before = {memory.process_id: memory.processor_seconds for memory in self.before}
        return max(self.after, key=lambda memory: memory.processor_seconds - before.get(memory.process_id, 0.0))


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Calls in this process."""

    p50_seconds: float
    p99_seconds: float
    n_calls: int


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Rows a second on one core."""

    n_rows: int
    rates: dict[str, float]
    rounds: dict[str, tuple[float, ...]]


class About(msgspec.Struct, frozen=True, kw_only=True):
    """When, where and how."""

    date: str
    command: str
    processor: str
    n_cores: int
    system: str
    load_average: float
    """When the run began: processes of others that wanted a core."""
    versions: dict[str, str]


class Report(msgspec.Struct, kw_only=True):
    """Everything; parts that were not asked for are empty."""

    about: About
    cells: tuple[Cell, ...] = ()
    footprints: dict[str, Footprint] = {}
    row: dict[str, Latency] = {}
    batch: dict[str, Batch] = {}

    def rate(self, world: str, way: str, *, n_rows: int = 1, n_connections: int = 32) -> Rate | None:
        """Find what a server did under a load; None where it was not measured."""
        for cell in self.cells:
            if (cell.world, cell.n_rows, cell.n_connections) == (world, n_rows, n_connections):
                return cell.rates.get(way)
        return None
