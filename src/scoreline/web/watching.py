"""From a server's start to its end: totals are opened, numbers are counted and gauges read, spans are exported."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

from scoreline.serving import metrics
from scoreline.serving.meters import COUNT_SECONDS, Meters
from scoreline.serving.plane import Plane
from scoreline.web.tracing import open_tracing
from scoreline.web.watch import Watch

MEASURE_EVERY = 10
"""Gauges are read at every tenth count."""
STATM = Path("/proc/self/statm")

log = logging.getLogger("scoreline.web")


@asynccontextmanager
async def watching(watch: Watch, plane: Plane) -> AsyncIterator[None]:
    """Watch what ``plane`` answers until the server ends."""
    meters = watch.meters
    meters.open(watch.seat.totals)
    _show(watch)
    tracing = watch.tracing = open_tracing()
    if tracing is not None:
        plane.watch(tracing)
    task = asyncio.create_task(_count(meters))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        meters.close()
        if tracing is not None:
            await asyncio.to_thread(tracing.close)


def resident_bytes() -> int | None:
    """Return the memory that this process holds; None where the system does not tell."""
    try:
        pages = int(STATM.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _show(watch: Watch) -> None:
    meters, worker = watch.meters, str(watch.seat.worker)
    meters.show(metrics.WORKERS, lambda: {(): 1})
    meters.show(metrics.IN_FLIGHT, lambda: {(): watch.n_in_flight + watch.n_calls()})
    meters.show(metrics.CONNECTIONS, lambda: {(): len(watch.server.server_state.connections) if watch.server else 0})
    meters.show(metrics.MEMORY, lambda: {} if (n := resident_bytes()) is None else {(worker,): n})
    meters.follow(metrics.CPU, lambda: {(worker,): time.process_time()})


async def _count(meters: Meters) -> None:
    for n in count():
        try:
            meters.count()
            if n % MEASURE_EVERY == 0:
                meters.measure()
        except Exception:
            log.exception("the meters could not count")
        await asyncio.sleep(COUNT_SECONDS)
