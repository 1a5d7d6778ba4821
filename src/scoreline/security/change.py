"""One change of who may do what: its rows, its place in the audit log and the counter go together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from scoreline.core.access import ANYONE, DEFAULT_SPACE, Access
from scoreline.security import audit
from scoreline.security.seams import SecurityRecords, SecurityStore

Clock = Callable[[], datetime]


class By(NamedTuple):
    """Who asks for a change, and from where."""

    access: Access = ANYONE
    origin: str = ""


class Change:
    """A change under way: what it is about is said while it is made."""

    def __init__(self, records: SecurityRecords, by: By, now: datetime) -> None:
        self.records = records
        self.by = by
        self.now = now
        self.target = ""
        self.space = DEFAULT_SPACE

    def of(self, target: str, space: str = DEFAULT_SPACE) -> None:
        """Say what is changed, and in which space."""
        self.target, self.space = target, space


@contextmanager
def changing(store: SecurityStore, action: str, by: By, now: datetime) -> Iterator[Change]:
    """Open a change; at its end it is recorded, and those who keep what callers may do will look again.

    One that turned out to be about nothing leaves no trace.
    """
    with store.writing() as records:
        change = Change(records, by, now)
        yield change
        if not change.target:
            return
        records.count_change()
        audit.append(
            records, action, change.target, by.access, origin=by.origin, outcome="done", space=change.space, now=now
        )


def utc_now() -> datetime:
    """Return the time, as stores keep it."""
    return datetime.now(UTC)
