"""Many small tables of a day become few large ones, while others read them and nothing is seen twice."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import polars as pl

from scoreline.prediction_log.places import PARQUET, segment_of, tables
from scoreline.prediction_log.tables import Step, sources, sources_metadata, write_table

SMALL_BYTES = 32 * 1024 * 1024
LARGE_BYTES = 128 * 1024 * 1024
"""About how large a merged table becomes; 32 MB of records in a segment are a few MB in a table."""
MERGED = "merged-"


def merge_day(day: Path, at_least: int, present: Collection[str], on_step: Step) -> int:
    """Merge the small tables of a day, where ``at_least`` so many have the same columns; return how many were written.

    Tables of segments that are still ``present``, and such as are held by a merged one already, are left alone. Those
    that were merged stay until somebody removes them. Raises OSError when the disk has no room.
    """
    found = tables(day)
    settled = obsolete(found)
    small = [
        table
        for table in found
        if table not in settled and segment_of(table) not in present and table.stat().st_size < SMALL_BYTES
    ]
    n_written = 0
    if len(small) >= at_least:
        for group in _groups(small):
            if len(group) >= at_least:
                for part in _parts(group):
                    merge(day, part, on_step)
                    n_written += 1
    return n_written


def merge(day: Path, parts: Sequence[Path], on_step: Step) -> Path:
    """Write one table with the records of ``parts``, whose columns are the same."""
    name = hashlib.sha256("\n".join(part.name for part in parts).encode()).hexdigest()[:16]
    path = day / f"{_begin(parts[0])}-{MERGED}{name}{PARQUET}"
    records = pl.scan_parquet(list(parts), hive_partitioning=False)
    write_table(path, lambda part: records.sink_parquet(part, metadata=sources_metadata(parts)), on_step)
    return path


def obsolete(found: Sequence[Path]) -> set[Path]:
    """Return those of these tables whose records another one of them holds: a merge ended before they were removed."""
    held = {(table.parent, name) for table in found if MERGED in table.name for name in sources(table)}
    return {table for table in found if (table.parent, table.name) in held}


def _groups(small: Sequence[Path]) -> list[list[Path]]:
    """Group tables by their columns."""
    groups: dict[str, list[Path]] = {}
    for table in small:
        groups.setdefault(str(list(pl.read_parquet_schema(table).items())), []).append(table)
    return list(groups.values())


def _parts(group: Sequence[Path]) -> Iterator[list[Path]]:
    """Divide tables into such that become one each; one that would stay alone is left as it is."""
    part: list[Path] = []
    size = 0
    for table in group:
        part.append(table)
        size += table.stat().st_size
        if size >= LARGE_BYTES:
            yield part
            part, size = [], 0
    if len(part) > 1:
        yield part


def _begin(table: Path) -> str:
    """Return the time that a table's name begins with, so that names stay in the order of time."""
    return table.name[:22]
