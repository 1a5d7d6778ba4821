"""Tables on disk: each appears whole or not at all, and says which others it stands for."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import polars as pl

from scoreline.prediction_log.places import PART
from scoreline.prediction_log.segment import sync_folder

SOURCES = "scoreline.sources"
"""Key in a merged table's metadata: the tables whose records it holds."""


Step = Callable[[str], None]
"""Is told what was done, each time that a kill would now find things in another state."""


def write_table(path: Path, write: Callable[[Path], object], on_step: Step) -> None:
    """Have ``write`` write a file, and put it in its place once the disk has all of it. Raises OSError."""
    part = path.with_name(f".{path.name}{PART}")
    try:
        write(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        on_step("part written")
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    on_step("table written")


def make_day(folder: Path) -> None:
    """Make the folder of a day, so that it outlives a power failure."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)
        sync_folder(folder.parent.parent)


def sources(table: Path) -> list[str]:
    """Return the names of the tables that a merged table stands for; of any other, none."""
    told = pl.read_parquet_metadata(table).get(SOURCES)
    return msgspec.json.decode(told, type=list[str]) if told else []


def sources_metadata(tables: Sequence[Path]) -> dict[str, str]:
    """Return what a table that holds the records of ``tables`` says of itself."""
    return {SOURCES: msgspec.json.encode([table.name for table in tables]).decode()}
