"""What a log holds at one moment, each record once: tables, and segments that are no tables yet."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from scoreline.prediction_log.decoding import make_table
from scoreline.prediction_log.frames import Damage, Frame
from scoreline.prediction_log.header import Header
from scoreline.prediction_log.locks import locked
from scoreline.prediction_log.merging import obsolete
from scoreline.prediction_log.places import Places, day_of, segment_of, tables
from scoreline.prediction_log.reader import Reader


class Window(NamedTuple):
    """A stretch of time, its end left out; None: without end."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, at: float) -> bool:
        """Whether a time, in seconds since 1970, lies in it."""
        if self.since is not None and at < self.since.timestamp():
            return False
        return self.until is None or at < self.until.timestamp()

    def touches(self, day: date) -> bool:
        """Whether a day (UTC) may have times in it."""
        if self.since is not None and day < self.since.astimezone(UTC).date():
            return False
        return self.until is None or day <= self.until.astimezone(UTC).date()

    def filters(self) -> list[pl.Expr]:
        """Return what this asks of records."""
        found = []
        if self.since is not None:
            found.append(pl.col("time") >= pl.lit(self.since.astimezone(UTC)))
        if self.until is not None:
            found.append(pl.col("time") < pl.lit(self.until.astimezone(UTC)))
        return found


class Day(NamedTuple):
    """The records of a deployment's day, in files and in memory."""

    day: date
    tables: list[Path]
    recent: list[pl.DataFrame]
    """What is in segments."""

    def parts(self) -> list[pl.LazyFrame]:
        """Return them as they lie, with the columns that each has."""
        files = [pl.scan_parquet(path, hive_partitioning=False) for path in self.tables]
        return [*files, *(frame.lazy() for frame in self.recent)]


@contextlib.contextmanager
def reading(places: Places) -> Iterator[None]:
    """Keep the compactor from removing anything meanwhile."""
    try:
        lock = locked(places.reading, shared=True, wait=True)
        lock.__enter__()
    except OSError:  # a folder that may only be looked at is one where nothing is compacted
        yield
        return
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def snapshot(places: Places, deployment: str, window: Window) -> list[Day]:
    """Return the days that have records, in order; within ``reading``, and to be used there.

    Segments are read first; a table that was made of one of them meanwhile is left out.
    """
    segments = places.segment_files()
    recent = _recent(segments, deployment, window)
    present = {path.stem for path in segments}
    days = {day: path for day, path in places.days(deployment).items() if window.touches(day)}
    found = []
    for day in sorted({*days, *recent}):
        files = [path for path in tables(days[day]) if segment_of(path) not in present] if day in days else []
        held = obsolete(files)
        found.append(Day(day, [path for path in files if path not in held], recent.get(day, [])))
    return found


def _recent(segments: list[Path], deployment: str, window: Window) -> dict[date, list[pl.DataFrame]]:
    found: dict[date, list[pl.DataFrame]] = {}
    for path in segments:
        groups: dict[tuple[date, int], tuple[Header, list[Frame]]] = {}
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # it held nothing, or was set aside
            continue
        for item in Reader().read(data):
            if not isinstance(item, Damage) and item.header.deployment == deployment and window.has(item.frame.at):
                key = day_of(item.frame.at), item.number
                groups.setdefault(key, (item.header, []))[1].append(item.frame)
        for (day, _), (header, frames) in groups.items():
            with contextlib.suppress(ValueError, msgspec.MsgspecError):  # the compactor sets aside what cannot be read
                found.setdefault(day, []).append(make_table(header, frames))
    return found
