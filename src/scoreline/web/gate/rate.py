"""A token bucket: so many a second, and as many at once as a second gives."""

from __future__ import annotations

import time
from collections.abc import Callable

clock: Callable[[], float] = time.monotonic


class Bucket:
    """Lets ``rate`` a second through, and never fewer than one at a time. Used by one thread."""

    __slots__ = ("_at", "_clock", "_level", "_most", "rate")

    def __init__(self, rate: float, most: float = 0.0, *, clock: Callable[[], float] = clock) -> None:
        self.rate = rate
        self._most = self._level = max(1.0, most or rate)
        self._clock = clock
        self._at = clock()

    def take(self) -> float:
        """Take one; return 0, or in how many seconds there will be one to take."""
        now = self._clock()
        level = min(self._most, self._level + (now - self._at) * self.rate)
        self._at = now
        if level < 1.0:
            self._level = level
            return (1.0 - level) / self.rate
        self._level = level - 1.0
        return 0.0

    @property
    def is_empty(self) -> bool:
        """Whether there is none to take now. Takes none."""
        return self._level + (self._clock() - self._at) * self.rate < 1.0
