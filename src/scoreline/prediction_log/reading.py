"""Read a prediction log: tables and live segments as one, filtered, in the order of time."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import polars as pl

from scoreline.core.errors import BadSetting
from scoreline.prediction_log.condition import condition
from scoreline.prediction_log.decoding import TIME
from scoreline.prediction_log.frames import Damage
from scoreline.prediction_log.places import Places
from scoreline.prediction_log.reader import Reader
from scoreline.prediction_log.snapshot import Day, Window, reading, snapshot

SLICE_ROWS = 1_000_000
"""About so many records are held at a time."""
RECENT = (timedelta(seconds=10), timedelta(minutes=10))
"""Where the last records are looked for before everything is looked through."""


class Query(NamedTuple):
    """Which records are wanted."""

    window: Window = Window()
    version: int | None = None
    request_id: str | None = None
    where: tuple[str, ...] = ()
    """Conditions, all of which must hold: see ``condition``."""
    shadow: bool = False
    """Also what shadow versions scored, which nobody was given."""


class Selection:
    """The records of a deployment that a query wants; to be used within ``reading``."""

    def __init__(self, days: Sequence[Day], query: Query) -> None:
        self._days = days
        self._query = query
        self._empty = _empty([part for day in days for part in day.parts()])
        self._filters = filters(query, self._empty)

    def newest(self, limit: int) -> pl.DataFrame:
        """Return the last ``limit`` records, the newest last."""
        found: list[pl.DataFrame] = []
        n_missing = limit
        for records in self._slices(newest_first=True):
            if n_missing <= 0:
                break
            found.append(records.tail(n_missing))
            n_missing -= len(found[-1])
        return pl.concat([self._empty, *reversed(found)])

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Yield all records in the order of time, in frames of the same columns; at least one."""
        yield self._empty
        yield from self._slices()

    def _slices(self, *, newest_first: bool = False) -> Iterator[pl.DataFrame]:
        step = -1 if newest_first else 1
        for day in self._days[::step]:
            records = pl.concat([self._empty.lazy(), *day.parts()], how="diagonal_relaxed")
            for window in _cut(records)[::step]:
                wanted = records.filter(*window.filters(), *self._filters)
                yield wanted.collect(engine="streaming").sort("time", maintain_order=True)


def select(places: Places, deployment: str, query: Query) -> contextlib.AbstractContextManager[Selection]:
    """Give the records that ``query`` wants, as they are now. Raises BadSetting for a condition that cannot hold."""

    @contextlib.contextmanager
    def selection() -> Iterator[Selection]:
        with reading(places):
            yield Selection(snapshot(places, deployment, query.window), query)

    return selection()


def newest(places: Places, deployment: str, query: Query, limit: int) -> pl.DataFrame:
    """Return the last ``limit`` records that ``query`` wants, the newest last. Raises BadSetting."""
    end = query.window.until or datetime.now(UTC)
    for length in RECENT:
        begin = end - length
        if query.window.since is not None and begin <= query.window.since:
            break
        recent = query._replace(window=Window(begin, query.window.until))
        with contextlib.suppress(BadSetting), select(places, deployment, recent) as found:  # a column may be older
            records = found.newest(limit)
            if len(records) == limit:
                return records
    with select(places, deployment, query) as found:
        return found.newest(limit)


def filters(query: Query, empty: pl.DataFrame) -> list[pl.Expr]:
    """Return what ``query`` asks of records with the columns of ``empty``."""
    found = query.window.filters()
    if query.version is not None:
        found.append(pl.col("version") == query.version)
    if query.request_id is not None:
        found.append(pl.col("request_id") == query.request_id)
    if not query.shadow:
        found.append(~pl.col("shadow"))
    if empty.width:
        found += [condition(text, empty.schema) for text in query.where]
    return found


def deployments_with_records(places: Places) -> list[str]:
    """Return the deployments that have records, whether they are still deployed or not."""
    found = set(places.deployments())
    for path in places.segment_files():
        with contextlib.suppress(FileNotFoundError):
            for item in Reader().read(path.read_bytes()):
                if not isinstance(item, Damage):
                    found.add(item.header.deployment)
    return sorted(found)


def _empty(parts: Sequence[pl.LazyFrame]) -> pl.DataFrame:
    """Return a frame without rows and with the columns of all ``parts``, in types that hold those of each."""
    schemas: dict[str, pl.Schema] = {}
    for part in parts:
        schema = part.collect_schema()
        schemas.setdefault(str(list(schema.items())), schema)
    empty = [pl.DataFrame(schema=schema) for schema in schemas.values()]
    return pl.concat(empty, how="diagonal_relaxed") if empty else pl.DataFrame(schema={"time": TIME})


def _cut(records: pl.LazyFrame) -> list[Window]:
    """Divide a day so that each part has about SLICE_ROWS records."""
    n_rows = records.select(pl.len()).collect(engine="streaming").item()
    n_parts = math.ceil(n_rows / SLICE_ROWS)
    if n_parts <= 1:
        return [Window()]
    first, last = records.select(first=pl.col("time").min(), last=pl.col("time").max()).collect().row(0)
    edges: list[datetime | None] = [None, *(first + (last - first) * i / n_parts for i in range(1, n_parts)), None]
    return [Window(since, until) for since, until in pairwise(edges)]
