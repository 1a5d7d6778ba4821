"""Rules of spaces."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from scoreline.core.access import DEFAULT_SPACE, EVERY_SPACE, Access
from scoreline.core.errors import Conflict
from scoreline.core.identities import Key, Space
from scoreline.security import access, names
from scoreline.security.change import Change
from scoreline.security.seams import SecurityRecords


def find(records: SecurityRecords, id_or_name: str, by: Access) -> Space:
    """Return the space with an id or a name. Raises NotFound, also where ``by`` has nothing in it."""
    found = records.space(id_or_name)
    if found is None or not by.actions(found.name):
        known = (space.name for space in records.spaces() if by.actions(space.name))
        raise names.missing("space", id_or_name, known, "scoreline space create makes one")
    return found


def name_of(records: SecurityRecords, id_or_name: str, by: Access) -> str:
    """Return the name of a space, or ``*`` for all of them. Raises NotFound, also where ``by`` has nothing in it."""
    return EVERY_SPACE if id_or_name == EVERY_SPACE else find(records, id_or_name, by).name


def of_this_one(records: SecurityRecords, name: str, keys: Sequence[Key]) -> list[Key]:
    """Return the keys that were made since there is a space, and not for an earlier one of its name."""
    begun_at = begun(records, name, None)
    return [key for key in keys if begun_at is None or key.created_at >= begun_at]


def seen_since(records: SecurityRecords, space: str | None, since: datetime | None, by: Access) -> datetime | None:
    """Return from when on a caller sees what was done in a space: all of it, who administers the installation."""
    return since if space is None or by.may("admin", EVERY_SPACE) else begun(records, space, since)


def begun(records: SecurityRecords, name: str, since: datetime | None) -> datetime | None:
    """Return the later of ``since`` and when a space was made. The default one was always there."""
    space = records.space(name) if name not in (DEFAULT_SPACE, EVERY_SPACE) else None
    if space is None:
        return since
    return space.created_at if since is None else max(since, space.created_at)


def create(change: Change, name: str, description: str) -> Space:
    """Keep a new space. Raises BadSetting, Forbidden, Conflict."""
    change.of(f"space {names.check('space', name)}", name)
    access.require_admin(change.by.access, EVERY_SPACE, "make spaces")
    if change.records.space(name) is not None:
        raise Conflict(f"there is a space {name!r} already", hint="scoreline space list shows them")
    space = Space(id=str(uuid.uuid4()), name=name, description=description, created_at=change.now)
    change.records.add_space(space)
    return space


def delete(change: Change, id_or_name: str) -> Space:
    """Delete an empty space with the roles in it, and revoke its keys. Raises NotFound, Forbidden, Conflict."""
    records, space = change.records, find(change.records, id_or_name, change.by.access)
    change.of(f"space {space.name}", space.name)
    access.require_admin(change.by.access, EVERY_SPACE, "delete spaces")
    if space.name == DEFAULT_SPACE:
        raise Conflict("the default space stays", hint="delete what is in it instead")
    for key in records.find_keys(space=space.name):
        records.revoke_key(key.id, change.now)
    records.delete_space(space.name)
    return space
