"""A process's place among the workers of its server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

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
    """Make a folder for the totals of a server's workers, which goes when the server does."""
    try:
        folder = TemporaryDirectory(prefix="scoreline-totals-")
    except OSError as error:
        log.warning("no folder for what workers count, so each tells of itself only: %s; TMPDIR chooses one", error)
        yield None
        return
    with folder as name:
        yield Path(name)
