"""A segment becomes tables: one for each deployment, day and version that it has records of."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from mmap import ACCESS_READ, mmap
from pathlib import Path

import msgspec
import polars as pl

from scoreline.prediction_log.decoding import make_table
from scoreline.prediction_log.frames import Damage, Frame
from scoreline.prediction_log.header import Header
from scoreline.prediction_log.places import PARQUET, Places, day_of
from scoreline.prediction_log.reader import Reader, Recorded
from scoreline.prediction_log.tables import Step, make_day, write_table

BATCH_BYTES = 16 * 1024 * 1024
"""Frames of so many bytes are decoded at a time: a few times as much is all the memory that compaction takes."""

log = logging.getLogger("scoreline.prediction_log")


class Batch:
    """Runs of one version of a deployment on one day, waiting to be a table."""

    def __init__(self, header: Header, day: date) -> None:
        self.header = header
        self.day = day
        self.frames: list[Frame] = []
        self.n_bytes = 0
        self.n_tables = 0

    def add(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.n_bytes += frame.end - frame.begin

    def take(self) -> list[Frame]:
        frames, self.frames, self.n_bytes = self.frames, [], 0
        return frames


class SegmentCompaction:
    """Writes the tables of one complete segment, always under the same names: doing it again changes nothing."""

    def __init__(self, places: Places, path: Path, on_step: Step) -> None:
        self.tables: list[Path] = []
        """Written so far."""
        self._places = places
        self._path = path
        self._on_step = on_step
        self._batches: dict[tuple[int, date], Batch] = {}
        self._damaged: list[bytes] = []
        self._first_damage = 0

    def run(self) -> None:
        """Write all tables. Raises OSError when the disk has no room; what was written then is removed."""
        if not self._path.stat().st_size:
            return
        try:
            with self._path.open("rb") as file:
                data = mmap(file.fileno(), 0, access=ACCESS_READ)
            for item in Reader().read(data):
                if isinstance(item, Damage):
                    self._damage(data[item.begin : item.end], item.begin)
                else:
                    self._add(item)
            for (number, _), batch in self._batches.items():
                self._write(number, batch)
            if self._damaged:
                self._set_aside()
        except BaseException:
            self.undo()
            raise

    def undo(self) -> None:
        """Remove what was written."""
        for table in self.tables:
            table.unlink(missing_ok=True)
        self.tables.clear()

    def _add(self, item: Recorded) -> None:
        key = item.number, day_of(item.frame.at)
        batch = self._batches.get(key)
        if batch is None:
            batch = self._batches[key] = Batch(item.header, key[1])
        batch.add(item.frame)
        if batch.n_bytes >= BATCH_BYTES:
            self._write(item.number, batch)

    def _write(self, number: int, batch: Batch) -> None:
        tables = list(self._decoded(batch))
        if not tables:
            return
        folder = self._places.day(batch.header.deployment, batch.day)
        path = folder / f"{self._path.stem}.{number}.{batch.n_tables}{PARQUET}"
        make_day(folder)
        write_table(path, pl.concat(tables).write_parquet, self._on_step)
        batch.n_tables += 1
        self.tables.append(path)

    def _decoded(self, batch: Batch) -> Iterator[pl.DataFrame]:
        frames = batch.take()
        try:
            yield make_table(batch.header, frames)
        except (ValueError, msgspec.MsgspecError):
            for frame in frames:
                try:
                    yield make_table(batch.header, [frame])
                except (ValueError, msgspec.MsgspecError) as error:
                    log.warning("%s, byte %d: %s", self._path.name, frame.begin, error)
                    self._damage(frame.description + frame.blocks, frame.begin)

    def _damage(self, data: bytes, begin: int) -> None:
        if not self._damaged:
            self._first_damage = begin
        self._damaged.append(data)

    def _set_aside(self) -> None:
        self._places.set_aside.mkdir(exist_ok=True)
        kept = self._places.set_aside / f"{self._path.stem}.damaged"
        n_bytes = kept.write_bytes(b"".join(self._damaged))
        log.warning(
            "%s: %d bytes, the first of them at byte %d, cannot be read and were set aside as %s; the rest is kept",
            self._path.name,
            n_bytes,
            self._first_damage,
            kept,
        )
