"""Routes of a whole server of the Open Inference Protocol: what it is, how it is, its models, its repository."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline import __version__
from scoreline.core.access import Access, Needs
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.json import read_json
from scoreline.web.admission import Body
from scoreline.web.body import read_body
from scoreline.web.control.open_inference.repository import Listed, index, load, unload
from scoreline.web.endpoint import RETRY, Endpoint, View
from scoreline.web.health import Health
from scoreline.web.reach import visible
from scoreline.web.service import Service

NAME = "scoreline"
EXTENSIONS = ("binary_tensor_data", "model_repository")
MODEL = "/v2/repository/models/{name}"
_encoder = msgspec.json.Encoder()


class IndexRequest(msgspec.Struct):
    """The body of ``index``; it may be empty."""

    ready: bool = False


_decoder = msgspec.json.Decoder(IndexRequest)


def server_metadata() -> dict[str, Any]:
    """Return what the server is."""
    return {"name": NAME, "version": __version__, "extensions": list(EXTENSIONS)}


def open_inference_routes(service: Service) -> list[Route]:
    """Return the routes of the server; those of its models are the dialect's."""
    health = Health(service.deployments, service.watch)

    async def server(_: Request) -> Reply:
        return _reply(server_metadata())

    async def live(_: Request) -> Reply:
        return _reply({"live": True})

    async def ready(_: Request) -> Reply:
        well = await is_ready(health)
        return _reply({"live": True, "ready": well}, well=well)

    async def models(request: Request) -> Reply:
        return _reply({"models": [state.name for state in visible(service.deployments, _access(request))]})

    async def listed(request: Request) -> Reply:
        with Body(service.admission) as held:
            body = await read_body(request, held)
        asked = read_json(body, _decoder) if body.strip() else IndexRequest()
        return _reply([_told(each) for each in await index(service, _access(request), ready=asked.ready)])

    async def loaded(request: Request) -> Reply:
        await load(service, _access(request), request.path_params["name"], _origin(request))
        return _reply({})

    async def unloaded(request: Request) -> Reply:
        await unload(service, _access(request), request.path_params["name"], _origin(request))
        return _reply({})

    routes: tuple[tuple[str, str, View, Needs], ...] = (
        ("/v2", "GET", server, "view"),
        ("/v2/health/live", "GET", live, "nothing"),
        ("/v2/health/ready", "GET", ready, "nothing"),
        ("/v2/models", "GET", models, "view"),
        ("/v2/repository/index", "POST", listed, "view"),
        (MODEL + "/load", "POST", loaded, "edit"),
        (MODEL + "/unload", "POST", unloaded, "edit"),
    )
    write_error = DIALECTS["oip"].error
    return [Route(path, Endpoint({method: view}, write_error, needs)) for path, method, view, needs in routes]


async def is_ready(health: Health) -> bool:
    """Whether requests are welcome."""
    return bool((await asyncio.to_thread(health.readiness))["status"] == "ready")


def _told(each: Listed) -> dict[str, str]:
    return {name: value for name, value in each._asdict().items() if value}


def _origin(request: Request) -> str:
    return request.client.host if request.client else ""


def _access(request: Request) -> Access:
    access: Access = request.scope["access"]
    return access


def _reply(document: Mapping[str, Any] | list[Any], *, well: bool = True) -> Reply:
    return Reply(_encoder.encode(document), status=200 if well else 503, headers=() if well else RETRY)
