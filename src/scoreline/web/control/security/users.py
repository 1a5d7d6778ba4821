"""``/api/v1/users``: people and machines, their passwords and roles."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request

from scoreline.core.access import EVERY_SPACE, Access, Role
from scoreline.core.errors import NotFound
from scoreline.core.identities import User
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.security.asking import Routed, body, caller, reply

if TYPE_CHECKING:
    from scoreline.security import Security


class UserRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A user to be made; one without a password is a machine, which has keys."""

    name: str
    password: str | None = None


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    """The password that a user is to have."""

    password: str
    current: str | None = None
    """The one until now, where it is one's own."""


class NewRole(msgspec.Struct, forbid_unknown_fields=True):
    """The role that a user is to have in a space."""

    role: Role


def views(security: Security) -> Iterator[Routed]:
    """Yield the paths."""

    async def listed(request: Request) -> Reply:
        users = await asyncio.to_thread(security.users)
        return reply({"users": [_shown(user, request.scope["access"]) for user in users if _is_seen(user, request)]})

    async def create(request: Request) -> Reply:
        wanted, who = await body(request, UserRequest), caller(request)
        made = await asyncio.to_thread(security.create_user, wanted.name, wanted.password, by=who.by, origin=who.origin)
        return reply(made, 201)

    async def show(request: Request) -> Reply:
        return reply(_shown(await asyncio.to_thread(_find, security, request), request.scope["access"]))

    async def delete(request: Request) -> Reply:
        user, who = await asyncio.to_thread(_find, security, request), caller(request)
        await asyncio.to_thread(security.delete_user, user.id, by=who.by, origin=who.origin)
        return Reply(b"", status=204)

    async def set_password(request: Request) -> Reply:
        wanted, who = await body(request, NewPassword), caller(request)
        user = await asyncio.to_thread(_find, security, request)
        await asyncio.to_thread(
            security.set_password,
            user.id,
            wanted.password,
            current=wanted.current,
            by=who.by,
            origin=who.origin,
        )
        return Reply(b"", status=204)

    async def grant(request: Request) -> Reply:
        wanted, who = await body(request, NewRole), caller(request)
        user, space = request.path_params["user"], request.path_params["space"]
        found = await asyncio.to_thread(security.grant, user, space, wanted.role, by=who.by, origin=who.origin)
        return reply(_shown(found, who.by))

    async def withdraw(request: Request) -> Reply:
        who, user, space = caller(request), request.path_params["user"], request.path_params["space"]
        found = await asyncio.to_thread(security.withdraw, user, space, by=who.by, origin=who.origin)
        return reply(_shown(found, who.by))

    one = "/api/v1/users/{user}"
    yield "/api/v1/users", {"GET": listed, "POST": create}, {"GET": "admin", "POST": "admin"}
    yield one, {"GET": show, "DELETE": delete}, {"GET": "admin", "DELETE": "admin"}
    yield one + "/password", {"PUT": set_password}, {"PUT": "view"}  # one's own; others' only as an administrator
    yield one + "/roles/{space}", {"PUT": grant, "DELETE": withdraw}, {"PUT": "admin", "DELETE": "admin"}


def _is_seen(user: User, request: Request) -> bool:
    """Whether the caller is the user, administers all spaces, or the one of them in which the user has a role."""
    access: Access = request.scope["access"]
    if user.id == access.id or access.may("admin", EVERY_SPACE):
        return True
    return access.may("admin", access.space) and access.space in user.roles


def _shown(user: User, access: Access) -> User:
    """Return the user with those of its roles that the caller may know of."""
    roles = {space: role for space, role in user.roles.items() if access.actions(space)}
    return msgspec.structs.replace(user, roles=roles)


def _find(security: Security, request: Request) -> User:
    named = request.path_params["user"]
    for user in security.users():
        if named in (user.id, user.name) and _is_seen(user, request):
            return user
    raise NotFound(f"there is no user `{named}`", hint="GET /api/v1/users lists them")
