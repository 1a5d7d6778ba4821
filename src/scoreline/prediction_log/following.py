"""Follow a log: what is written from now on, as soon as it is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import polars as pl

from scoreline.prediction_log.decoding import make_table
from scoreline.prediction_log.frames import Damage, Frame
from scoreline.prediction_log.header import Header
from scoreline.prediction_log.places import Places
from scoreline.prediction_log.reader import Reader


class _Open(NamedTuple):
    file: int
    reader: Reader


class Follower:
    """Reads what segments have that they had not before. A segment stays open, so that none can be removed unread."""

    def __init__(self, places: Places, deployment: str) -> None:
        self._places = places
        self._deployment = deployment
        self._open: dict[Path, _Open] = {}
        self._read()

    def poll(self) -> list[pl.DataFrame]:
        """Return the new records, those of one version of a segment to a frame."""
        return [make_table(header, frames) for header, frames in self._read()]

    def _read(self) -> Iterable[tuple[Header, list[Frame]]]:
        present = self._places.segment_files()
        for path in present:
            if path not in self._open:
                try:
                    self._open[path] = _Open(os.open(path, os.O_RDONLY | os.O_CLOEXEC), Reader())
                except FileNotFoundError:
                    continue
        found: dict[tuple[Path, int], tuple[Header, list[Frame]]] = {}
        for path, (file, reader) in list(self._open.items()):
            position = reader.position
            data = os.pread(file, max(os.fstat(file).st_size - position, 0), position)
            for item in reader.read(data, position):
                if not isinstance(item, Damage) and item.header.deployment == self._deployment:
                    found.setdefault((path, item.number), (item.header, []))[1].append(item.frame)
            if path not in present:
                os.close(self._open.pop(path).file)
        return found.values()

    def __enter__(self) -> Follower:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file, _ in self._open.values():
            os.close(file)
        self._open.clear()
