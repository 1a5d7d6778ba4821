"""Running totals of this process, and of all workers of a server through the files that they leave."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection
from math import isnan, nan
from pathlib import Path

from scoreline.serving.metrics import Key
from scoreline.serving.totals_file import TotalsFile, read_others

log = logging.getLogger("scoreline.serving")


class Totals:
    """Numbers by key. With a ``folder`` every number is also in a file there, where it outlives the process.

    A worker goes on counting in the file of a worker that is no more, so that no total of the server ever goes down and
    there are no more files than workers. Numbers named in ``gauges`` end with their worker. One thread writes. Where
    nothing can be written, the others go by what could be before.
    """

    def __init__(self, folder: Path | None = None, gauges: Collection[str] = ()) -> None:
        self._gauges = frozenset(gauges)
        self._numbers: dict[Key, float] = {}
        self._file: TotalsFile | None = None
        self._changed = False
        self._problem = ""
        if folder is not None:
            try:
                self._file = TotalsFile.claim(folder)
            except OSError as error:
                self._tell(error)
        if self._file is not None:
            for key, number in self._file.read().items():
                if key[0] in self._gauges:
                    self._file.write(key, nan)
                else:
                    self._numbers[key] = number

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
            self._changed = True

    def flush(self) -> None:
        """Let the other workers know."""
        if self._file is None or not self._changed:
            return
        try:
            self._file.flush()
        except OSError as error:
            self._tell(error)
        else:
            self._changed, self._problem = False, ""

    def read(self) -> dict[Key, float]:
        """Return the numbers of all workers, added up."""
        file, mine = self._file, self._numbers.copy()
        if file is None:
            return mine
        sums: dict[Key, float] = defaultdict(float)
        for numbers, alive in ((mine, True), *read_others(file.path)):
            for key, number in numbers.items():
                if key[0] not in self._gauges or (alive and not isnan(number)):
                    sums[key] += number
        return dict(sums)

    def close(self) -> None:
        """Let the next worker have the file."""
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError as error:
            self._tell(error)
        self._file = None

    def _tell(self, error: OSError) -> None:
        if str(error) != self._problem:
            self._problem = str(error)
            log.warning("what is counted cannot be kept for the other workers: %s", error)
