"""What security asks of its store: SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from scoreline.core.access import Role
from scoreline.core.identities import AuditRecord, FailedLogins, Key, Space, User


class SecurityRecords(Protocol):
    """The rows of one transaction. Dumb by intent: every rule is security's."""

    def spaces(self) -> list[Space]:
        """All spaces by name."""

    def space(self, id_or_name: str) -> Space | None: ...

    def add_space(self, space: Space) -> None: ...

    def delete_space(self, name: str) -> None:
        """Delete a space with the roles that users have in it. Raises Conflict when anything else belongs to it."""

    def users(self) -> list[User]:
        """All users by name, with their roles."""

    def user(self, id_or_name: str) -> User | None: ...

    def password(self, user: str) -> str | None:
        """Return the hash of a user's password."""

    def add_user(self, user: User, password: str | None) -> None: ...

    def set_password(self, user: str, password: str, generation: int) -> None: ...

    def delete_user(self, user: str) -> None:
        """Delete a user with its roles and keys."""

    def put_role(self, user: str, space: str, role: Role) -> None: ...

    def delete_role(self, user: str, space: str) -> None: ...

    def find_keys(
        self, *, space: str | None = None, user: str | None = None, deployment: str | None = None
    ) -> list[Key]:
        """All keys, the newest first; those of a space, of a user, or a deployment's own."""

    def key(self, key: str) -> Key | None: ...

    def key_digest(self, key: str) -> str | None: ...

    def add_key(self, key: Key, digest: str) -> None: ...

    def revoke_key(self, key: str, at: datetime) -> None: ...

    def note_use(self, keys: Sequence[str], at: datetime, before: datetime) -> None:
        """Write when keys were last used, of those that were not used after ``before``."""

    def has_family(self, family: str) -> bool:
        """Whether anything is kept of a family of tokens."""

    def newest_of(self, family: str) -> int | None:
        """Return the number of the newest refresh token of a family; None when all its tokens are revoked."""

    def put_family(self, family: str, newest: int | None, expires_at: datetime) -> None: ...

    def forget_families(self, before: datetime) -> None:
        """Forget those that expired before then."""

    def secret(self, name: str) -> str | None: ...

    def add_secret(self, name: str, value: str) -> None: ...

    def failed_logins(self, subject: str) -> FailedLogins | None: ...

    def put_failed_logins(self, subject: str, failed: FailedLogins) -> None: ...

    def forget_failed_logins(self, *, subject: str | None = None, before: datetime | None = None) -> None: ...

    def add_audit(self, record: AuditRecord) -> None:
        """Write a record, and count it."""

    def n_audit(self) -> int:
        """Return how many records were ever written."""

    def last_audit(self) -> AuditRecord | None: ...

    def audit(
        self,
        *,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
        actor: str | None = None,
        action: str | None = None,
        space: str | None = None,
    ) -> list[AuditRecord]:
        """Return the newest records, the newest first: from ``since`` on, before ``until``, by an id or a name."""

    def audit_after(self, record: int, limit: int) -> list[AuditRecord]:
        """Return the records after a number, in order."""

    def change_counter(self) -> int: ...

    def count_change(self) -> None:
        """Raise the counter: something that decides what callers may do has changed."""


class SecurityStore(Protocol):
    """Keeps security's records."""

    def reading(self) -> AbstractContextManager[SecurityRecords]:
        """Open a snapshot: all reads inside see one moment."""

    def writing(self) -> AbstractContextManager[SecurityRecords]:
        """Open the one writing transaction there can be at a time, over all processes; an exception undoes it."""
