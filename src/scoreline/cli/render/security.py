"""Keys, users, spaces and the audit log as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scoreline.cli.render.theme import table
from scoreline.core.access import ACTIONS_OF_ROLE, EVERY_SPACE, Role
from scoreline.core.identities import AuditRecord, Key, Space, User

OUTCOME_STYLE = {"done": "", "refused": "alerted", "failed": "failed"}


def may(key: Key) -> str:
    """Say what a key may do, and where."""
    if key.deployments is not None:
        what = f"{' and '.join(key.actions)} {', '.join(key.deployments)}"
    else:
        what = ", ".join(key.actions)
    return f"{what} in {_where(key.space)}"


def keys(found: Sequence[Key], user_names: Mapping[str, str], now: datetime) -> RenderableType:
    """Show one key a line."""
    grid = _table("id", "name", "may", "in", "for", "expires", "last used", "")
    for key in found:
        grid.add_row(
            key.id,
            Text(key.name, style="best"),
            _role(key),
            _where(key.space),
            _for(key, user_names),
            _when(key.expires_at) if key.expires_at else "never",
            _when(key.last_used_at) if key.last_used_at else "–",
            Text("" if key.holds(now) else "revoked" if key.revoked_at else "expired", style="failed"),
        )
    return grid


def users(found: Sequence[User]) -> RenderableType:
    """Show one user a line."""
    grid = _table("user", "roles", "", "id", "created")
    for user in found:
        grid.add_row(
            Text(user.name, style="best"),
            ", ".join(f"{role} in {_where(space)}" for space, role in user.roles.items()) or Text("none", "alerted"),
            Text("" if user.has_password else "machine", style="quiet"),
            user.id,
            _when(user.created_at),
        )
    return grid


def spaces(found: Sequence[Space]) -> RenderableType:
    """Show one space a line."""
    grid = _table("space", "description", "id", "created")
    for space in found:
        grid.add_row(Text(space.name, style="best"), space.description, space.id, _when(space.created_at))
    return grid


def audit(found: Sequence[AuditRecord]) -> RenderableType:
    """Show one record a line."""
    grid = table("", "when", "who", "action", "what", "from", "", right=frozenset({""}))
    for record in found:
        grid.add_row(
            Text(str(record.id), style="quiet"),
            f"{record.at.astimezone():%Y-%m-%d %H:%M:%S}",
            Text(record.actor or record.kind, style="best"),
            record.action,
            record.target,
            record.origin,
            Text(record.outcome, style=OUTCOME_STYLE[record.outcome]),
        )
    return grid


def _table(*columns: str) -> Table:
    """Return a table in which ids stay whole, so that they can be pasted."""
    grid = table(*columns)
    for column in grid.columns:
        column.no_wrap = column.header == "id"
    return grid


def _role(key: Key) -> str:
    roles: list[Role] = [role for role, actions in ACTIONS_OF_ROLE.items() if actions == frozenset(key.actions)]
    return roles[0] if roles else ", ".join(key.actions)


def _for(key: Key, user_names: Mapping[str, str]) -> str:
    if key.user is not None:
        return f"user {user_names.get(key.user, key.user)}"
    return ", ".join(key.deployments or ())


def _where(space: str) -> str:
    return "every space" if space == EVERY_SPACE else space


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
