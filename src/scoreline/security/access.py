"""What a key or a user may do, as every way in asks it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from scoreline.core.access import ACTIONS_OF_ROLE, DEFAULT_SPACE, EVERY_SPACE, Access, Action
from scoreline.core.errors import Forbidden, NotFound, Unauthenticated
from scoreline.core.identities import Key, User

NEVER = float("inf")


def of_user(user: User) -> Access:
    """Return what a user may do."""
    grants = _grants(user)
    return Access(kind="user", id=user.id, name=user.name, space=_home(grants), grants=grants)


def of_key(key: Key, user: User | None) -> Access:
    """Return what a key may do; ``user``: for whom it acts, and so no more than that one may."""
    allowed = frozenset(key.actions)
    if user is None:
        grants: Mapping[str, frozenset[Action]] = {key.space: allowed}
    elif key.space == EVERY_SPACE:
        grants = {space: actions & allowed for space, actions in _grants(user).items()}
    else:
        grants = {key.space: of_user(user).actions(key.space) & allowed}
    return Access(
        kind="key",
        id=key.id,
        name=key.name,
        space=key.space if key.space != EVERY_SPACE else _home(grants),
        grants=grants,
        deployments=None if key.deployments is None else frozenset(key.deployments),
        expires_at=NEVER if key.expires_at is None else key.expires_at.timestamp(),
        rate=key.rate,
    )


def require_admin(by: Access, space: str, what: str) -> None:
    """Raise Forbidden when ``by`` does not administer a space (``*``: the installation).

    Raises NotFound where it has nothing in that space, so that it does not learn what spaces there are.
    """
    if by.may("admin", space):
        return
    if space != EVERY_SPACE and not by.actions(space):
        raise NotFound(f"no space {space!r}", hint="scoreline space list shows them")
    where = "of the installation" if space == EVERY_SPACE else f"of the space {space!r}"
    raise Forbidden(f"only an administrator {where} may {what}", hint="ask one for it, or for the role admin")


def refuse_ended(key: Key, now: datetime) -> None:
    """Raise Unauthenticated when a key was revoked or has expired."""
    if key.revoked_at is not None:
        raise Unauthenticated(f"key {key.name!r} was revoked", hint="scoreline key create makes another")
    if not key.holds(now):
        raise Unauthenticated(f"key {key.name!r} has expired", hint="scoreline key create makes another")


def _grants(user: User) -> dict[str, frozenset[Action]]:
    return {space: ACTIONS_OF_ROLE[role] for space, role in user.roles.items()}


def _home(grants: Mapping[str, object]) -> str:
    """Return the space that is meant where a request names none."""
    if DEFAULT_SPACE in grants or EVERY_SPACE in grants:
        return DEFAULT_SPACE
    return min(grants, default=DEFAULT_SPACE)
