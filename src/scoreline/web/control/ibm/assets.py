"""``/v2/assets``: models and deployments as IBM's catalogue of everything knows them; and what is not here."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from scoreline.app.assets import models
from scoreline.core.assets import Asset
from scoreline.core.errors import NotFound
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.ibm import deployments
from scoreline.web.control.ibm.asking import NOTHING, Asking, Json, Place, reply
from scoreline.web.control.ibm.documents import metadata, moment
from scoreline.web.control.ibm.models import TYPE
from scoreline.web.endpoint import View

VERSION = "5.0.0"
"""Of Cloud Pak for Data: the one whose routes these are."""


def asset_views(asking: Asking) -> dict[str, dict[str, View]]:
    """Return the views by path and method."""

    async def show(request: Request) -> Reply:
        place = await asking.place(request, "view")
        asset_id = request.path_params["id"]
        try:
            found = await asyncio.to_thread(models.model, asking.app, place.space.name, asset_id)
            entity: Json = {"wml_model": {"name": found.name, "type": found.details.get("type", TYPE)}}
            return reply(_document(found, place, "wml_model", entity))
        except NotFound:
            deployed = await deployments.find(asking, place, asset_id)
        return reply(_document(deployed.asset, place, "wml_deployment", {"wml_deployment": {}}))

    async def delete(request: Request) -> Reply:
        place = await asking.place(request, "edit")
        gone = await asyncio.to_thread(models.delete, asking.app, place.space.name, request.path_params["id"])
        await asyncio.to_thread(asking.record, request, place, "model.delete", gone.id)
        return NOTHING

    return {"/v2/assets/{id}": {"GET": show, "DELETE": delete}}


def absent_views() -> dict[str, dict[str, View]]:
    """Return the views of what callers ask for first, to find out what kind of server this is."""

    async def version(_: Request) -> Reply:
        return reply({"version": VERSION})

    async def nothing(_: Request) -> Reply:
        return reply({"resources": [], "total_count": 0})

    async def no_prompt(_: Request) -> Reply:
        raise NotFound("there are no prompts here", hint="this server scores tables")

    return {
        "/ml/wml_services/v2/version": {"GET": version},
        "/ml/v4/functions": {"GET": nothing},
        "/wx/v1-beta/prompts/{id}": {"GET": no_prompt},
        "/wx/v1/prompts/{id}": {"GET": no_prompt},
    }


def _document(asset: Asset, place: Place, kind: str, entity: Json) -> Json:
    about = metadata(asset, place.space) | {
        "asset_id": asset.id,
        "asset_type": kind,
        "usage": {"last_updated_at": moment(asset.updated_at)},
    }
    return {"href": f"/v2/assets/{asset.id}?space_id={place.space.id}", "metadata": about, "entity": entity}
