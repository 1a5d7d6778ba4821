"""What ``/diagnostics`` tells: how long things take, what is missing, which packages are there."""

from __future__ import annotations

import msgspec

from scoreline.app.data_sets.columns import Missing, missing, training_missing
from scoreline.app.dependencies import Dependency, dependencies
from scoreline.serving.active import Active
from scoreline.serving.histograms import quantile
from scoreline.serving.meters import Meters
from scoreline.serving.metrics import CHECKED_ROWS, DURATION, MISSING, Key, bucket_name
from scoreline.web.control.udacity.asking import Table

TRAINING = "the training data"
ANSWERED = "rows that were answered"


class Timing(msgspec.Struct, frozen=True):
    """Seconds."""

    n_requests: int
    """Answered by all workers since the server's start."""
    scoring_p50_seconds: float | None
    """Of a request, from its headers to its answer; None: there was none."""
    scoring_p95_seconds: float | None
    one_row_p50_seconds: float | None
    """Of the model alone, measured when it was made; None: it was not."""
    training_seconds: float | None
    """Of all trials of the experiment together; None: the model was made elsewhere."""


class Diagnostics(msgspec.Struct, frozen=True):
    """The answer."""

    deployment: str
    model: str
    version: int
    timing: Timing
    missing: Missing | None
    """None: nobody knows."""
    dependencies: list[Dependency]


def diagnose(active: Active, table: Table | None, meters: Meters) -> Diagnostics:
    """Tell it, of ``table`` where there is one. What is noted of requests has been counted."""
    totals = meters.totals.read()
    manifest = active.pipeline.manifest
    found = (
        missing(table.frame, table.of)
        if table is not None
        else training_missing(manifest, TRAINING) or _missing_in_requests(active, totals)
    )
    return Diagnostics(
        active.name, active.model, active.version, _timing(active, totals), found, dependencies(manifest)
    )


def _timing(active: Active, totals: dict[Key, float]) -> Timing:
    names = [*map(bucket_name, DURATION.bounds), bucket_name(None)]
    counts = [totals.get((DURATION.name, active.full_name, "total", name), 0.0) for name in names]
    manifest = active.pipeline.manifest
    trials = manifest.leaderboard
    return Timing(
        n_requests=int(sum(counts)),
        scoring_p50_seconds=quantile(DURATION.bounds, counts, 0.5),
        scoring_p95_seconds=quantile(DURATION.bounds, counts, 0.95),
        one_row_p50_seconds=None if manifest.latency is None else manifest.latency.p50_seconds,
        training_seconds=sum(trial["seconds"] for trial in trials) if trials else None,
    )


def _missing_in_requests(active: Active, totals: dict[Key, float]) -> Missing | None:
    n_rows = int(totals.get((CHECKED_ROWS.name, active.full_name), 0))
    if not n_rows:
        return None
    names = active.pipeline.schema.names
    counts = {name: totals.get((MISSING.name, active.full_name, name), 0.0) for name in names}
    return Missing(ANSWERED, n_rows, {name: 100 * n / n_rows for name, n in counts.items()})
