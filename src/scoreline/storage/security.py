"""Security's records in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from scoreline.core.access import Role
from scoreline.core.errors import Conflict
from scoreline.core.identities import AuditRecord, FailedLogins, Key, Space, User
from scoreline.storage.deployment_keys import SECURITY_CHANGES
from scoreline.storage.metadata import MetadataStore
from scoreline.storage.tables.registry import counters
from scoreline.storage.tables.security import (
    audit,
    failed_logins,
    grants,
    keys,
    secrets,
    spaces,
    token_families,
    users,
)

RECORDED = "audit"
"""The counter of records of the audit log: it shows that the last ones were cut off."""


class SecurityMetadata:
    """Keeps security's records where the metadata is (see ``scoreline.security.seams.SecurityStore``)."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    @contextmanager
    def reading(self) -> Iterator[SqlSecurityRecords]:
        """Open a snapshot."""
        with self._metadata.transaction(writing=False) as connection:
            yield SqlSecurityRecords(connection)

    @contextmanager
    def writing(self) -> Iterator[SqlSecurityRecords]:
        """Open the one writing transaction; commit at the end, undo it all on an exception."""
        with self._metadata.transaction(writing=True) as connection:
            yield SqlSecurityRecords(connection)


class SqlSecurityRecords:
    """Rows of security inside one transaction (see ``scoreline.security.seams.SecurityRecords``)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # spaces

    def spaces(self) -> list[Space]:
        return [Space(**row) for row in self._rows(select(spaces).order_by(spaces.c.name))]

    def space(self, id_or_name: str) -> Space | None:
        row = self._named(spaces, id_or_name)
        return Space(**row) if row else None

    def add_space(self, space: Space) -> None:
        self._connection.execute(insert(spaces).values(**_fields(space)))

    def delete_space(self, name: str) -> None:
        self._connection.execute(delete(grants).where(grants.c.space == name))
        try:
            self._connection.execute(delete(spaces).where(spaces.c.name == name))
        except IntegrityError:
            raise Conflict(
                f"space {name!r} is not empty", hint="undeploy and delete what is in it, or keep it"
            ) from None

    # users

    def users(self) -> list[User]:
        roles: dict[str, dict[str, Role]] = {}
        for row in self._rows(select(grants).order_by(grants.c.space)):
            roles.setdefault(row["user"], {})[row["space"]] = row["role"]
        return [_user(row, roles.get(row["id"], {})) for row in self._rows(select(users).order_by(users.c.name))]

    def user(self, id_or_name: str) -> User | None:
        row = self._named(users, id_or_name)
        if row is None:
            return None
        found = self._rows(select(grants).where(grants.c.user == row["id"]).order_by(grants.c.space))
        return _user(row, {each["space"]: each["role"] for each in found})

    def password(self, user: str) -> str | None:
        found: str | None = self._connection.execute(select(users.c.password).where(users.c.id == user)).scalar()
        return found

    def add_user(self, user: User, password: str | None) -> None:
        fields = {"id": user.id, "name": user.name, "generation": user.generation, "created_at": user.created_at}
        self._connection.execute(insert(users).values(**fields, password=password))

    def set_password(self, user: str, password: str, generation: int) -> None:
        changed = update(users).where(users.c.id == user).values(password=password, generation=generation)
        self._connection.execute(changed)

    def delete_user(self, user: str) -> None:
        self._connection.execute(delete(users).where(users.c.id == user))

    def put_role(self, user: str, space: str, role: Role) -> None:
        self.delete_role(user, space)
        self._connection.execute(insert(grants).values(user=user, space=space, role=role))

    def delete_role(self, user: str, space: str) -> None:
        self._connection.execute(delete(grants).where(grants.c.user == user, grants.c.space == space))

    # keys

    def find_keys(
        self, *, space: str | None = None, user: str | None = None, deployment: str | None = None
    ) -> list[Key]:
        query = select(*_KEY).order_by(keys.c.created_at.desc(), keys.c.id)
        if space is not None:
            query = query.where(keys.c.space == space)
        if user is not None:
            query = query.where(keys.c.user == user)
        if deployment is not None:
            query = query.where(keys.c.slot.is_not(None))
        found = [_key(row) for row in self._rows(query)]
        return found if deployment is None else [key for key in found if key.deployments == (deployment,)]

    def key(self, key: str) -> Key | None:
        row = self._row(select(*_KEY).where(keys.c.id == key))
        return _key(row) if row else None

    def key_digest(self, key: str) -> str | None:
        found: str | None = self._connection.execute(select(keys.c.digest).where(keys.c.id == key)).scalar()
        return found

    def add_key(self, key: Key, digest: str) -> None:
        self._connection.execute(insert(keys).values(**_fields(key), digest=digest))

    def revoke_key(self, key: str, at: datetime) -> None:
        self._connection.execute(
            update(keys).where(keys.c.id == key, keys.c.revoked_at.is_(None)).values(revoked_at=at)
        )

    def note_use(self, keys_used: Sequence[str], at: datetime, before: datetime) -> None:
        stale = or_(keys.c.last_used_at.is_(None), keys.c.last_used_at <= before)
        self._connection.execute(update(keys).where(keys.c.id.in_(keys_used), stale).values(last_used_at=at))

    # tokens

    def has_family(self, family: str) -> bool:
        return self._row(select(token_families.c.id).where(token_families.c.id == family)) is not None

    def newest_of(self, family: str) -> int | None:
        query = select(token_families.c.number).where(token_families.c.id == family)
        found: int | None = self._connection.execute(query).scalar()
        return found

    def put_family(self, family: str, newest: int | None, expires_at: datetime) -> None:
        self._connection.execute(delete(token_families).where(token_families.c.id == family))
        self._connection.execute(insert(token_families).values(id=family, number=newest, expires_at=expires_at))

    def forget_families(self, before: datetime) -> None:
        self._connection.execute(delete(token_families).where(token_families.c.expires_at < before))

    def secret(self, name: str) -> str | None:
        found: str | None = self._connection.execute(select(secrets.c.value).where(secrets.c.name == name)).scalar()
        return found

    def add_secret(self, name: str, value: str) -> None:
        self._connection.execute(insert(secrets).values(name=name, value=value))

    # failed logins

    def failed_logins(self, subject: str) -> FailedLogins | None:
        query = select(failed_logins.c.n, failed_logins.c.last_at).where(failed_logins.c.subject == subject)
        row = self._row(query)
        return FailedLogins(**row) if row else None

    def put_failed_logins(self, subject: str, failed: FailedLogins) -> None:
        self.forget_failed_logins(subject=subject)
        self._connection.execute(insert(failed_logins).values(subject=subject, **_fields(failed)))

    def forget_failed_logins(self, *, subject: str | None = None, before: datetime | None = None) -> None:
        if subject is not None:
            self._connection.execute(delete(failed_logins).where(failed_logins.c.subject == subject))
        if before is not None:
            self._connection.execute(delete(failed_logins).where(failed_logins.c.last_at < before))

    # the audit log

    def add_audit(self, record: AuditRecord) -> None:
        self._connection.execute(insert(audit).values(**_fields(record)))
        self._raise(RECORDED)

    def n_audit(self) -> int:
        return self._counted(RECORDED)

    def last_audit(self) -> AuditRecord | None:
        row = self._row(select(audit).order_by(audit.c.id.desc()).limit(1))
        return AuditRecord(**row) if row else None

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
        query = select(audit)
        if any("\0" in text for text in (actor, action, space) if text is not None):
            return []  # PostgreSQL refuses to look for it
        if since is not None:
            query = query.where(audit.c.at >= since)
        if until is not None:
            query = query.where(audit.c.at < until)
        if actor is not None:
            query = query.where(or_(audit.c.actor_id == actor, audit.c.actor == actor))
        if action is not None:
            query = query.where(audit.c.action == action)
        if space is not None:
            query = query.where(audit.c.space == space)
        return [AuditRecord(**row) for row in self._rows(query.order_by(audit.c.id.desc()).limit(limit))]

    def audit_after(self, record: int, limit: int) -> list[AuditRecord]:
        query = select(audit).where(audit.c.id > record).order_by(audit.c.id).limit(limit)
        return [AuditRecord(**row) for row in self._rows(query)]

    # changes

    def change_counter(self) -> int:
        return self._counted(SECURITY_CHANGES)

    def count_change(self) -> None:
        self._raise(SECURITY_CHANGES)

    def _counted(self, counter: str) -> int:
        return int(self._connection.execute(select(counters.c.value).where(counters.c.name == counter)).scalar_one())

    def _raise(self, counter: str) -> None:
        raised = update(counters).where(counters.c.name == counter).values(value=counters.c.value + 1)
        self._connection.execute(raised)

    def _named(self, table: Any, id_or_name: str) -> dict[str, Any] | None:
        """Return the row with an id or, where there is none, with a name."""
        if "\0" in id_or_name:  # PostgreSQL refuses to look for it
            return None
        meant = or_(table.c.id == id_or_name, table.c.name == id_or_name)
        found = self._rows(select(table).where(meant))
        return next((row for row in found if row["id"] == id_or_name), found[0] if found else None)

    def _rows(self, query: Select[Any]) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def _row(self, query: Select[Any]) -> dict[str, Any] | None:
        row = self._connection.execute(query).mappings().one_or_none()
        return dict(row) if row is not None else None


_KEY = tuple(column for column in keys.c if column.name != "digest")


def _fields(entity: Any) -> dict[str, Any]:
    return {name: getattr(entity, name) for name in entity.__struct_fields__}


def _user(row: dict[str, Any], roles: dict[str, Role]) -> User:
    password = row.pop("password")
    return User(**row, has_password=password is not None, roles=roles)


def _key(row: dict[str, Any]) -> Key:
    row["actions"] = tuple(row["actions"])
    row["deployments"] = tuple(row["deployments"]) if row["deployments"] is not None else None
    return Key(**row)
