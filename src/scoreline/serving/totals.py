"""Running totals of this process, and of all workers of a server through the files that they leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from math import isnan, nan
from pathlib import Path

from scoreline.serving.totals_file import TotalsFile, read_all

Key = tuple[str, ...]
"""A metric's name and its label values; of a histogram then a bucket's upper bound, or ``sum``."""


class Totals:
    """Numbers by key. With a ``folder`` every number is also in a file there, where it outlives the process.

    A worker goes on counting in the file of a worker that is no more, so that no total of the server ever goes down and
    there are no more files than workers. Numbers named in ``gauges`` end with their worker. One thread writes.
    """

    def __init__(self, folder: Path | None = None, gauges: Collection[str] = ()) -> None:
        self._folder = folder
        self._gauges = frozenset(gauges)
        self._numbers: dict[Key, float] = {}
        self._file = None if folder is None else TotalsFile.claim(folder)
        if self._file is not None:
            for key, number in self._file.read().items():
                self.put(key, nan if key[0] in self._gauges else number)

    @property
    def follows_a_death(self) -> bool:
        """Whether the worker that counted in this file before ended without closing it."""
        return self._file is not None and self._file.was_left_open

    def add(self, key: Key, amount: float) -> None:
        """Add to a total."""
        self.put(key, self._numbers.get(key, 0.0) + amount)

    def put(self, key: Key, number: float) -> None:
        """Set a number that may also go down."""
        self._numbers[key] = number
        if self._file is not None:
            self._file.write(key, number)

    def read(self) -> dict[Key, float]:
        """Return the numbers of all workers, added up."""
        if self._folder is None:
            return dict(self._numbers)
        sums: dict[Key, float] = defaultdict(float)
        for numbers, alive in read_all(self._folder):
            for key, number in numbers.items():
                if key[0] not in self._gauges or (alive and not isnan(number)):
                    sums[key] += number
        return sums

    def close(self) -> None:
        """Let the next worker have the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
