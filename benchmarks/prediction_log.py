"""What the prediction log costs: the data plane with it and without it, and what makes tables of its segments.

    python -m benchmarks.prediction_log [--requests 60000]

Requests of one row, native dialect, as many to a run as come in one turn of the event loop. Processor time of the
process, in turns, so that a busy machine disturbs both alike. `python -m benchmarks` measures the same over HTTP.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.worlds import NAMES, World, make_world
from scoreline.prediction_log.compactor import Compactor
from scoreline.prediction_log.log import PredictionLog
from scoreline.prediction_log.places import Places
from scoreline.serving.active import Active
from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols import DIALECTS
from scoreline.web.requests import new_request_id

BATCHES = (1, 8, 32)
N_BLOCKS = 20
"""The better ones of so many blocks count: what others do on the machine makes the rest."""


def main() -> None:
    """Answer, compact, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=60_000, help="requests of each measurement")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            world = make_world(name, Path(folder) / name)
            print(f"\n{name:<12}{'plane µs':>10}{'log µs':>9}{'bytes':>8}")
            for batch in BATCHES:
                plain, logged, n_bytes = measure(world, batch, arguments.requests)
                print(f"{batch:>3} a run   {plain * 1e6:>10.2f}{(logged - plain) * 1e6:>9.2f}{n_bytes:>8.0f}")
            compact(world)


def measure(world: World, batch: int, n_requests: int) -> tuple[float, float, float]:
    """Return processor seconds a request without and with the log, and the bytes that a request leaves."""
    active = Active(world.name, world.name, 1, "sha256:0", world.pipeline, datetime.now(UTC))
    bodies = [json.dumps(row).encode() for row in world.draw(2000)]
    with PredictionLog(Places(world.folder / f"log of {batch}").folder) as log:
        planes = Plane(), Plane([log])
        taken = np.array([answer(planes, active, bodies, batch, n_requests // N_BLOCKS) for _ in range(N_BLOCKS)])
        n_bytes = log.n_bytes / max(log.n_written, 1)
        assert log.n_lost == 0
    plain, logged = np.quantile(taken, 0.2, axis=0).tolist()
    return plain, logged, n_bytes


def answer(
    planes: tuple[Plane, Plane], active: Active, bodies: Sequence[bytes], batch: int, n_requests: int
) -> list[float]:
    """Answer requests, so many to a run, by each plane in turn; return processor seconds a request of each."""
    native, n = DIALECTS["native"], len(bodies)
    taken = [0.0] * len(planes)
    turns = [(i, k) for i in range(0, n_requests, batch) for k in ((0, 1) if i // batch % 2 else (1, 0))]
    for i, k in turns:
        first = i + k * n // 2  # the same row twice would be quicker the second time
        asked = [
            Asked(native, bodies[(first + j) % n], active, request_id=new_request_id(), caller="127.0.0.1")
            for j in range(batch)
        ]
        begun = time.thread_time()
        planes[k].answer(asked)
        taken[k] += time.thread_time() - begun
    return [seconds / n_requests for seconds in taken]


def compact(world: World) -> None:
    """Make tables of what was logged; print how long a record takes."""
    places = Places(world.folder / f"log of {BATCHES[-1]}")
    n_bytes = sum(path.stat().st_size for path in places.segment_files())
    begun = time.process_time()
    Compactor(places.folder).round()
    seconds = time.process_time() - begun
    tables = sum(path.stat().st_size for path in places.folder.rglob("*.parquet"))
    rate = n_bytes / 1e6 / seconds
    print(f"compaction: {rate:.0f} MB of segments a second of processor; tables take {tables / n_bytes:.2f} of them")


if __name__ == "__main__":
    main()
