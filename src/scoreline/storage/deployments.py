"""Deployments in SQL: their own rows, their splits and shadows, and the versions that all of them mean now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Table, and_, or_, select

from scoreline.core.entities import Deployment, LogSettings, Shadow, Share
from scoreline.storage.tables.registry import alias_changes, aliases, deployments, shadows, shares, versions
from scoreline.storage.tables.security import spaces


def find_deployments(connection: Connection, space: str | None = None, name: str | None = None) -> list[Deployment]:
    """Return the deployments of a space by name, or the one of this name if it is there; without a space, all."""

    def chosen(query: Select[Any], table: Table, key: Any) -> Select[Any]:
        if space is not None:
            query = query.where(table.c["space"] == space)
        return query if name is None else query.where(key == name)

    found = _meaning(deployments, alias_changes.c.changed_at, spaces.c.id.label("space_id"))
    found = found.join(spaces, spaces.c.name == deployments.c.space)
    own = chosen(found, deployments, deployments.c.name)
    rows = connection.execute(own.order_by(deployments.c.space, deployments.c.name)).mappings().all()
    if not rows:
        return []
    split: dict[tuple[str, str], list[Share]] = {}
    for row in connection.execute(
        chosen(_meaning(shares), shares, shares.c.deployment).order_by(shares.c.position)
    ).mappings():
        split.setdefault((row["space"], row["deployment"]), []).append(Share(**_meant(row), weight=row["weight"]))
    shadow = {
        (row["space"], row["deployment"]): Shadow(**_meant(row), share=row["share"])
        for row in connection.execute(chosen(_meaning(shadows), shadows, shadows.c.deployment)).mappings()
    }
    keys = [(row["space"], row["name"]) for row in rows]
    return [_deployment(row, split.get(key, ()), shadow.get(key)) for row, key in zip(rows, keys, strict=True)]


def _meaning(table: Table, *more: Any) -> Select[Any]:
    """Join each row with the version that it means now: the pinned one, or the one its alias points to."""
    followed = and_(
        aliases.c.space == table.c["space"], aliases.c.model == table.c.model, aliases.c.alias == table.c.alias
    )
    meant = and_(
        versions.c.space == table.c["space"],
        versions.c.model == table.c.model,
        or_(versions.c.number == table.c.number, versions.c.number == aliases.c.version),
    )
    joined = (
        table.outerjoin(aliases, followed)
        .outerjoin(alias_changes, alias_changes.c.id == aliases.c.change)
        .join(versions, meant)
    )
    return select(table, versions.c.number.label("version"), versions.c.digest, *more).select_from(joined)


def _meant(row: RowMapping) -> dict[str, Any]:
    reference = f"@{row['alias']}" if row["alias"] is not None else str(row["number"])
    return {"reference": reference, "version": row["version"], "digest": row["digest"]}


def _deployment(row: RowMapping, split: Sequence[Share], shadow: Shadow | None) -> Deployment:
    moved_at = row["changed_at"] or row["updated_at"]
    return Deployment(
        **_meant(row),
        id=row["id"],
        space=row["space"],
        space_id=row["space_id"],
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
