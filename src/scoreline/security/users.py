"""Rules of users and their roles."""

from __future__ import annotations

import uuid

from scoreline.core.access import EVERY_SPACE, ROLES, SYSTEM, Access, Role
from scoreline.core.errors import BadSetting, Conflict, NotFound
from scoreline.core.identities import User
from scoreline.security import access, names, spaces, throttle
from scoreline.security.administrators import one_kept
from scoreline.security.change import Change
from scoreline.security.seams import SecurityRecords


def find(records: SecurityRecords, id_or_name: str, by: Access = SYSTEM) -> User:
    """Return the user with an id or a name. Raises NotFound; only administrators are told who there is."""
    found = records.user(id_or_name)
    if found is None:
        known = (user.name for user in records.users() if by.may("admin", EVERY_SPACE))
        raise names.missing("user", id_or_name, known, "scoreline user list shows them")
    return found


def create(change: Change, name: str, password: str | None) -> User:
    """Keep a new user with the hash of its password. Raises Forbidden, Conflict."""
    change.of(f"user {name}", EVERY_SPACE)
    access.require_admin(change.by.access, EVERY_SPACE, "make users")
    if change.records.user(name) is not None:
        raise Conflict(f"there is a user {name!r} already", hint="scoreline user list shows them")
    user = User(id=str(uuid.uuid4()), name=name, created_at=change.now, has_password=password is not None)
    change.records.add_user(user, password)
    return user


def replace_password(change: Change, id_or_name: str, password: str) -> None:
    """Keep the hash of a new password: the user's tokens end, and wrong passwords are forgotten.

    Raises NotFound, Forbidden.
    """
    by = change.by.access
    user = find(change.records, id_or_name, by)
    change.of(f"user {user.name}", EVERY_SPACE)
    if by.kind != "user" or by.id != user.id:
        access.require_admin(by, EVERY_SPACE, "set other users' passwords")
    change.records.set_password(user.id, password, user.generation + 1)
    throttle.forget(change.records, user.name)


def delete(change: Change, id_or_name: str) -> User:
    """Delete a user with its keys. Raises NotFound, Forbidden, Conflict."""
    user = find(change.records, id_or_name, change.by.access)
    change.of(f"user {user.name}", EVERY_SPACE)
    access.require_admin(change.by.access, EVERY_SPACE, "delete users")
    with one_kept(change.records, change.now, f"user {user.name!r}"):
        change.records.delete_user(user.id)
    return user


def grant(change: Change, id_or_name: str, space: str, role: Role) -> User:
    """Keep a role; return the user as it is now. Raises BadSetting, NotFound, Forbidden, Conflict."""
    if role not in ROLES:
        raise BadSetting(f"no role {role!r}", hint=f"one of {', '.join(ROLES)}")
    by = change.by.access
    where, user = spaces.name_of(change.records, space, by), find(change.records, id_or_name, by)
    change.of(f"user {user.name}: {role}", where)
    access.require_admin(by, where, "give roles")
    with one_kept(change.records, change.now, f"user {user.name!r}"):
        change.records.put_role(user.id, where, role)
    return find(change.records, user.id)


def withdraw(change: Change, id_or_name: str, space: str) -> User:
    """Drop a role; return the user as it is now. Raises NotFound, Forbidden, Conflict."""
    by = change.by.access
    where, user = spaces.name_of(change.records, space, by), find(change.records, id_or_name, by)
    change.of(f"user {user.name}", where)
    access.require_admin(by, where, "take roles away")
    if where not in user.roles:
        has = ", ".join(f"{role} in {each}" for each, role in user.roles.items() if by.actions(each))
        raise NotFound(f"user {user.name!r} has no role in {where!r}", hint=f"it is {has}" if has else "")
    with one_kept(change.records, change.now, f"user {user.name!r}"):
        change.records.delete_role(user.id, where)
    return find(change.records, user.id)
