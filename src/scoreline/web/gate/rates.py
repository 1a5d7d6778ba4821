"""How many requests a second the holders of keys may send, to all workers of a server together."""

from __future__ import annotations

import logging
import mmap
import os
from pathlib import Path
from urllib.parse import quote

from scoreline.core.access import Access
from scoreline.web.gate.rate import Bucket
from scoreline.web.seat import ALONE, Seat

FOLDER = "rates"
CELL_BYTES = 8
N_KEPT = 10_000
"""Buckets that are remembered."""

log = logging.getLogger("scoreline.web")


class Rates:
    """The buckets of a worker. They outlive what is known of their keys, and are the other workers', too.

    Where workers have no folder together, each lets its share of a rate through.
    """

    def __init__(self, seat: Seat = ALONE, n_workers: int = 1) -> None:
        self._folder = None if seat.totals is None else seat.totals / FOLDER
        self._n_workers = n_workers
        self._buckets: dict[tuple[str, float], Bucket] = {}

    def of(self, access: Access) -> Bucket | None:
        """Return the bucket of a caller; None: it may send any number."""
        if not access.rate:
            return None
        name = f"{access.kind}-{access.id}"
        bucket = self._buckets.get((name, access.rate))
        if bucket is None:
            bucket = self._made(name, access.rate)
            if len(self._buckets) >= N_KEPT:
                self._buckets.clear()
            self._buckets[name, access.rate] = bucket
        return bucket

    def _made(self, name: str, rate: float) -> Bucket:
        if self._n_workers > 1 and self._folder is not None:
            try:
                return Bucket(rate, cell=_shared(self._folder, name))
            except OSError as error:
                log.warning("the rate of %s is shared out over the workers: %s", name, error)
        return Bucket(rate / self._n_workers)


def _shared(folder: Path, name: str) -> memoryview[float]:
    """Map a file of one number, which whichever worker is the first makes. Raises OSError."""
    folder.mkdir(exist_ok=True)
    file = os.open(folder / quote(name, safe=""), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if (
            os.fstat(file).st_size < CELL_BYTES
        ):  # written, so that the disk has room: a map could not say that it has none
            os.pwrite(file, bytes(CELL_BYTES), 0)
        return memoryview(mmap.mmap(file, CELL_BYTES)).cast("d")
    finally:
        os.close(file)
