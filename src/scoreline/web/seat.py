"""A process's place among the workers of its server."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import NamedTuple

PREFIX = "scoreline-totals-"
YOUNG_SECONDS = 60.0
"""A folder may be so old and not locked yet."""

log = logging.getLogger("scoreline.web")


class Seat(NamedTuple):
    """Which worker of its server a process is, and what it shares with the others."""

    worker: int = 0
    """Its slot."""
    totals: Path | None = None
    """The folder where all of them keep what they count; None: there are no others."""
    started_at: float | None = None
    """When the server started, in seconds since 1970; None: when this process made its application."""


ALONE = Seat()


@contextmanager
def totals_folder() -> Iterator[Path | None]:
    """Make a folder for the totals of a server's workers, which goes when the server does.

    It is locked as long as this process or one forked from it lives, so that the next server knows which folders those
    have left that were killed, and clears them away.
    """
    if not hasattr(os, "fork"):  # one process, which has nobody to share with
        yield None
        return
    try:
        folder = TemporaryDirectory(prefix=PREFIX)
    except OSError as error:
        log.warning("no folder for what workers count, so each tells of itself only: %s; TMPDIR chooses one", error)
        yield None
        return
    with folder as name, _locked(Path(name)):
        _clear_abandoned(Path(name).parent)
        yield Path(name)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Hold the lock of a folder; gives whether nobody else does."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)


def _clear_abandoned(among: Path) -> None:
    for folder in among.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or gone meanwhile
            if time.time() - folder.stat().st_mtime < YOUNG_SECONDS:
                continue
            with _locked(folder) as is_abandoned:
                if is_abandoned:
                    rmtree(folder)
