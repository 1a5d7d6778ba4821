"""Logins with a password."""

from __future__ import annotations

import time

from scoreline.core.access import ANYONE, DEFAULT_SPACE
from scoreline.core.errors import BadRequest, Forbidden, Unauthenticated
from scoreline.core.identities import Outcome, User
from scoreline.security import access, audit, throttle
from scoreline.security.change import Clock
from scoreline.security.passwords import Passwords
from scoreline.security.seams import SecurityRecords, SecurityStore

ACTION = "login"
TOLD_EVERY_SECONDS = 60.0
MOST_TOLD = 10_000
NOBODY = "a name that is no user's"
"""Stands in the audit log: who mistypes may have typed a password there."""


class Logins:
    """Finds users by name and password; wrong ones are counted and recorded."""

    def __init__(self, store: SecurityStore, passwords: Passwords, clock: Clock) -> None:
        self._store = store
        self._passwords = passwords
        self._now = clock
        self._told: dict[tuple[str, str], float] = {}
        """When the audit log was last told that a user came in from an origin: some log in for each request."""

    def user_of(self, name: str, password: str, origin: str) -> User:
        """Return the user. Raises Unauthenticated, TooManyRequests."""
        whose, now = throttle.subjects(name, origin), self._now()
        with self._store.reading() as records:
            throttle.check(records, whose, now)
            user = records.user(name)
            stored = records.password(user.id) if user is not None else None
            failed = records.failed_logins(whose[0].digest)
        if not self._passwords.match(stored, password) or user is None or stored is None:
            self._refused(user, whose, origin)
            raise Unauthenticated("the name or the password is wrong", hint="scoreline user password NAME sets another")
        rehashed = self._passwords.hash(password) if self._passwords.outdated(stored) else None
        told = self._is_told(user, origin)
        if failed or rehashed or not told:
            with self._store.writing() as records:
                throttle.forget(records, name)
                if rehashed and records.password(user.id) == stored:
                    records.set_password(user.id, rehashed, user.generation)
                if not told:
                    self._record(records, user, origin, "done")
        return user

    def confirm(self, name: str, password: str | None, origin: str) -> None:
        """Raise BadRequest without a password, Forbidden when it is not the user's, TooManyRequests."""
        if password is None:
            raise BadRequest("your own password is changed with the current one", hint="send it as `current`, too")
        try:
            self.user_of(name, password, origin)
        except Unauthenticated:
            raise Forbidden("the current password is wrong", hint="an administrator can set a new one") from None

    def _refused(self, user: User | None, whose: list[throttle.Subject], origin: str) -> None:
        with self._store.writing() as records:
            throttle.count(records, whose, self._now())
            self._record(records, user, origin, "refused")

    def _record(self, records: SecurityRecords, user: User | None, origin: str, outcome: Outcome) -> None:
        by = access.of_user(user) if user is not None and outcome == "done" else ANYONE
        target = f"user {user.name}" if user is not None else NOBODY
        audit.append(records, ACTION, target, by, origin=origin, outcome=outcome, space=DEFAULT_SPACE, now=self._now())

    def _is_told(self, user: User, origin: str) -> bool:
        now, who = time.monotonic(), (user.id, origin)
        if now - self._told.get(who, -TOLD_EVERY_SECONDS) < TOLD_EVERY_SECONDS:
            return True
        if len(self._told) >= MOST_TOLD:
            self._told.clear()
        self._told[who] = now
        return False
