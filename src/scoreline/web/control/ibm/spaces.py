"""``/v2/spaces``: those in which the caller may do anything."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.requests import Request

from scoreline.core.access import Access
from scoreline.core.identities import Space
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.ibm.asking import Asking, Json, origin_of, reply
from scoreline.web.control.ibm.documents import listing, moment
from scoreline.web.endpoint import View


class NewSpace(msgspec.Struct):
    """Body of ``POST /v2/spaces``; other members are ignored."""

    name: str
    description: str = ""


_new_space = msgspec.json.Decoder(NewSpace)


def space_views(asking: Asking) -> dict[str, dict[str, View]]:
    """Return the views by path and method."""
    security = asking.app.security

    async def show_all(request: Request) -> Reply:
        access: Access = request.scope["access"]
        spaces = await asyncio.to_thread(security.spaces, by=access)
        name = request.query_params.get("name")
        seen = [space for space in spaces if name in (None, space.name)]
        return reply(listing(request, map(_document, seen)))

    async def show(request: Request) -> Reply:
        return reply(_document(await _found(request)))

    async def create(request: Request) -> Reply:
        new = await asking.body(request, _new_space)
        by, origin = request.scope["access"], origin_of(request)
        space = await asyncio.to_thread(lambda: security.create_space(new.name, new.description, by=by, origin=origin))
        return reply(_document(space), 202)

    async def delete(request: Request) -> Reply:
        space = await _found(request)
        by, origin = request.scope["access"], origin_of(request)
        await asyncio.to_thread(lambda: security.delete_space(space.name, by=by, origin=origin))
        return reply({}, 202)

    async def _found(request: Request) -> Space:
        return await asyncio.to_thread(security.space, request.path_params["id"], by=request.scope["access"])

    return {"/v2/spaces": {"GET": show_all, "POST": create}, "/v2/spaces/{id}": {"GET": show, "DELETE": delete}}


def _document(space: Space) -> Json:
    made = moment(space.created_at)
    return {
        "metadata": {
            "id": space.id,
            "created_at": made,
            "updated_at": made,
            "url": f"/v2/spaces/{space.id}",
        },
        "entity": {
            "name": space.name,
            "description": space.description,
            "status": {"state": "active"},
            "members": [],
            "settings": {},
            "type": "cpd",
        },
    }
