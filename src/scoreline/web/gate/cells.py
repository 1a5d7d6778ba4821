"""Numbers that the workers of a server share: a table in a file that each of them has in its memory."""

from __future__ import annotations

import errno
import mmap
import os
import threading
from hashlib import blake2b
from pathlib import Path

FILE = "rates"
N_CELLS = 16_384
CELL_BYTES = 16
"""A digest of the name, and the number."""
N_BYTES = N_CELLS * CELL_BYTES


class Cells:
    """A number for each name, 0 at first. A name is looked for once, under a lock; its number is read and written."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        """Of this worker's threads: the file's does not keep them apart."""
        self._file = -1
        self._digests: memoryview[int] = memoryview(b"")
        self._numbers: memoryview[float] = memoryview(b"").cast("d")

    def of(self, name: str) -> memoryview[float]:
        """Return where a number is: memory of one. Raises OSError, also when there are too many names."""
        import fcntl  # not on every platform, and only where there are workers

        with self._lock:
            if self._file < 0:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                if not self._digests:
                    self._map()
                at = self._find(name)
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        return self._numbers[2 * at + 1 : 2 * at + 2]

    def _map(self) -> None:
        if (
            os.fstat(self._file).st_size < N_BYTES
        ):  # written, so that the disk has it: a map could not say that it has not
            os.pwrite(self._file, bytes(N_BYTES), 0)
        mapped = memoryview(mmap.mmap(self._file, N_BYTES))
        self._digests, self._numbers = mapped.cast("Q"), mapped.cast("d")

    def _find(self, name: str) -> int:
        """Return the number of the cell that is the name's, or the first one free from where it belongs."""
        digest = int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) or 1
        for step in range(N_CELLS):
            at = (digest + step) % N_CELLS
            if self._digests[2 * at] == 0:
                self._digests[2 * at] = digest
            if self._digests[2 * at] == digest:
                return at
        raise OSError(errno.ENOSPC, f"{N_CELLS} keys with a rate have been used")
