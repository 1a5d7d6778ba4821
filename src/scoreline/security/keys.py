"""Rules of keys: what one may be, how it is made, found and revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from scoreline.core.access import ACTIONS, ACTIONS_OF_ROLE, EVERY_SPACE, ROLES, Action, Role
from scoreline.core.errors import BadSetting, Conflict
from scoreline.core.identities import Key, NewKey
from scoreline.security import names, secrets
from scoreline.security.seams import SecurityRecords

SCORING: tuple[Action, ...] = ("view", "score")


def allowed(
    role: Role | None, actions: Sequence[Action] | None, *, otherwise: Sequence[Action] = ()
) -> tuple[Action, ...]:
    """Return the actions of a role, or those that are named, in their order. Raises BadSetting."""
    if role is not None and actions is not None:
        raise BadSetting("a key has a role or actions, not both", hint="leave out one of them")
    if role is not None:
        if role not in ROLES:
            raise BadSetting(f"no role {role!r}", hint=f"one of {', '.join(ROLES)}")
        wanted: Sequence[Action] = tuple(ACTIONS_OF_ROLE[role])
    else:
        wanted = otherwise if actions is None else actions
    if unknown := [action for action in wanted if action not in ACTIONS]:
        raise BadSetting(f"no action {unknown[0]!r}", hint=f"some of {', '.join(ACTIONS)}")
    if not wanted:
        raise BadSetting("a key that may do nothing is none", hint=f"give it a role: {', '.join(ROLES)}")
    return tuple(action for action in ACTIONS if action in wanted)


def create(records: SecurityRecords, key: Key, now: datetime, *, secret: str | None = None) -> NewKey:
    """Keep a new key. Raises BadSetting, and NotFound when its space is not there."""
    names.check("key", key.name)
    if key.space != EVERY_SPACE and records.space(key.space) is None:
        raise names.missing("space", key.space, (space.name for space in records.spaces()), "scoreline space create")
    if key.expires_at is not None and key.expires_at <= now:
        raise BadSetting(f"key {key.name!r} would have expired before it is made", hint="a time that is still to come")
    if not 0 <= key.rate < float("inf"):
        raise BadSetting(f"key {key.name!r}: {key.rate} is no rate", hint="requests a second; 0 is any number")
    if key.deployments is not None:
        if key.space == EVERY_SPACE:
            raise BadSetting("a key of some deployments belongs to their space", hint="say which space")
        if beyond := [action for action in key.actions if action not in SCORING]:
            raise BadSetting(
                f"a key of some deployments may only view and score, not {beyond[0]}", hint="the role scorer does both"
            )
    secret = secret or secrets.new_key(key.id)
    records.add_key(key, secrets.digest(secret))
    return NewKey(key=key, secret=secret)


def find(records: SecurityRecords, id_or_name: str, now: datetime) -> Key:
    """Return the key with an id, or the only one that holds with a name. Raises NotFound, Conflict."""
    found = records.key(id_or_name)
    if found is not None:
        return found
    holding = [key for key in records.find_keys() if key.holds(now)]
    named = [key for key in holding if key.name == id_or_name]
    if len(named) > 1:
        ids = ", ".join(key.id for key in named)
        raise Conflict(f"{len(named)} keys are named {id_or_name!r}", hint=f"say which: {ids}")
    if not named:
        raise names.missing("key", id_or_name, (key.name for key in holding), "scoreline key create makes one")
    return named[0]
