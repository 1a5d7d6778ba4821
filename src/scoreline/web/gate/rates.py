"""How many requests a second the holders of keys may send, to all workers of a server together."""

from __future__ import annotations

import logging

from scoreline.core.access import Access
from scoreline.web.gate.cells import Cells
from scoreline.web.gate.rate import Bucket
from scoreline.web.seat import ALONE, Seat

N_KEPT = 10_000
"""Buckets that are remembered."""

log = logging.getLogger("scoreline.web")


class Rates:
    """The buckets of a worker. They outlive what is known of their keys, and are the other workers', too.

    Where workers have no folder together, each lets its share of a rate through.
    """

    def __init__(self, seat: Seat = ALONE, n_workers: int = 1) -> None:
        self._n_workers = n_workers
        self._cells = Cells(seat.totals) if seat.totals is not None and n_workers > 1 else None
        self._buckets: dict[tuple[str, float], Bucket] = {}

    def of(self, access: Access) -> Bucket | None:
        """Return the bucket of a caller; None: it may send any number."""
        if not access.rate:
            return None
        name = f"{access.kind} {access.id}"
        bucket = self._buckets.get((name, access.rate))
        if bucket is None:
            bucket = self._made(name, access.rate)
            if len(self._buckets) >= N_KEPT:
                self._buckets.clear()
            self._buckets[name, access.rate] = bucket
        return bucket

    def _made(self, name: str, rate: float) -> Bucket:
        if self._cells is not None:
            try:
                return Bucket(rate, cell=self._cells.of(name))
            except OSError as error:
                log.warning("the rate of %s is shared out over the workers: %s", name, error)
        return Bucket(rate / self._n_workers)
