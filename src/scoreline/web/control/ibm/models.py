"""``/ml/v4/models``: stored first, filled with content later; every registered version is one of them."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from starlette.requests import Request

from scoreline.app.assets import models
from scoreline.core.assets import Asset
from scoreline.core.errors import BadRequest, NotFound
from scoreline.core.identities import Space
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.ibm.asking import NOTHING, Asking, Json, reply
from scoreline.web.control.ibm.documents import listing, metadata
from scoreline.web.control.ibm.patch import Change, patched
from scoreline.web.control.ibm.specifications import SOFTWARE, specification_id
from scoreline.web.endpoint import View

TYPE = "onnxruntime"
"""What a version is that no caller has called anything else."""
NATIVE = ("native", "")
"""Content formats that are taken."""
SAID = ("type", "description", "tags", "custom", "schemas", "label_column", "training_data_references")


class NewModel(msgspec.Struct):
    """Body of ``POST /ml/v4/models``; other members are ignored."""

    name: str
    type: str = TYPE
    space_id: str | None = None
    description: str = ""
    tags: list[str] = []
    custom: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    label_column: str | None = None
    training_data_references: list[Any] = []


class Said(msgspec.Struct):
    """What a patch may change of a model."""

    name: str
    description: str
    tags: list[str]
    custom: dict[str, Any]


_new_model = msgspec.json.Decoder(NewModel)
_changes = msgspec.json.Decoder(list[Change])


def model_views(asking: Asking) -> dict[str, dict[str, View]]:
    """Return the views by path and method."""
    app = asking.app

    async def create(request: Request) -> Reply:
        new = await asking.body(request, _new_model)
        place = await asking.place(request, "edit", new.space_id)
        details = {name: value for name in SAID if (value := getattr(new, name))}
        made = await asyncio.to_thread(
            lambda: models.store(app, place.space.name, new.name, owner=place.access.id, details=details)
        )
        await asyncio.to_thread(asking.record, request, place, "model.create", made.id)
        return reply(document(made, place.space), 201)

    async def fill(request: Request) -> Reply:
        place = await asking.place(request, "edit")
        content_format = request.query_params.get("content_format", "")
        if content_format not in NATIVE:
            raise BadRequest(f"content_format {content_format!r} is not taken", hint="content_format=native")
        sent = await asking.content(request)
        made = await asyncio.to_thread(models.fill, app, place.space.name, request.path_params["id"], sent)
        await asyncio.to_thread(asking.record, request, place, "model.fill", made.id)
        return reply(_attachment(made), 201)

    async def show_all(request: Request) -> Reply:
        place = await asking.place(request, "view")
        found = await asyncio.to_thread(models.models, app, place.space.name)
        return reply(listing(request, [document(each, place.space) for each in found]))

    async def show(request: Request) -> Reply:
        place = await asking.place(request, "view")
        found = await asyncio.to_thread(models.model, app, place.space.name, request.path_params["id"])
        return reply(document(found, place.space))

    async def change(request: Request) -> Reply:
        place = await asking.place(request, "edit")
        changes = await asking.body(request, _changes)
        found = await asyncio.to_thread(models.model, app, place.space.name, request.path_params["id"])
        said = {"name": found.name} | {name: found.details.get(name, kind()) for name, kind in _EMPTY.items()}
        new = patched(said, changes, Said)
        details = found.details | {name: getattr(new, name) for name in _EMPTY}
        changed = await asyncio.to_thread(
            lambda: models.change(app, place.space.name, found.id, name=new.name, details=details)
        )
        await asyncio.to_thread(asking.record, request, place, "model.change", found.id)
        return reply(document(changed, place.space))

    async def delete(request: Request) -> Reply:
        place = await asking.place(request, "edit")
        gone = await asyncio.to_thread(models.delete, app, place.space.name, request.path_params["id"])
        await asyncio.to_thread(asking.record, request, place, "model.delete", gone.id)
        return NOTHING

    async def download(request: Request) -> Reply:
        place = await asking.place(request, "view")
        found = await asyncio.to_thread(models.model, app, place.space.name, request.path_params["id"])
        if found.model is None:
            raise NotFound(f"model {found.name!r} has no content yet", hint="PUT it here")
        read = models.read if request.scope["path"].endswith("/content") else models.pack
        body = await asyncio.to_thread(read, app, found)
        return Reply(body, media_type="application/octet-stream")

    return {
        "/ml/v4/models": {"GET": show_all, "POST": create},
        "/ml/v4/models/{id}": {"GET": show, "PATCH": change, "DELETE": delete},
        "/ml/v4/models/{id}/content": {"PUT": fill, "GET": download},
        "/ml/v4/models/{id}/download": {"GET": download},
    }


_EMPTY: dict[str, type] = {"description": str, "tags": list, "custom": dict}


def document(model: Asset, space: Space) -> Json:
    """Return a model as IBM writes it."""
    entity: Json = {
        "type": model.details.get("type", TYPE),
        "software_spec": {"name": SOFTWARE, "id": specification_id("software", SOFTWARE)},
        "content_import_state": "completed",
        **{name: model.details[name] for name in ("custom", "schemas", "label_column") if model.details.get(name)},
        "training_data_references": model.details.get("training_data_references", []),
    }
    if model.model is not None:
        entity["scoreline"] = {"model": model.model, "version": model.version}
    return {"metadata": metadata(model, space), "entity": entity}


def _attachment(model: Asset) -> Json:
    return {"attachment_id": model.id, "content_format": "native", "persisted": True, "name": model.name}
