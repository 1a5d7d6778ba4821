"""The database's file holds secrets: nobody but its owner may read it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL

OWNER_ONLY = 0o600
BESIDE = ("", "-wal", "-shm")
"""SQLite gives the files that it makes beside a database the database's mode."""


def make_private(url: URL) -> None:
    """Make the file of a SQLite database, where there is none yet, for its owner only."""
    if (file := _file(url)) is not None:
        with suppress(OSError):  # there is one; or SQLite will say why there can be none
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))


def keep_private(url: URL) -> None:
    """Take the file of a SQLite database away from everybody but its owner."""
    if (file := _file(url)) is not None:
        for end in BESIDE:
            with suppress(OSError):  # another user's: that one has to
                Path(f"{file}{end}").chmod(OWNER_ONLY)


def _file(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        return None
    return Path(url.database)
