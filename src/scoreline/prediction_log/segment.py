"""A segment: a file that one thread appends to. What it took survives the death of the process."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from scoreline.prediction_log.locks import lock_file, unlock_file
from scoreline.prediction_log.places import PART, SEGMENT
from scoreline.prediction_log.record import Stored

_sync = getattr(os, "fdatasync", os.fsync)


class Segment:
    """Locked as long as somebody may append to it, so that whoever finds it unlocked knows that it is complete."""

    def __init__(self, path: Path, file: int) -> None:
        self.path = path
        self.size = 0
        self.begun_at = self.synced_at = time.monotonic()
        """When the first was appended, and when the last was synced."""
        self.stored: dict[int, Stored] = {}
        """What its headers have told, by the address of the version."""
        self.n_headers = 0
        self._file = file
        self._synced_size = 0

    @classmethod
    def create(cls, folder: Path) -> Segment:
        """Make a segment with a name that no other has. Raises OSError."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}-{secrets.token_hex(4)}".replace(".", "-")
        path, unlocked = folder / f"{name}{SEGMENT}", folder / f".{name}{PART}"
        file = os.open(unlocked, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            lock_file(file)
            unlocked.rename(path)
        except BaseException:
            os.close(file)
            raise
        return cls(path, file)

    def append(self, frame: bytes) -> int:
        """Append a frame whole or not at all; return its size. Raises OSError when there is no room."""
        n_bytes = len(frame)
        if os.write(self._file, frame) == n_bytes:
            self.size += n_bytes
            return n_bytes
        self._take_back()
        return self.append_all((frame,))  # which says why

    def append_all(self, frames: Iterable[bytes]) -> int:
        """Append all these frames or none; return how many bytes they are. Raises OSError when there is no room."""
        size = self.size
        try:
            for frame in frames:
                size += self._write(frame)
        except BaseException:
            self._take_back()
            raise
        appended, self.size = size - self.size, size
        return appended

    def _take_back(self) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self.size)

    def _write(self, frame: bytes) -> int:
        written = os.write(self._file, frame)
        if written < len(frame):  # the next try goes on, or says why it cannot
            written += os.write(self._file, frame[written:])
        if written < len(frame):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written

    @property
    def is_synced(self) -> bool:
        """Whether all of it outlives a power failure."""
        return self.size == self._synced_size

    def sync(self) -> None:
        """Have the disk keep what was appended. Raises OSError."""
        size = self.size
        _sync(self._file)
        if not self._synced_size:
            sync_folder(self.path.parent)
        self._synced_size, self.synced_at = size, time.monotonic()

    def close(self) -> None:
        """End it: it is complete. One that holds nothing is removed."""
        if not self.size:
            with contextlib.suppress(OSError):
                self.path.unlink()
        with contextlib.suppress(OSError):
            unlock_file(self._file)
        os.close(self._file)

    def abandon(self) -> None:
        """Let go of it in a process that was forked: it is the other one's."""
        os.close(self._file)


def sync_folder(folder: Path) -> None:
    """Have the disk keep which files a folder holds. Raises OSError."""
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
