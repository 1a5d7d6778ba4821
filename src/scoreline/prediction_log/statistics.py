"""What a log holds, in numbers."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
import polars as pl

from scoreline.prediction_log.losses import Loss, read_losses
from scoreline.prediction_log.places import Places, tables
from scoreline.prediction_log.reading import deployments_with_records
from scoreline.prediction_log.snapshot import Window, reading, snapshot


class VersionStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """The records of one version."""

    model: str
    version: int
    shadow: bool
    n_requests: int
    n_rows: int
    first_at: datetime
    last_at: datetime
    p50_latency_ms: float
    p99_latency_ms: float


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """The records of one deployment."""

    deployment: str
    n_requests: int
    """That were answered by it; those of shadows are not counted."""
    n_rows: int
    first_at: datetime | None
    last_at: datetime | None
    versions: list[VersionStatistics]
    lost: Loss | None
    tables_bytes: int
    n_tables: int
    segments_bytes: int
    """Of all deployments: they share segments until these become tables."""
    n_segments: int
    n_set_aside: int
    """Pieces of segments, of all deployments, that could not be read."""


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of one deployment, without looking into it."""

    deployment: str
    first_day: date | None
    """The first day (UTC) that has a table."""
    last_day: date | None
    n_tables: int
    tables_bytes: int
    n_lost: int
    """Requests."""


def overview(places: Places) -> list[Overview]:
    """List the deployments that have records."""
    losses = read_losses(places.losses)
    found = []
    for name in sorted({*deployments_with_records(places), *losses}):
        days = places.days(name)
        sizes = [table.stat().st_size for folder in days.values() for table in tables(folder)]
        found.append(
            Overview(
                deployment=name,
                first_day=min(days, default=None),
                last_day=max(days, default=None),
                n_tables=len(sizes),
                tables_bytes=sum(sizes),
                n_lost=losses[name].n_requests if name in losses else 0,
            )
        )
    return found


def statistics(places: Places, deployment: str, window: Window) -> Statistics:
    """Count what there is."""
    with reading(places):
        days = snapshot(places, deployment, window)
        parts = [
            part.select("time", "row", "model", "version", "shadow", "latency_ms") for d in days for part in d.parts()
        ]
        versions = _versions(parts, window)
        sizes = [table.stat().st_size for folder in places.days(deployment).values() for table in tables(folder)]
        segments = [path.stat().st_size for path in places.segment_files() if path.exists()]
    answered = [one for one in versions if not one.shadow]
    return Statistics(
        deployment=deployment,
        n_requests=sum(one.n_requests for one in answered),
        n_rows=sum(one.n_rows for one in answered),
        first_at=min((one.first_at for one in answered), default=None),
        last_at=max((one.last_at for one in answered), default=None),
        versions=versions,
        lost=read_losses(places.losses).get(deployment),
        tables_bytes=sum(sizes),
        n_tables=len(sizes),
        segments_bytes=sum(segments),
        n_segments=len(segments),
        n_set_aside=sum(1 for _ in places.set_aside.glob("*")),
    )


def _versions(parts: list[pl.LazyFrame], window: Window) -> list[VersionStatistics]:
    if not parts:
        return []
    first = pl.col("row") == 1
    latency = pl.col("latency_ms").filter(first)
    found = (
        pl.concat(parts)
        .filter(*window.filters())
        .group_by("model", "version", "shadow")
        .agg(
            n_requests=first.sum(),
            n_rows=pl.len(),
            first_at=pl.col("time").min(),
            last_at=pl.col("time").max(),
            p50_latency_ms=latency.quantile(0.5),
            p99_latency_ms=latency.quantile(0.99),
        )
        .sort("first_at")
        .collect(engine="streaming")
    )
    return [msgspec.convert(row, VersionStatistics) for row in found.iter_rows(named=True)]
