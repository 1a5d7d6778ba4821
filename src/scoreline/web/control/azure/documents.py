"""``swagger.json`` of each deployment, and the word that it is healthy."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.core.errors import NotFound
from scoreline.serving.protocols.dialect import NAME, Reply
from scoreline.web.control.azure.paths import SERVICE, routes, server_url
from scoreline.web.control.azure.schemas import VERSIONS, Version
from scoreline.web.control.azure.swagger import swagger
from scoreline.web.health import Health
from scoreline.web.probes import check_probed
from scoreline.web.reach import check_reach
from scoreline.web.service import Service

_encoder = msgspec.json.Encoder()


def document_routes(service: Service) -> list[Route]:
    """Return the routes that are there wherever ``/score`` is."""
    deployments, health = service.deployments, Health(service.deployments, service.watch)

    async def document(request: Request) -> Reply:
        version = _version(request.query_params.get("version", VERSIONS[0]))
        name, access = request.path_params.get("name"), request.scope["access"]
        active = deployments.get(name, access.space, access.deployments)
        check_reach(deployments, access, "view", active, name)
        request.scope["active"] = active
        path: str = request.scope["path"]
        base = path.removesuffix("/swagger.json")
        found = swagger(active, version, server_url(request), base, health=base.startswith("/services/"))
        return Reply(_encoder.encode(found))

    async def healthy(request: Request) -> Reply:
        await check_probed(request, deployments, health)
        return Reply(b"Healthy", "text/html; charset=utf-8")

    documents = tuple(f"{base}/swagger.json" for base in (SERVICE, NAME, ""))
    return routes(documents, {"GET": document}, "view") + routes((SERVICE,), {"GET": healthy}, "nothing")


def _version(text: str) -> Version:
    for version in VERSIONS:
        if version == text:
            return version
    known = ", ".join(VERSIONS)
    raise NotFound(f"Swagger version [{text}] is not valid. Supported versions: [{known}].", hint="leave it out for 2")
