"""``/ml/v4/deployments``: every deployment of a space, whoever made it, as IBM's callers know them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from starlette.requests import Request

from scoreline.app.assets import deployments
from scoreline.app.assets.deployments import Deployed
from scoreline.core.access import Action
from scoreline.core.entities import Deployment
from scoreline.core.errors import BadRequest, BadSetting, Conflict
from scoreline.serving.active import DeploymentState
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.ibm.asking import NOTHING, Asking, Json, Place, host, reply
from scoreline.web.control.ibm.documents import listing, metadata
from scoreline.web.control.ibm.patch import Change, patched
from scoreline.web.control.ibm.specifications import SIZES, specification_id
from scoreline.web.endpoint import View
from scoreline.web.reach import check_reach

ServingName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,36}$")]


class Reference(msgspec.Struct):
    """Something under an id."""

    id: str


class NewDeployment(msgspec.Struct):
    """Body of ``POST /ml/v4/deployments``; other members are ignored."""

    name: str
    asset: Reference | None = None
    space_id: str | None = None
    description: str = ""
    tags: list[str] = []
    custom: dict[str, Any] = {}
    online: dict[str, Any] | None = None
    batch: dict[str, Any] | None = None
    hardware_spec: dict[str, Any] = {}


class Said(msgspec.Struct):
    """What a patch may change of a deployment."""

    name: str
    asset: Reference
    description: str
    tags: list[str]
    custom: dict[str, Any]
    hardware_spec: dict[str, Any]


_new_deployment = msgspec.json.Decoder(NewDeployment)
_changes = msgspec.json.Decoder(list[Change])


def deployment_views(asking: Asking) -> dict[str, dict[str, View]]:
    """Return the views by path and method."""
    app = asking.app

    async def create(request: Request) -> Reply:
        new = await asking.body(request, _new_deployment)
        place = await asking.place(request, "edit", new.space_id)
        if new.asset is None or (new.online is None) == (new.batch is None):
            raise BadRequest(
                "a deployment needs `asset`, and one of `online` and `batch`",
                hint='{"name": "n", "asset": {"id": "…"}, "online": {}, "space_id": "…"}',
            )
        model_id, serving_name = new.asset.id, _serving_name(new.online or {})
        made = await asyncio.to_thread(
            lambda: deployments.deploy(
                app,
                place.space.name,
                model_id,
                new.name,
                owner=place.access.id,
                details=_details(new),
                serving_name=serving_name,
            )
        )
        await asyncio.to_thread(asking.follow)
        await asyncio.to_thread(asking.record, request, place, "deployment.create", made.deployment.id)
        return reply(document(asking, request, place, made), 202)

    async def show_all(request: Request) -> Reply:
        place = await asking.place(request, "view")
        found = await asyncio.to_thread(deployments.deployments, app, place.space.name)
        query = request.query_params
        chosen = [
            each
            for each in found
            if place.access.may("view", place.space.name, each.deployment.name)
            and query.get("asset_id") in (None, each.model_id)
            and query.get("serving_name") in (None, each.deployment.name)
            and query.get("name") in (None, each.asset.name)
        ]
        if query.get("conflict") == "true" and query.get("serving_name") and chosen:
            raise Conflict(f"the serving name {query['serving_name']!r} is taken", hint="choose another")
        return reply(listing(request, [document(asking, request, place, each) for each in chosen]))

    async def show(request: Request) -> Reply:
        place = await asking.place(request, "view")
        return reply(document(asking, request, place, await find(asking, place, request.path_params["id"])))

    async def change(request: Request) -> Reply:
        place = await asking.place(request, "edit")
        changes = await asking.body(request, _changes)
        found = await find(asking, place, request.path_params["id"], "edit")
        said = {name: found.asset.details.get(name, empty()) for name, empty in _EMPTY.items()}
        said |= {"name": found.asset.name, "asset": {"id": found.model_id}}
        new = patched(said, changes, Said)
        details = found.asset.details | {name: getattr(new, name) for name in _EMPTY}
        changed = await asyncio.to_thread(
            lambda: deployments.change(
                app, place.space.name, found.deployment.id, name=new.name, model_id=new.asset.id, details=details
            )
        )
        await asyncio.to_thread(asking.follow)
        await asyncio.to_thread(asking.record, request, place, "deployment.change", found.deployment.id)
        return reply(document(asking, request, place, changed))

    async def delete(request: Request) -> Reply:
        place = await asking.place(request, "edit")
        found = await find(asking, place, request.path_params["id"], "edit")
        await asyncio.to_thread(deployments.undeploy, app, place.space.name, found.deployment.id)
        await asyncio.to_thread(asking.follow)
        await asyncio.to_thread(asking.record, request, place, "deployment.delete", found.deployment.id)
        return NOTHING

    return {
        "/ml/v4/deployments": {"GET": show_all, "POST": create},
        "/ml/v4/deployments/{id}": {"GET": show, "PATCH": change, "DELETE": delete},
    }


_EMPTY: dict[str, type] = {"description": str, "tags": list, "custom": dict, "hardware_spec": dict}


async def find(asking: Asking, place: Place, asset_id: str, action: Action = "view") -> Deployed:
    """Return a deployment with which the caller may do so. Raises NotFound, Forbidden."""
    found = await asyncio.to_thread(deployments.deployment, asking.app, place.space.name, asset_id)
    check_reach(asking.service.deployments, place.access, action, found.deployment, asset_id)
    return found


def document(asking: Asking, request: Request, place: Place, found: Deployed) -> Json:
    """Return a deployment as IBM writes it."""
    asset, deployment = found.asset, found.deployment
    kind = "batch" if "batch" in asset.details else "online"
    state = asking.state(deployment)
    status = _status(state, deployment, is_followed=asking.is_followed(deployment))
    if kind == "online":
        base = f"{host(request)}/ml/v4/deployments"
        urls = [f"{base}/{deployment.name}/predictions", f"{base}/{deployment.id}/predictions"]
        status |= {"online_url": {"url": urls[1]}, "serving_urls": urls}
    entity: Json = {
        "name": asset.name,
        "asset": {"id": found.model_id},
        "deployed_asset_type": "model",
        kind: asset.details.get(kind, {}),
        "custom": asset.details.get("custom", {}),
        "space_id": place.space.id,
        "hardware_spec": _hardware(asset.details.get("hardware_spec") or {}),
        "status": status,
        "scoreline": {"name": deployment.name, "model": deployment.model, "version": deployment.version},
    }
    if asset.details.get("description"):
        entity["description"] = asset.details["description"]
    about = metadata(asset, place.space)
    answer: Json = {"metadata": about, "entity": entity}
    if state is not None and state.status == "held":
        answer["system"] = {"warnings": [{"id": "held", "message": state.reason}]}
    return answer


def _status(state: DeploymentState | None, deployment: Deployment, *, is_followed: bool) -> Json:
    """Return how a deployment does: it is ready once every worker answers with its version."""
    if state is not None and state.status == "failed":
        return {"state": "failed", "failure": {"errors": [{"code": "failed", "message": state.reason}]}}
    if state is not None and state.wanted_version == deployment.version and is_followed:
        return {"state": "ready"}
    return {"state": "initializing" if deployment.created_at == deployment.updated_at else "updating"}


def _details(new: NewDeployment) -> Json:
    kinds = {name: value for name in ("online", "batch") if (value := getattr(new, name)) is not None}
    return kinds | {name: value for name in _EMPTY if (value := getattr(new, name))}


def _serving_name(online: Json) -> str | None:
    parameters = online.get("parameters") or {}
    name = parameters.get("serving_name") if isinstance(parameters, dict) else None
    if name is None:
        return None
    try:
        return msgspec.convert(name, ServingName)
    except msgspec.ValidationError:
        raise BadSetting(
            f"serving_name {name!r} is not allowed", hint="up to 36 letters a-z, digits and underscores"
        ) from None


def _hardware(given: Json) -> Json:
    known = {specification_id("hardware", size.name): size.name for size in SIZES}
    name = given.get("name") or known.get(str(given.get("id")), SIZES[0].name)
    return {"id": given.get("id") or specification_id("hardware", name), "name": name, "num_nodes": 1} | given
