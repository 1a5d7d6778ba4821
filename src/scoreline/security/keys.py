"""Rules of keys: what one may be, how it is made, found, shown and revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from scoreline.core.access import ACTIONS, ACTIONS_OF_ROLE, EVERY_SPACE, ROLES, Access, Action, Role
from scoreline.core.errors import BadSetting, Conflict, Unauthenticated
from scoreline.core.identities import Key, NewKey
from scoreline.security import access, names, secrets, spaces
from scoreline.security.administrators import administered, one_kept
from scoreline.security.change import By, Change, changing
from scoreline.security.seams import SecurityRecords, SecurityStore

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


def new(
    name: str,
    *,
    space: str,
    actions: tuple[Action, ...],
    now: datetime,
    user: str | None = None,
    rate: float = 0.0,
    expires_at: datetime | None = None,
) -> Key:
    """Return a key with an id of its own that may be made. Raises BadSetting."""
    key = Key(
        id=secrets.new_id(),
        name=names.check("key", name),
        space=space,
        actions=actions,
        user=user,
        rate=float(rate),
        created_at=now,
        expires_at=expires_at,
    )
    if expires_at is not None and expires_at.tzinfo is None:
        raise BadSetting(f"key {name!r}: {expires_at} has no time zone", hint=f"for example {now.isoformat()}")
    if expires_at is not None and expires_at <= now:
        raise BadSetting(f"key {name!r} would have expired before it is made", hint="a time that is still to come")
    if not 0 <= rate < float("inf"):
        raise BadSetting(f"key {name!r}: {rate} is no rate", hint="requests a second; 0 is any number")
    return key


def limited(key: Key, deployments: Sequence[str]) -> Key:
    """Return the key as it may see and score these deployments and nothing else; none: all. Raises BadSetting."""
    if not deployments:
        return key
    if key.space == EVERY_SPACE:
        raise BadSetting("a key of some deployments belongs to their space", hint="say which space")
    if beyond := [action for action in key.actions if action not in SCORING]:
        raise BadSetting(
            f"a key of some deployments may only view and score, not {beyond[0]}", hint="the role scorer does both"
        )
    return msgspec.structs.replace(key, deployments=tuple(dict.fromkeys(deployments)))


def ensure_administrators(store: SecurityStore, now: datetime) -> NewKey | None:
    """Make a key that administers the installation where nobody does; it is the installation's own doing."""
    with store.reading() as records:
        if administered(records, now):
            return None
    with changing(store, "key.create", By(), now) as change:
        if administered(change.records, now):  # another process was quicker
            return None
        return make(change, new("administrator", space=EVERY_SPACE, actions=ACTIONS, now=now))


def make(change: Change, key: Key) -> NewKey:
    """Keep a new key. Raises NotFound, Forbidden."""
    change.of(_shown(key), key.space)
    if not _owns(change.by.access, key):
        access.require_admin(change.by.access, key.space if key.user is None else EVERY_SPACE, "make this key")
    secret = secrets.new_key(key.id)
    keep(change.records, key, secret)
    return NewKey(key=key, secret=secret)


def keep(records: SecurityRecords, key: Key, secret: str) -> None:
    """Keep a key with the digest of its secret."""
    records.add_key(key, secrets.digest(secret))


def revoke(change: Change, id_or_name: str) -> Key:
    """Revoke a key; return it as it is now. Raises NotFound, Forbidden, Conflict."""
    records, by = change.records, change.by.access
    key = find(records, id_or_name, by, change.now)
    change.of(_shown(key), key.space)
    if not _owns(by, key):
        access.require_admin(by, key.space, "revoke this key")
    with one_kept(records, change.now, f"key {key.name!r}"):
        records.revoke_key(key.id, change.now)
    return records.key(key.id) or key


def authenticate(records: SecurityRecords, secret: str, now: datetime) -> tuple[Key, Access]:
    """Return the key with a secret and what it may do. Raises Unauthenticated."""
    id_ = secrets.key_id(secret)
    digest = records.key_digest(id_) if id_ is not None else None
    key = records.key(id_) if id_ is not None else None
    if not secrets.same(digest or "", secrets.digest(secret)) or key is None:
        raise Unauthenticated("this key is not known here", hint="scoreline key create makes one")
    access.refuse_ended(key, now)
    return key, access.of_key(key, records.user(key.user) if key.user is not None else None)


def find(records: SecurityRecords, id_or_name: str, by: Access, now: datetime) -> Key:
    """Return the key with an id, or the only one that holds with a name, of those in the caller's spaces.

    Raises NotFound, Conflict.
    """
    found = [key for key in records.find_keys() if _owns(by, key) or _is_seen(records, by, key)]
    if with_id := [key for key in found if key.id == id_or_name]:
        return with_id[0]
    holding = [key for key in found if key.holds(now)]
    named = [key for key in holding if key.name == id_or_name]
    if len(named) > 1:
        ids = ", ".join(key.id for key in named)
        raise Conflict(f"{len(named)} keys are named {id_or_name!r}", hint=f"say which: {ids}")
    if not named:
        raise names.missing("key", id_or_name, (key.name for key in holding), "scoreline key create makes one")
    return named[0]


def _owns(by: Access, key: Key) -> bool:
    return by.kind == "user" and key.user == by.id


def _is_seen(records: SecurityRecords, by: Access, key: Key) -> bool:
    """Whether it is a key of a space that the caller has something in, and not of an earlier one of its name."""
    if not by.actions(key.space):
        return False
    return by.may("admin", EVERY_SPACE) or bool(spaces.of_this_one(records, key.space, [key]))


def _shown(key: Key) -> str:
    return f"key {key.id} {key.name}"
