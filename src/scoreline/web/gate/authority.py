"""What the gate asks of the security room."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from scoreline.core.access import Access
from scoreline.web.gate.refusals import Recorder


class Space(Protocol):
    """What is asked of a space."""

    @property
    def name(self) -> str: ...


class Authority(Recorder, Protocol):
    """Who knows the credentials: the security room."""

    def authenticate_secret(self, secret: str) -> Access:
        """Return whose key or token that is. Raises Unauthenticated."""
        ...

    def authenticate_password(self, name: str, password: str, origin: str = "") -> Access:
        """Return the user. Raises Unauthenticated."""
        ...

    def change_counter(self) -> int:
        """Return a number that grows with every change that an Access does not know of."""
        ...

    def note_use(self, key_ids: Collection[str]) -> None:
        """Write that keys were used lately."""
        ...

    def space(self, id_or_name: str) -> Space:
        """Return a space. Raises NotFound."""
        ...
