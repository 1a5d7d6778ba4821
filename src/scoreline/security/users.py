"""Rules of users and of the spaces that they have roles in."""

from __future__ import annotations

import uuid
from datetime import datetime

from scoreline.core.access import EVERY_SPACE, ROLES, Role
from scoreline.core.errors import BadSetting, Conflict, NotFound
from scoreline.core.identities import Space, User
from scoreline.security import names, throttle
from scoreline.security.seams import SecurityRecords


def find(records: SecurityRecords, id_or_name: str) -> User:
    """Return the user with an id or a name. Raises NotFound."""
    found = records.user(id_or_name)
    if found is None:
        raise names.missing("user", id_or_name, (user.name for user in records.users()), "scoreline user add makes one")
    return found


def find_space(records: SecurityRecords, id_or_name: str) -> Space:
    """Return the space with an id or a name. Raises NotFound."""
    found = records.space(id_or_name)
    if found is None:
        known = (space.name for space in records.spaces())
        raise names.missing("space", id_or_name, known, "scoreline space create makes one")
    return found


def space_name(records: SecurityRecords, id_or_name: str) -> str:
    """Return the name of a space, or ``*`` for all of them. Raises NotFound."""
    return EVERY_SPACE if id_or_name == EVERY_SPACE else find_space(records, id_or_name).name


def create(records: SecurityRecords, name: str, password: str | None, now: datetime) -> User:
    """Keep a new user. Raises Conflict."""
    if records.user(name) is not None:
        raise Conflict(f"there is a user {name!r} already", hint="scoreline user list shows them")
    user = User(id=str(uuid.uuid4()), name=name, created_at=now, has_password=password is not None)
    records.add_user(user, password)
    return user


def replace_password(records: SecurityRecords, user: User, password: str) -> None:
    """Keep a new password of a user: its tokens are of another generation now, and wrong passwords are forgotten."""
    records.set_password(user.id, password, user.generation + 1)
    throttle.forget(records, user.name)


def grant(records: SecurityRecords, user: str, space: str, role: Role) -> User:
    """Keep a role; return the user as it is now. Raises BadSetting, NotFound."""
    if role not in ROLES:
        raise BadSetting(f"no role {role!r}", hint=f"one of {', '.join(ROLES)}")
    found = find(records, user)
    records.put_role(found.id, space, role)
    return find(records, found.id)


def withdraw(records: SecurityRecords, user: str, space: str) -> User:
    """Drop a role; return the user as it is now. Raises NotFound."""
    found = find(records, user)
    if space not in found.roles:
        has = ", ".join(f"{role} in {where}" for where, role in found.roles.items())
        raise NotFound(f"user {found.name!r} has no role in {space!r}", hint=f"it is {has}" if has else "it has none")
    records.delete_role(found.id, space)
    return find(records, found.id)
