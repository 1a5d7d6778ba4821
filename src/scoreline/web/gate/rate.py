"""A token bucket: so many a second, and as many at once as a second gives."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

clock: Callable[[], float] = time.monotonic
"""The same in all processes of a machine."""
EARLY_SECONDS = 1e-6
"""Who comes so much too early comes in time: sums of floats are not exact."""


class Cell(Protocol):
    """Where a number is kept: a list of one, or memory that processes share."""

    def __getitem__(self, at: int, /) -> float: ...

    def __setitem__(self, at: int, number: float, /) -> None: ...


class Bucket:
    """Lets ``rate`` a second through, and never fewer than one at a time, or ``most`` at once.

    All it knows is when it would be full again, as the generic cell rate algorithm has it (ITU-T I.371). Processes that
    share this ``cell`` share the bucket. They lock nothing: where two write in the same fraction of a microsecond, one
    of both is not counted.
    """

    __slots__ = ("_cell", "_clock", "_interval", "_room", "rate")

    def __init__(
        self, rate: float, most: float = 0.0, *, cell: Cell | None = None, clock: Callable[[], float] = clock
    ) -> None:
        self.rate = rate
        self._interval = 1.0 / rate
        self._room = (max(1.0, most or rate) - 1.0) / rate + EARLY_SECONDS
        self._cell: Cell = [0.0] if cell is None else cell
        self._clock = clock

    def take(self) -> float:
        """Take one; return 0, or in how many seconds there will be one to take."""
        now, full_at = self._clock(), self._cell[0]
        if full_at < now:
            full_at = now
        early = full_at - now - self._room
        if early > 0.0:
            return early + EARLY_SECONDS
        self._cell[0] = full_at + self._interval
        return 0.0

    @property
    def is_empty(self) -> bool:
        """Whether there is none to take now. Takes none."""
        return self._cell[0] - self._clock() > self._room
