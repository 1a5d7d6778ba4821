"""The registry's records of one space in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, delete, exists, func, insert, select, update

from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.entities import AliasChange, Deployment, LogSettings, Model, Version
from scoreline.storage.deployment_keys import withdraw_deployment
from scoreline.storage.deployments import find_deployments
from scoreline.storage.tables.registry import (
    alias_changes,
    aliases,
    counters,
    deployments,
    models,
    shadows,
    shares,
    versions,
)
from scoreline.storage.tables.security import spaces

CHANGES = "registry"
"""The counter that deployments follow."""


class RegistryRecords:
    """Rows of the registry inside one transaction (see ``scoreline.registry.seams.Records``)."""

    def __init__(self, connection: Connection, space: str = DEFAULT_SPACE) -> None:
        self._connection = connection
        self._space = space

    def has_space(self) -> bool:
        return bool(self._connection.execute(select(exists().where(spaces.c.name == self._space))).scalar())

    # models

    def models(self) -> list[Model]:
        return self._models(self._models_query())

    def model(self, name: str) -> Model | None:
        return next(iter(self._models(self._models_query().where(models.c.name == name))), None)

    def _models(self, query: Select[Any]) -> list[Model]:
        rows = self._rows(query)
        moved = select(aliases.c.model, aliases.c.alias, aliases.c.version).where(self._own(aliases))
        moved = moved.order_by(aliases.c.alias)
        if len(rows) == 1:
            moved = moved.where(aliases.c.model == rows[0]["name"])
        by_model: dict[str, dict[str, int]] = {}
        for row in self._rows(moved):
            by_model.setdefault(row["model"], {})[row["alias"]] = row["version"]
        return [Model(**row, aliases=by_model.get(row["name"], {})) for row in rows]

    def add_model(self, name: str, created_at: datetime) -> None:
        self._connection.execute(
            insert(models).values(space=self._space, name=name, created_at=created_at, last_number=0)
        )

    def delete_model(self, name: str) -> None:
        self._connection.execute(delete(models).where(self._own(models), models.c.name == name))

    def next_number(self, model: str) -> int:
        taken = (
            update(models).where(self._own(models), models.c.name == model).values(last_number=models.c.last_number + 1)
        )
        return int(self._connection.execute(taken.returning(models.c.last_number)).scalar_one())

    # versions

    def versions(self, model: str) -> list[Version]:
        query = (
            select(versions).where(self._own(versions), versions.c.model == model).order_by(versions.c.number.desc())
        )
        return [Version(**row) for row in self._rows(query)]

    def version(self, model: str, number: int) -> Version | None:
        row = self._row(select(versions).where(*self._version(model, number)))
        return Version(**row) if row else None

    def version_with(self, model: str, digest: str) -> Version | None:
        row = self._row(
            select(versions).where(self._own(versions), versions.c.model == model, versions.c.digest == digest)
        )
        return Version(**row) if row else None

    def add_version(self, version: Version) -> None:
        fields = {name: getattr(version, name) for name in version.__struct_fields__}
        self._connection.execute(insert(versions).values(**fields | {"space": self._space}))

    def delete_version(self, model: str, number: int) -> None:
        self._connection.execute(delete(versions).where(*self._version(model, number)))

    def holds(self, digest: str) -> bool:
        return bool(self._connection.execute(select(exists().where(versions.c.digest == digest))).scalar())

    # aliases

    def alias(self, model: str, alias: str) -> AliasChange | None:
        joined = alias_changes.join(aliases, aliases.c.change == alias_changes.c.id)
        row = self._row(select(alias_changes).select_from(joined).where(*self._alias(model, alias)))
        return AliasChange(**row) if row else None

    def alias_change(self, change: int) -> AliasChange | None:
        row = self._row(select(alias_changes).where(self._own(alias_changes), alias_changes.c.id == change))
        return AliasChange(**row) if row else None

    def alias_changes(self, model: str, alias: str) -> list[AliasChange]:
        named = (alias_changes.c.model == model, alias_changes.c.alias == alias)
        query = select(alias_changes).where(self._own(alias_changes), *named)
        return [AliasChange(**row) for row in self._rows(query.order_by(alias_changes.c.id.desc()))]

    def move_alias(self, change: AliasChange) -> AliasChange:
        fields = {name: getattr(change, name) for name in change.__struct_fields__ if name != "id"}
        added = insert(alias_changes).values(**fields | {"space": self._space}).returning(alias_changes)
        row = self._connection.execute(added).mappings().one()
        moved = AliasChange(**row)
        where = and_(*self._alias(change.model, change.alias))
        target = {"version": moved.version, "change": moved.id}
        if self._connection.execute(update(aliases).where(where).values(**target)).rowcount == 0:
            named = {"space": self._space, "model": change.model, "alias": change.alias}
            self._connection.execute(insert(aliases).values(**named, **target))
        return moved

    def delete_alias(self, model: str, alias: str) -> None:
        self._connection.execute(delete(aliases).where(*self._alias(model, alias)))

    # deployments

    def deployments(self) -> list[Deployment]:
        return find_deployments(self._connection, self._space)

    def every_deployment(self) -> list[Deployment]:
        return find_deployments(self._connection)

    def deployment(self, name: str) -> Deployment | None:
        return next(iter(find_deployments(self._connection, self._space, name)), None)

    def put_deployment(
        self, name: str, model: str, *, alias: str | None, number: int | None, default: bool, at: datetime
    ) -> None:
        if default:
            self._connection.execute(update(deployments).where(self._own(deployments)).values(is_default=False))
        fields = {"model": model, "alias": alias, "number": number, "is_default": default, "updated_at": at}
        changed = update(deployments).where(*self._deployment(name)).values(**fields)
        if self._connection.execute(changed).rowcount == 0:
            named = {"space": self._space, "name": name, "id": str(uuid4()), "created_at": at}
            self._connection.execute(insert(deployments).values(**named, **fields))

    def put_split(
        self, name: str, split: Sequence[tuple[str | None, int | None, float]], *, sticky: bool, at: datetime
    ) -> None:
        self._connection.execute(delete(shares).where(self._own(shares), shares.c.deployment == name))
        for position, (alias, number, weight) in enumerate(split):
            self._add_reference(shares, name, alias, number, position=position, weight=weight)
        self._change_deployment(name, sticky=sticky, updated_at=at)

    def put_shadow(self, name: str, shadow: tuple[str | None, int | None, float] | None, *, at: datetime) -> None:
        self._connection.execute(delete(shadows).where(self._own(shadows), shadows.c.deployment == name))
        if shadow is not None:
            alias, number, share = shadow
            self._add_reference(shadows, name, alias, number, share=share)
        self._change_deployment(name, updated_at=at)

    def put_log(self, name: str, settings: LogSettings, *, at: datetime) -> None:
        fields = {"log_enabled": settings.enabled, "log_sample": settings.sample, "log_hidden": list(settings.hidden)}
        self._change_deployment(name, updated_at=at, **fields)

    def _add_reference(self, table: Table, name: str, alias: str | None, number: int | None, **fields: Any) -> None:
        model = select(deployments.c.model).where(*self._deployment(name)).scalar_subquery()
        added = insert(table).values(
            space=self._space, deployment=name, model=model, alias=alias, number=number, **fields
        )
        self._connection.execute(added)

    def _change_deployment(self, name: str, **fields: Any) -> None:
        self._connection.execute(update(deployments).where(*self._deployment(name)).values(**fields))

    def delete_deployment(self, name: str, *, keep_keys: bool = False) -> None:
        if not keep_keys:
            withdraw_deployment(self._connection, self._space, name)
        self._connection.execute(delete(deployments).where(*self._deployment(name)))

    # changes

    def change_counter(self) -> int:
        return int(self._connection.execute(select(counters.c.value).where(counters.c.name == CHANGES)).scalar_one())

    def count_change(self) -> None:
        raised = update(counters).where(counters.c.name == CHANGES).values(value=counters.c.value + 1)
        self._connection.execute(raised)

    def _own(self, table: Table) -> ColumnElement[bool]:
        return table.c["space"] == self._space

    def _version(self, model: str, number: int) -> tuple[ColumnElement[bool], ...]:
        return self._own(versions), versions.c.model == model, versions.c.number == number

    def _alias(self, model: str, alias: str) -> tuple[ColumnElement[bool], ...]:
        return self._own(aliases), aliases.c.model == model, aliases.c.alias == alias

    def _deployment(self, name: str) -> tuple[ColumnElement[bool], ...]:
        return self._own(deployments), deployments.c.name == name

    def _rows(self, query: Select[Any]) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def _row(self, query: Select[Any]) -> dict[str, Any] | None:
        row = self._connection.execute(query).mappings().one_or_none()
        return dict(row) if row is not None else None

    def _models_query(self) -> Select[Any]:
        latest = select(func.coalesce(func.max(versions.c.number), 0))
        latest = latest.where(versions.c.space == models.c.space, versions.c.model == models.c.name)
        columns = (models.c.space, models.c.name, models.c.created_at, latest.scalar_subquery().label("latest"))
        return select(*columns).where(self._own(models)).order_by(models.c.name)
