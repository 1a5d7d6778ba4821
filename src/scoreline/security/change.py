"""One change of who may do what: its rows, its place in the audit log and the counter go together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from scoreline.core.access import DEFAULT_SPACE, SYSTEM, Access
from scoreline.core.errors import Conflict, Forbidden
from scoreline.core.identities import Outcome
from scoreline.security import audit
from scoreline.security.seams import SecurityRecords, SecurityStore

Clock = Callable[[], datetime]


class By(NamedTuple):
    """Who asks for a change, and from where."""

    access: Access = SYSTEM
    origin: str = ""


class Change:
    """A change under way: what it is about is said while it is made."""

    records: SecurityRecords

    def __init__(self, by: By, now: datetime) -> None:
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

    One that is refused is recorded, too; one that turned out to be about nothing leaves no trace.
    """
    change = Change(by, now)
    try:
        with store.writing() as change.records:
            yield change
            if change.target:
                change.records.count_change()
                _record(change, action, "done")
    except (Conflict, Forbidden):
        with store.writing() as change.records:
            _record(change, action, "refused")
        raise


def _record(change: Change, action: str, outcome: Outcome) -> None:
    audit.append(
        change.records,
        action,
        change.target,
        change.by.access,
        origin=change.by.origin,
        outcome=outcome,
        space=change.space,
        now=change.now,
    )


def utc_now() -> datetime:
    """Return the time, as stores keep it."""
    return datetime.now(UTC)
