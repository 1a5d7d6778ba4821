"""``/api/v1/spaces``: those in which the caller may do anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request

from scoreline.core.access import Access
from scoreline.core.errors import NotFound
from scoreline.core.identities import Space
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.security.asking import Routed, body, caller, reply

if TYPE_CHECKING:
    from scoreline.security import Security


class SpaceRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A space to be made."""

    name: str
    description: str = ""


def views(security: Security) -> Iterator[Routed]:
    """Yield the paths."""

    async def listed(request: Request) -> Reply:
        return reply({"spaces": await asyncio.to_thread(_visible, security, request.scope["access"])})

    async def create(request: Request) -> Reply:
        wanted, who = await body(request, SpaceRequest), caller(request)
        made = await asyncio.to_thread(
            security.create_space, wanted.name, wanted.description, by=who.by, origin=who.origin
        )
        return reply(made, 201)

    async def show(request: Request) -> Reply:
        return reply(await asyncio.to_thread(_find, security, request))

    async def delete(request: Request) -> Reply:
        space, who = await asyncio.to_thread(_find, security, request), caller(request)
        await asyncio.to_thread(security.delete_space, space.name, by=who.by, origin=who.origin)
        return Reply(b"", status=204)

    yield "/api/v1/spaces", {"GET": listed, "POST": create}, {"GET": "view", "POST": "admin"}
    yield "/api/v1/spaces/{space}", {"GET": show, "DELETE": delete}, {"GET": "view", "DELETE": "admin"}


def _visible(security: Security, access: Access) -> list[Space]:
    return [space for space in security.spaces() if access.actions(space.name)]


def _find(security: Security, request: Request) -> Space:
    named = request.path_params["space"]
    for space in _visible(security, request.scope["access"]):
        if named in (space.id, space.name):
            return space
    raise NotFound(f"there is no space `{named}`", hint="GET /api/v1/spaces lists those you may see")
