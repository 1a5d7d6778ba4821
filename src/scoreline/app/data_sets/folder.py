"""The data folder: whose files callers may name in place of rows, and nothing outside of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.errors import BadSetting, Forbidden, NotFound, TooLarge

SUFFIX = ".csv"
OR_SEND = "send the rows themselves, as CSV in the body"
LONGEST_TOLD = 200
"""Characters of a name that an error repeats."""


class DataFolder:
    """A folder of CSV files that belongs to the default space. Without a path callers may name none."""

    def __init__(self, path: Path | None = None) -> None:
        """Take the folder at ``path``. Raises BadSetting when it is none."""
        if path is not None and not path.is_dir():
            raise BadSetting(f"data folder {path}: there is no such folder", hint="name one that is there")
        self._path = None if path is None else path.resolve()

    def read(self, name: str, space: str, most_bytes: int) -> bytes:
        """Return what a file holds. ``name`` is relative to the folder, or the path of a file within it.

        Raises Forbidden, NotFound, and TooLarge beyond ``most_bytes``.
        """
        if self._path is None:
            raise Forbidden(
                "this server reads no files for its callers",
                hint=f"scoreline serve --data-folder FOLDER allows those of one folder; or {OR_SEND}",
            )
        if space != DEFAULT_SPACE:
            raise Forbidden(f"the data folder belongs to the space `{DEFAULT_SPACE}`, not to `{space}`", hint=OR_SEND)
        file = _place(self._path, name)
        if file.suffix.lower() != SUFFIX:  # beside tables there may lie what errors must not repeat
            raise _not_found(name)
        try:
            return _read(file, name, most_bytes)
        except OSError:
            raise _not_found(name) from None


def _place(root: Path, name: str) -> Path:
    """Return where a name leads, links followed."""
    try:
        file = (root / name).resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL
        raise _not_found(name) from None
    if not file.is_relative_to(root):
        raise Forbidden(
            f"{name[:LONGEST_TOLD]!r} is not in the data folder",
            hint=f"name a file relative to the data folder; or {OR_SEND}",
        )
    return file


def _not_found(name: str) -> NotFound:
    return NotFound(
        f"the data folder has no CSV file {name[:LONGEST_TOLD]!r}",
        hint=f"paths are relative to the data folder; or {OR_SEND}",
    )


def _read(file: Path, name: str, most_bytes: int) -> bytes:
    # Between looking and opening a link may have come into being, or a pipe that would never end.
    handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as opened:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise FileNotFoundError
        if found.st_size > most_bytes:
            raise TooLarge(
                f"{name} has {found.st_size:,} bytes, and a request may have {most_bytes:,}",
                hint="score the file with `scoreline score`, or raise SCORELINE_MAX_BODY_MB",
            )
        return opened.read(most_bytes)


NO_FOLDER = DataFolder()
"""Callers may name no files."""
