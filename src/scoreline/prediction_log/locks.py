"""Locks on files: they hold as long as their process lives, and no longer."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def lock_file(file: int, *, shared: bool = False, wait: bool = False) -> bool:
    """Lock an open file; tell whether it could be done. ``wait`` waits until it can."""
    how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True


def unlock_file(file: int) -> None:
    """Unlock an open file, also for processes that were forked with it."""
    fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = False) -> Iterator[bool]:
    """Hold the lock of ``path``, which is made where there is none; gives whether it is held."""
    file = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield lock_file(file, shared=shared, wait=wait)
    finally:
        os.close(file)


def is_locked(path: Path) -> bool:
    """Tell whether a process that lives holds the lock of a file. Raises FileNotFoundError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return not lock_file(file, shared=True)
    finally:
        os.close(file)
