"""``/api/v1/keys``: make, list and revoke keys; ``/api/v1/access``: what one's own may do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import isinf
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request

from scoreline.core.access import EVERY_SPACE, Access, Action, Role
from scoreline.core.errors import NotFound
from scoreline.core.identities import Key
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.security.asking import Routed, body, caller, reply

if TYPE_CHECKING:
    from scoreline.security import Security


class KeyRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A key to be made."""

    name: str
    space: str | None = None
    """None: the caller's; ``*``: every one."""
    role: Role | None = None
    actions: Sequence[Action] | None = None
    deployments: Sequence[str] = ()
    expires_at: datetime | None = None
    rate: float = 0.0
    user: str | None = None


def views(security: Security) -> Iterator[Routed]:
    """Yield the paths."""

    async def listed(request: Request) -> Reply:
        return reply({"keys": await asyncio.to_thread(_visible, security, request.scope["access"])})

    async def create(request: Request) -> Reply:
        wanted, who = await body(request, KeyRequest), caller(request)
        is_plain = wanted.role is None and wanted.actions is None and wanted.user is None
        made = await asyncio.to_thread(
            security.create_key,
            wanted.name,
            space=wanted.space or who.by.space,
            role="scorer" if is_plain else wanted.role,
            actions=wanted.actions,
            deployments=wanted.deployments,
            expires_at=wanted.expires_at,
            rate=wanted.rate,
            user=wanted.user,
            by=who.by,
            origin=who.origin,
        )
        return reply({"key": made.key, "secret": made.secret}, 201, secret=True)

    async def show(request: Request) -> Reply:
        return reply(await asyncio.to_thread(_find, security, request))

    async def revoke(request: Request) -> Reply:
        key, who = await asyncio.to_thread(_find, security, request), caller(request)
        return reply(await asyncio.to_thread(security.revoke_key, key.id, by=who.by, origin=who.origin))

    async def mine(request: Request) -> Reply:
        return reply(_told(request.scope["access"]))

    yield "/api/v1/keys", {"GET": listed, "POST": create}, {"GET": "admin", "POST": "admin"}
    yield "/api/v1/keys/{key}", {"GET": show, "DELETE": revoke}, {"GET": "admin", "DELETE": "admin"}
    yield "/api/v1/access", {"GET": mine}, {"GET": "view"}


def _visible(security: Security, access: Access) -> list[Key]:
    """Return the keys of the caller's space, and of all spaces where it administers them all."""
    return security.keys() if access.may("admin", EVERY_SPACE) else security.keys(space=access.space)


def _find(security: Security, request: Request) -> Key:
    named = request.path_params["key"]
    for key in _visible(security, request.scope["access"]):
        if key.id == named:
            return key
    raise NotFound(f"there is no key `{named}`", hint="GET /api/v1/keys lists them, with their ids")


def _told(access: Access) -> dict[str, object]:
    return {
        "kind": access.kind,
        "id": access.id,
        "name": access.name,
        "space": access.space,
        "actions": sorted(access.actions(access.space)),
        "spaces": {space: sorted(actions) for space, actions in access.grants.items()},
        "deployments": None if access.deployments is None else sorted(access.deployments),
        "expires_at": None if isinf(access.expires_at) else datetime.fromtimestamp(access.expires_at, UTC),
        "rate": access.rate,
    }
