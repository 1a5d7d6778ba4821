"""Assets in the metadata's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from scoreline.core.assets import Asset, AssetKind
from scoreline.storage.metadata import MetadataStore
from scoreline.storage.tables.assets import assets


class AssetRecords:
    """The rows of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def assets(self, space: str, kind: AssetKind) -> list[Asset]:
        return self._find(assets.c.space == space, assets.c.kind == kind)

    def asset(self, asset_id: str) -> Asset | None:
        return next(iter(self._find(assets.c.id == asset_id)), None)

    def in_state(self, kind: AssetKind, states: tuple[str, ...]) -> list[Asset]:
        return self._find(assets.c.kind == kind, assets.c.state.in_(states))

    def ids(self, space: str, kind: AssetKind, states: tuple[str, ...]) -> list[str]:
        meant = (assets.c.space == space, assets.c.kind == kind, assets.c.state.in_(states))
        query = select(assets.c.id).where(*meant).order_by(assets.c.updated_at, assets.c.id)
        return list(self._connection.execute(query).scalars())

    def forget(self, kind: AssetKind, states: tuple[str, ...], *, before: datetime) -> None:
        over = (assets.c.kind == kind, assets.c.state.in_(states), assets.c.updated_at < before)
        self._connection.execute(delete(assets).where(*over))

    def put(self, asset: Asset) -> None:
        fields = {name: getattr(asset, name) for name in asset.__struct_fields__}
        fields["details"] = _as_json(asset.details)
        if self._connection.execute(update(assets).where(assets.c.id == asset.id).values(**fields)).rowcount == 0:
            self._connection.execute(insert(assets).values(**fields))

    def delete(self, asset_id: str) -> None:
        self._connection.execute(delete(assets).where(assets.c.id == asset_id))

    def _find(self, *conditions: ColumnElement[bool]) -> list[Asset]:
        query = select(assets).where(*conditions).order_by(assets.c.created_at, assets.c.id)
        return [Asset(**row) for row in self._connection.execute(query).mappings()]


class MetadataAssets:
    """Keeps assets beside the registry's records."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    @contextmanager
    def reading(self) -> Iterator[AssetRecords]:
        """Open a snapshot."""
        with self._metadata.transaction(writing=False) as connection:
            yield AssetRecords(connection)

    @contextmanager
    def writing(self) -> Iterator[AssetRecords]:
        """Open the one writing transaction."""
        with self._metadata.transaction(writing=True) as connection:
            yield AssetRecords(connection)


def _as_json(details: dict[str, Any]) -> Any:
    """Return what JSON can say of it: numbers that are none become null, which means the same."""
    return msgspec.json.decode(msgspec.json.encode(details))
