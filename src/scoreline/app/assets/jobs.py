"""Jobs that score rows which came with them: kept for a time, and done once, whoever dies meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from scoreline.app.assets.store import Records, find, new_asset, remove
from scoreline.app.settings import App
from scoreline.core.assets import Asset
from scoreline.core.errors import NotFound, TooManyRequests

QUEUED, RUNNING, COMPLETED, FAILED, CANCELED = "queued", "running", "completed", "failed", "canceled"
UNFINISHED, ENDED = (QUEUED, RUNNING), (COMPLETED, FAILED, CANCELED)
LEASE_SECONDS = 60.0
"""After so long without a sign of life a running job is taken for one whose worker died, and is begun again."""


def create(app: App, space: str, deployment: str, name: str, *, owner: str, details: Mapping[str, Any]) -> Asset:
    """Queue a job of the deployment with this id; those that ended long ago, or are too many, are forgotten.

    Raises BadSetting, and TooManyRequests where the space has as many that have not ended as it may have jobs.
    """
    job = new_asset(space, "job", name, owner=owner, details=details, parent=deployment, state=QUEUED)
    with app.assets.writing() as records:
        _forget(app, records, space)
        records.put(job)
    return job


def jobs(app: App, space: str, deployment: str | None = None) -> list[Asset]:
    """Return the jobs of a space, or of one deployment in it, oldest first."""
    with app.assets.reading() as records:
        found = records.assets(space, "job")
    return [job for job in found if deployment in (None, job.parent) and not _is_over(app, job)]


def job(app: App, space: str, asset_id: str) -> Asset:
    """Return one job. Raises NotFound."""
    hint = "GET /ml/v4/deployment_jobs lists those of the space"
    found = find(app, space, "job", asset_id, hint=hint)
    if _is_over(app, found):
        raise NotFound(f"job {asset_id!r} ended too long ago to be kept", hint=hint)
    return found


def cancel(app: App, space: str, asset_id: str) -> Asset:
    """Have a job end without predictions; one that has ended stays as it is. Raises NotFound."""
    return end(app, job(app, space, asset_id), CANCELED, {})


def delete(app: App, space: str, asset_id: str) -> Asset:
    """Forget a job. Raises NotFound."""
    return remove(app, job(app, space, asset_id))


def take(app: App) -> tuple[Asset | None, float | None]:
    """Take the oldest job that waits, or whose worker died; and say in how many seconds to look again, if ever."""
    now = datetime.now(UTC)
    with app.assets.reading() as records:
        unfinished = records.in_state("job", UNFINISHED)
    if not any(map(is_overdue, unfinished)):
        left = [LEASE_SECONDS - (now - job.updated_at).total_seconds() for job in unfinished]
        return None, min(left, default=None)
    with app.assets.writing() as records:
        for found in records.in_state("job", UNFINISHED):
            if is_overdue(found):
                begun = found.details | {"running_at": now.isoformat()}
                taken = replace(found, state=RUNNING, updated_at=now, details=begun)
                records.put(taken)
                return taken, None
    return None, 0.0


def end(app: App, running: Asset, state: str, details: Mapping[str, Any]) -> Asset:
    """End a job that has not ended. Returns what it is now."""
    now = datetime.now(UTC)
    with app.assets.writing() as records:
        found = records.asset(running.id)
        if found is None or found.state not in UNFINISHED:
            return found or replace(running, state=CANCELED)
        if state != CANCELED and found.updated_at != running.updated_at:
            return found  # this worker was taken for dead, and another one has begun the job again
        ended = found.details | dict(details) | {"completed_at": now.isoformat()}
        kept = replace(found, state=state, updated_at=now, details=ended)
        records.put(kept)
        return kept


def is_overdue(job: Asset) -> bool:
    """Whether a job waits for a worker."""
    age = datetime.now(UTC) - job.updated_at
    return job.state == QUEUED or (job.state == RUNNING and age > timedelta(seconds=LEASE_SECONDS))


def _forget(app: App, records: Records, space: str) -> None:
    """Make room for a job: those that ended long ago go, of every space, and of this one the oldest that have ended."""
    if (oldest := _oldest(app)) is not None:
        records.forget("job", ENDED, before=oldest)
    most = app.settings.max_jobs
    unfinished, ended = (records.ids(space, "job", states) for states in (UNFINISHED, ENDED))
    if len(unfinished) >= most:
        raise TooManyRequests(
            f"{len(unfinished):,} jobs of the space {space!r} have not ended, and it may have {most:,}",
            hint="wait for some, or delete some; SCORELINE_MAX_JOBS sets how many there may be",
            retry_seconds=int(LEASE_SECONDS),
        )
    for job in ended[: max(len(unfinished) + len(ended) + 1 - most, 0)]:
        records.delete(job)


def _is_over(app: App, job: Asset) -> bool:
    """Whether a job ended so long ago that it is to be forgotten."""
    oldest = _oldest(app)
    return job.state in ENDED and oldest is not None and job.updated_at < oldest


def _oldest(app: App) -> datetime | None:
    """Return since when jobs that have ended are kept; None: since ever."""
    days = app.settings.job_days
    return None if days is None else datetime.now(UTC) - timedelta(days=days)
