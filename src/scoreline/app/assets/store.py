"""What keeps assets, as their use cases see it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from scoreline.core.assets import Asset, AssetKind


class Records(Protocol):
    """The assets of one transaction."""

    def assets(self, space: str, kind: AssetKind) -> list[Asset]:
        """All of a kind in a space, oldest first."""

    def asset(self, asset_id: str) -> Asset | None: ...

    def in_state(self, kind: AssetKind, states: tuple[str, ...]) -> list[Asset]:
        """All of a kind that are in one of these states, of every space, oldest first."""

    def put(self, asset: Asset) -> None:
        """Add an asset, or replace the one with its id."""

    def delete(self, asset_id: str) -> None: ...


class AssetStore(Protocol):
    """Keeps assets."""

    def reading(self) -> AbstractContextManager[Records]:
        """Open a snapshot."""

    def writing(self) -> AbstractContextManager[Records]:
        """Open the one writing transaction there can be at a time; an exception undoes it."""
