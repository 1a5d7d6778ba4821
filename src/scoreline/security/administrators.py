"""There is always somebody who administers the installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from scoreline.core.access import EVERY_SPACE
from scoreline.core.errors import Conflict
from scoreline.core.identities import Key, User
from scoreline.security.seams import SecurityRecords


def administered(records: SecurityRecords, now: datetime) -> bool:
    """Whether a user or a key administers the installation and goes on to: one that expires does not."""
    keys = [key for key in records.find_keys() if key.holds(now) and key.expires_at is None]
    return any(key.user is None and _is_administrators(key) for key in keys) or any(
        _can_come_in(user, keys) for user in records.users() if user.roles.get(EVERY_SPACE) == "admin"
    )


@contextmanager
def one_kept(records: SecurityRecords, now: datetime, who: str) -> Iterator[None]:
    """Raise Conflict when what is done inside has taken the last administrator away."""
    before = administered(records, now)
    yield
    if before and not administered(records, now):
        raise Conflict(
            f"{who} is the last administrator of the installation",
            hint="make another first: scoreline key create NAME --role admin --space '*'",
        )


def _is_administrators(key: Key) -> bool:
    return key.space == EVERY_SPACE and "admin" in key.actions


def _can_come_in(user: User, keys: list[Key]) -> bool:
    return user.has_password or any(key.user == user.id and _is_administrators(key) for key in keys)
