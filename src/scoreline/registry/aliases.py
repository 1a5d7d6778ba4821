"""How an alias moves: a log of changes in which each knows the one that a rollback goes back to."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from scoreline.core.entities import AliasChange
from scoreline.core.errors import Conflict
from scoreline.registry.names import missing
from scoreline.registry.seams import Records


def promote(records: Records, model: str, version: int, alias: str, at: datetime) -> AliasChange:
    """Point ``alias`` at ``version``; a rollback goes back to the change in force now."""
    current = records.alias(model, alias)
    if current is not None and current.version == version:
        return replace(current, previous=version)
    change = records.move_alias(
        AliasChange(
            id=0,
            model=model,
            alias=alias,
            version=version,
            previous=current.version if current else None,
            action="promote",
            changed_at=at,
            parent=current.id if current else None,
        )
    )
    records.count_change()
    return change


def rollback(records: Records, model: str, alias: str, at: datetime) -> AliasChange:
    """Point ``alias`` where it pointed before the change in force; a second rollback goes on from there."""
    current = records.alias(model, alias)
    if current is None:
        known = records.model(model)
        raise missing("alias", alias, known.aliases if known else (), inside=model)
    target = _before(records, current)
    while target is not None and (target.version == current.version or records.version(model, target.version) is None):
        target = _before(records, target)
    if target is None:
        raise Conflict(
            f"{model}@{alias} points to version {current.version} and to none before it",
            hint=f"scoreline promote {model}@VERSION points it elsewhere",
        )
    change = records.move_alias(
        replace(
            current,
            id=0,
            version=target.version,
            previous=current.version,
            action="rollback",
            changed_at=at,
            parent=target.parent,
        )
    )
    records.count_change()
    return change


def _before(records: Records, change: AliasChange) -> AliasChange | None:
    return None if change.parent is None else records.alias_change(change.parent)
