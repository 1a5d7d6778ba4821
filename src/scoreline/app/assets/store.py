"""What keeps assets, as their use cases see it, and what these have in common."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from scoreline.core.assets import Asset, AssetKind, check_title, new_id
from scoreline.core.errors import NotFound

if TYPE_CHECKING:
    from scoreline.app.settings import App


class Records(Protocol):
    """The assets of one transaction."""

    def assets(self, space: str, kind: AssetKind) -> list[Asset]:
        """All of a kind in a space, oldest first."""

    def asset(self, asset_id: str) -> Asset | None: ...

    def in_state(self, kind: AssetKind, states: tuple[str, ...]) -> list[Asset]:
        """All of a kind that are in one of these states, of every space, oldest first."""

    def ids(self, space: str, kind: AssetKind, states: tuple[str, ...]) -> list[str]:
        """Ids of all of a kind in a space that are in one of these states, first those that are longest."""

    def forget(self, kind: AssetKind, states: tuple[str, ...], *, before: datetime) -> None:
        """Delete all of a kind that are in one of these states since ``before``, of every space."""

    def put(self, asset: Asset) -> None:
        """Add an asset, or replace the one with its id."""

    def delete(self, asset_id: str) -> None: ...


class AssetStore(Protocol):
    """Keeps assets."""

    def reading(self) -> AbstractContextManager[Records]:
        """Open a snapshot."""

    def writing(self) -> AbstractContextManager[Records]:
        """Open the one writing transaction there can be at a time; an exception undoes it."""


def new_asset(
    space: str,
    kind: AssetKind,
    name: str,
    *,
    owner: str,
    details: Mapping[str, Any],
    asset_id: str = "",
    parent: str | None = None,
    state: str = "",
) -> Asset:
    """Return an asset that is made now. Raises BadSetting for a name that is none."""
    now = datetime.now(UTC)
    return Asset(
        id=asset_id or new_id(),
        space=space,
        kind=kind,
        name=check_title(name),
        owner=owner,
        created_at=now,
        updated_at=now,
        state=state,
        parent=parent,
        details=dict(details),
    )


def put(app: App, asset: Asset) -> Asset:
    """Keep an asset; return it."""
    with app.assets.writing() as records:
        records.put(asset)
    return asset


def remove(app: App, asset: Asset) -> Asset:
    """Forget an asset; return what it was."""
    with app.assets.writing() as records:
        records.delete(asset.id)
    return asset


def find(app: App, space: str, kind: AssetKind, asset_id: str, *, hint: str) -> Asset:
    """Return an asset of a space. Raises NotFound."""
    with app.assets.reading() as records:
        found = records.asset(asset_id)
    if found is None or found.space != space or found.kind != kind:
        raise NotFound(f"no {kind} has the id {asset_id!r}", hint=hint)
    return found
