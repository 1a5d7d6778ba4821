"""Use cases of the prediction log: write it, read it, export it, follow it, make tables of it."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from scoreline.app.settings import App, Settings
from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.entities import log_name, own_name
from scoreline.core.errors import BadSetting, Unsupported
from scoreline.registry.names import check_name, missing

if TYPE_CHECKING:
    import polars as pl

    from scoreline.prediction_log.compactor import Compacted
    from scoreline.prediction_log.log import PredictionLog
    from scoreline.prediction_log.places import Places
    from scoreline.prediction_log.reading import Query
    from scoreline.prediction_log.statistics import Overview, Statistics

__all__ = [
    "Overview",
    "Statistics",
    "Wanted",
    "compact",
    "export",
    "folder_of",
    "follow",
    "is_kept",
    "newest",
    "open_log",
    "overview",
    "run_compactor",
    "statistics",
]

MEGABYTE = 1024 * 1024
POSSIBLE = importlib.util.find_spec("fcntl") is not None

log = logging.getLogger("scoreline.prediction_log")


class Wanted(NamedTuple):
    """Which records of a deployment are wanted."""

    deployment: str
    """Its name in the application's space."""
    since: datetime | None = None
    until: datetime | None = None
    version: int | None = None
    request_id: str | None = None
    where: tuple[str, ...] = ()
    """Conditions that all hold: ``age > 30``, ``purpose=radio``, or an expression of SQL."""
    shadow: bool = False
    """Also what shadow versions scored."""


def folder_of(settings: Settings) -> Path:
    """Return where the prediction log lies."""
    return settings.home / "predictions"


def is_kept(settings: Settings) -> bool:
    """Whether the answers of a server leave their record; loads what that takes, so that workers share it."""
    if not settings.prediction_log:
        return False
    if not POSSIBLE:
        log.warning("answers leave no record: the prediction log needs a POSIX system")
        return False
    importlib.import_module("scoreline.prediction_log.log")
    return True


@contextlib.contextmanager
def open_log(settings: Settings) -> Iterator[PredictionLog | None]:
    """Give what records the answers of this process, or nothing where that is switched off or impossible.

    It is opened in the process that answers, after any fork.
    """
    if not settings.prediction_log or not POSSIBLE:
        yield None
        return
    from scoreline.prediction_log.keeper import Limits
    from scoreline.prediction_log.log import PredictionLog

    limits = Limits(
        segment_bytes=int(settings.prediction_log_segment_mb * MEGABYTE),
        segment_seconds=settings.prediction_log_segment_seconds,
    )
    with PredictionLog(folder_of(settings), limits) as opened:
        yield opened


def run_compactor(settings: Settings, stop: Event) -> None:
    """Make tables of segments until ``stop``; for a process of its own beside the workers."""
    from scoreline.prediction_log.side import run_compactor

    run_compactor(folder_of(settings), stop, settings.prediction_log_days)


def compact(app: App) -> Compacted:
    """Make tables of all segments that are complete, now."""
    from scoreline.prediction_log.compactor import Compactor

    return Compactor(folder_of(app.settings), keep_days=app.settings.prediction_log_days).round()


def overview(app: App) -> list[Overview]:
    """Return what there is of each deployment of the space, those that are deployed no longer among them."""
    from scoreline.prediction_log.statistics import overview

    return [
        structs.replace(each, deployment=name)
        for each in overview(_places(app))
        if (name := _own_name(app, each.deployment)) is not None
    ]


def newest(app: App, wanted: Wanted, limit: int) -> pl.DataFrame:
    """Return the last records, the newest last. Raises NotFound, BadSetting."""
    from scoreline.prediction_log.reading import newest

    return newest(_places(app), _known(app, wanted.deployment), _query(wanted), limit)


def export(app: App, wanted: Wanted, output: str, limit: int | None = None) -> int:
    """Write all records, or the last ``limit``, to a table, in the order of time; return how many.

    The suffix of ``output`` chooses the format; ``-`` is standard output, as CSV. Raises NotFound, BadSetting.
    """
    from scoreline.data.writing import TableWriter
    from scoreline.prediction_log.reading import select

    n_rows = 0
    with (
        select(_places(app), _known(app, wanted.deployment), _query(wanted)) as found,
        TableWriter(output) as writer,
    ):
        for records in found if limit is None else [found.newest(limit)]:
            writer.write(records)
            n_rows += len(records)
    return n_rows


def follow(app: App, wanted: Wanted, limit: int, stop: Event, every_seconds: float = 0.5) -> Iterator[pl.DataFrame]:
    """Yield the last records, then new ones as they are written, until ``stop``. Raises NotFound, BadSetting."""
    from scoreline.prediction_log.following import Follower
    from scoreline.prediction_log.reading import filters, newest
    from scoreline.prediction_log.snapshot import reading

    name, query = _known(app, wanted.deployment), _query(wanted)
    with Follower(_places(app), name) as follower:
        last = newest(_places(app), name, query, limit)
        yield last
        told = last.select("time", "request_id", "row", "version") if last.width > 1 else None
        while not stop.wait(every_seconds):
            with reading(_places(app)):  # however long the reader takes, nothing unread is removed
                for records in follower.poll():
                    try:
                        new = records.filter(filters(query, records.clear()))
                    except BadSetting:  # a version that does not have the column
                        continue
                    if told is not None:  # written while the last ones were read
                        new = new.join(told, on=told.columns, how="anti", maintain_order="left")
                    if len(new):
                        yield new
            told = None


def statistics(app: App, wanted: Wanted) -> Statistics:
    """Count the records of a deployment, by version, and what was lost. Raises NotFound."""
    from scoreline.prediction_log.snapshot import Window
    from scoreline.prediction_log.statistics import statistics

    found = statistics(_places(app), _known(app, wanted.deployment), Window(wanted.since, wanted.until))
    return structs.replace(found, deployment=wanted.deployment)


def _places(app: App) -> Places:
    if not POSSIBLE:
        raise Unsupported("the prediction log needs a POSIX system", hint="copy its tables here: they are Parquet")
    from scoreline.prediction_log.places import Places

    return Places(folder_of(app.settings))


def _query(wanted: Wanted) -> Query:
    from scoreline.prediction_log.reading import Query
    from scoreline.prediction_log.snapshot import Window

    return Query(Window(wanted.since, wanted.until), wanted.version, wanted.request_id, wanted.where, wanted.shadow)


def _space_id(app: App) -> str:
    """Return the id by which the log knows the space. Raises NotFound. The default one needs none, and no database."""
    return DEFAULT_SPACE if app.settings.space == DEFAULT_SPACE else app.space_id


def _own_name(app: App, logged: str) -> str | None:
    """Return a deployment's name within the space; None: it is another space's."""
    return own_name(logged, _space_id(app))


def _known(app: App, name: str) -> str:
    """Return what the log calls a deployment that there is, or of which there are records. Raises NotFound."""
    from scoreline.prediction_log.reading import deployments_with_records

    check_name("deployment", name)
    full = log_name(name, app.settings.space, _space_id(app))
    if full in _places(app).deployments() or full in (found := deployments_with_records(_places(app))):
        return full
    deployed = [deployment.name for deployment in app.registry.deployments()]
    if name in deployed:
        return full
    logged = [own for each in found if (own := _own_name(app, each)) is not None]
    raise missing("deployment", name, dict.fromkeys([*logged, *deployed]))
