"""Use cases of access: keys, users, spaces, the audit log."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from scoreline.app.settings import App
from scoreline.core.access import ACTIONS_OF_ROLE, DEFAULT_SPACE, EVERY_SPACE, Access, Action, Role
from scoreline.core.identities import AuditRecord, Key, NewKey, Space, User

if TYPE_CHECKING:
    from scoreline.security.audit import Verified

COMMAND_LINE = "command line"
"""Stands in the audit log where requests have an address."""
ROLE_OF_NEW_KEYS: Role = "scorer"


def somebody_here() -> Access:
    """Return who works on this machine: whoever can write the database may do everything."""
    return Access(kind="local", name=_account(), grants={EVERY_SPACE: ACTIONS_OF_ROLE["admin"]})


def create_key(
    app: App,
    name: str,
    *,
    space: str = DEFAULT_SPACE,
    role: Role | None = None,
    actions: Sequence[Action] = (),
    deployments: Sequence[str] = (),
    expires_at: datetime | None = None,
    rate: float = 0.0,
    user: str | None = None,
) -> NewKey:
    """Make a key: with a role, with actions, or with all that a user may. Without any of these it may score.

    Raises BadSetting, NotFound.
    """
    if role is None and not actions and user is None:
        role = ROLE_OF_NEW_KEYS
    return app.security.create_key(
        name,
        space=space,
        role=role,
        actions=actions or None,
        deployments=deployments,
        expires_at=expires_at,
        rate=rate,
        user=user,
        by=somebody_here(),
        origin=COMMAND_LINE,
    )


def keys(app: App, *, space: str | None = None, user: str | None = None) -> list[Key]:
    """Return keys, the newest first, also those that count for nothing any more. Raises NotFound."""
    return app.security.keys(space=space, user=user)


def revoke_key(app: App, id_or_name: str) -> Key:
    """Revoke a key; servers refuse it within a second. Raises NotFound, Conflict."""
    return app.security.revoke_key(id_or_name, by=somebody_here(), origin=COMMAND_LINE)


def add_user(
    app: App, name: str, password: str | None, *, role: Role | None = None, space: str = DEFAULT_SPACE
) -> User:
    """Make a user, a machine when there is no password, with a role in a space where one is given.

    Raises BadSetting, NotFound, Conflict.
    """
    if role is not None and space != EVERY_SPACE:
        app.security.space(space)  # before the user is there
    user = app.security.create_user(name, password, by=somebody_here(), origin=COMMAND_LINE)
    return user if role is None else grant(app, user.id, role, space)


def users(app: App) -> list[User]:
    """Return all users by name."""
    return app.security.users()


def grant(app: App, user: str, role: Role, space: str = DEFAULT_SPACE) -> User:
    """Give a user a role in a space, ``*`` for every one. Raises BadSetting, NotFound, Conflict."""
    return app.security.grant(user, space, role, by=somebody_here(), origin=COMMAND_LINE)


def withdraw(app: App, user: str, space: str = DEFAULT_SPACE) -> User:
    """Take a user's role in a space away. Raises NotFound, Conflict."""
    return app.security.withdraw(user, space, by=somebody_here(), origin=COMMAND_LINE)


def set_password(app: App, user: str, password: str) -> None:
    """Give a user a new password. Raises BadSetting, NotFound."""
    app.security.set_password(user, password, by=somebody_here(), origin=COMMAND_LINE)


def remove_user(app: App, user: str) -> User:
    """Delete a user with its keys. Raises NotFound, Conflict."""
    return app.security.delete_user(user, by=somebody_here(), origin=COMMAND_LINE)


def create_space(app: App, name: str, description: str = "") -> Space:
    """Make a space. Raises BadSetting, Conflict."""
    return app.security.create_space(name, description, by=somebody_here(), origin=COMMAND_LINE)


def spaces(app: App) -> list[Space]:
    """Return all spaces by name."""
    return app.security.spaces()


def delete_space(app: App, id_or_name: str) -> Space:
    """Delete an empty space. Raises NotFound, Conflict."""
    return app.security.delete_space(id_or_name, by=somebody_here(), origin=COMMAND_LINE)


def audit(
    app: App,
    *,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
    actor: str | None = None,
    action: str | None = None,
    space: str | None = None,
) -> list[AuditRecord]:
    """Return the newest records of the audit log, the newest first."""
    return app.security.audit(limit=limit, since=since, until=until, actor=actor, action=action, space=space)


def verify_audit(app: App, noted: str | None = None) -> Verified:
    """Read the whole audit log; find the first record that is not as it was written, and one whose digest was noted."""
    return app.security.verify_audit(noted)


def record(app: App, action: str, target: str) -> None:
    """Write into the audit log what somebody on this machine did, in the application's space."""
    app.security.record(action, target, somebody_here(), COMMAND_LINE, space=app.settings.space)


def _account() -> str:
    """Return the name of the account that runs this process; its number where it has no name."""
    try:
        import pwd
    except ImportError:  # Windows
        return getpass.getuser()
    number = os.getuid()  # not the environment's name, which anybody may set
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
