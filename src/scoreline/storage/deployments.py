"""Deployments in SQL: their own rows, their splits and shadows, and the versions that all of them mean now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Table, and_, or_, select

from scoreline.core.entities import Deployment, LogSettings, Shadow, Share
from scoreline.storage.tables import alias_changes, aliases, deployments, shadows, shares, versions


def find_deployments(connection: Connection, name: str | None = None) -> list[Deployment]:
    """Return all deployments by name, or the one of this name if it is there."""
    own = _meaning(deployments, deployments.c.name, name, alias_changes.c.changed_at).order_by(deployments.c.name)
    rows = connection.execute(own).mappings().all()
    if not rows:
        return []
    split: dict[str, list[Share]] = {}
    for row in connection.execute(_meaning(shares, shares.c.deployment, name).order_by(shares.c.position)).mappings():
        split.setdefault(row["deployment"], []).append(Share(**_meant(row), weight=row["weight"]))
    shadow = {
        row["deployment"]: Shadow(**_meant(row), share=row["share"])
        for row in connection.execute(_meaning(shadows, shadows.c.deployment, name)).mappings()
    }
    return [_deployment(row, split.get(row["name"], ()), shadow.get(row["name"])) for row in rows]


def _meaning(table: Table, key: Any, name: str | None, *more: Any) -> Select[Any]:
    """Join each row with the version that it means now: the pinned one, or the one its alias points to."""
    followed = and_(aliases.c.model == table.c.model, aliases.c.alias == table.c.alias)
    meant = and_(
        versions.c.model == table.c.model,
        or_(versions.c.number == table.c.number, versions.c.number == aliases.c.version),
    )
    joined = (
        table.outerjoin(aliases, followed)
        .outerjoin(alias_changes, alias_changes.c.id == aliases.c.change)
        .join(versions, meant)
    )
    query = select(table, versions.c.number.label("version"), versions.c.digest, *more).select_from(joined)
    return query if name is None else query.where(key == name)


def _meant(row: RowMapping) -> dict[str, Any]:
    reference = f"@{row['alias']}" if row["alias"] is not None else str(row["number"])
    return {"reference": reference, "version": row["version"], "digest": row["digest"]}


def _deployment(row: RowMapping, split: Sequence[Share], shadow: Shadow | None) -> Deployment:
    moved_at = row["changed_at"] or row["updated_at"]
    return Deployment(
        **_meant(row),
        name=row["name"],
        model=row["model"],
        created_at=row["created_at"],
        updated_at=max(row["updated_at"], moved_at),
        default=row["is_default"],
        split=tuple(split),
        sticky=row["sticky"],
        shadow=shadow,
        log=LogSettings(enabled=row["log_enabled"], sample=row["log_sample"], hidden=tuple(row["log_hidden"])),
    )
