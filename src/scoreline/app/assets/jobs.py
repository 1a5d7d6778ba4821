"""Jobs that score rows which came with them: kept until they are deleted, and done once, whoever dies meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from scoreline.app.settings import App
from scoreline.core.assets import Asset, check_title, new_id
from scoreline.core.errors import NotFound

QUEUED, RUNNING, COMPLETED, FAILED, CANCELED = "queued", "running", "completed", "failed", "canceled"
UNFINISHED = (QUEUED, RUNNING)
LEASE_SECONDS = 60.0
"""After so long without a sign of life a running job is taken for one whose worker died, and is begun again."""


def create(app: App, space: str, deployment: str, name: str, *, owner: str, details: Mapping[str, Any]) -> Asset:
    """Queue a job of the deployment with this id. Raises BadSetting."""
    now = datetime.now(UTC)
    job = Asset(
        id=new_id(),
        space=space,
        kind="job",
        name=check_title(name),
        owner=owner,
        created_at=now,
        updated_at=now,
        state=QUEUED,
        parent=deployment,
        details=dict(details),
    )
    with app.assets.writing() as records:
        records.put(job)
    return job


def jobs(app: App, space: str, deployment: str | None = None) -> list[Asset]:
    """Return the jobs of a space, or of one deployment in it, oldest first."""
    with app.assets.reading() as records:
        found = records.assets(space, "job")
    return [job for job in found if deployment in (None, job.parent)]


def job(app: App, space: str, asset_id: str) -> Asset:
    """Return one job. Raises NotFound."""
    with app.assets.reading() as records:
        found = records.asset(asset_id)
    if found is None or found.space != space or found.kind != "job":
        raise NotFound(f"no job has the id {asset_id!r}", hint="GET /ml/v4/deployment_jobs lists those of the space")
    return found


def cancel(app: App, space: str, asset_id: str) -> Asset:
    """Have a job end without predictions; one that has ended stays as it is. Raises NotFound."""
    return end(app, job(app, space, asset_id), CANCELED, {})


def delete(app: App, space: str, asset_id: str) -> Asset:
    """Forget a job. Raises NotFound."""
    found = job(app, space, asset_id)
    with app.assets.writing() as records:
        records.delete(found.id)
    return found


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
