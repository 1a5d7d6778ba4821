"""A service as Azure's tools see it: its description and the end of its log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.app.log_tail import MOST_LINES, read_tail
from scoreline.core.entities import Deployment
from scoreline.core.errors import BadRequest
from scoreline.serving.active import DeploymentState
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.azure.paths import SERVICE, WORKSPACES, routes, server_url, state_of
from scoreline.web.reach import visible
from scoreline.web.service import Service

if TYPE_CHECKING:
    from scoreline.app.settings import App

_STATES = {"ready": "Healthy", "held": "Healthy", "failed": "Unhealthy"}
LONGEST_NUMBER = 9
_encoder = msgspec.json.Encoder()


def service_routes(service: Service, app: App) -> list[Route]:
    """Return the routes."""
    deployments = service.deployments

    def described(request: Request, state: DeploymentState) -> dict[str, Any]:
        deployment = app.registry_in(state.space).deployment(state.name)
        return _document(state, deployment, server_url(request))

    async def show(request: Request) -> Reply:
        state = state_of(request, deployments, "view")
        return Reply(_encoder.encode(await asyncio.to_thread(described, request, state)))

    async def every(request: Request) -> Reply:
        states = visible(deployments, request.scope["access"])
        found = await asyncio.to_thread(lambda: [described(request, state) for state in states])
        return Reply(_encoder.encode({"value": found}))

    async def logs(request: Request) -> Reply:
        state = state_of(request, deployments, "view")
        n_lines = _tail(request.query_params.get("tail", str(MOST_LINES)))
        text = await asyncio.to_thread(read_tail, app, state.space, state.name, n_lines)
        reason = f"{state.status}: {state.reason}\n" if state.reason else ""
        return Reply(_encoder.encode({"content": text + reason}))

    services = tuple(workspace + SERVICE for workspace in WORKSPACES)
    lists = tuple(workspace + "/services" for workspace in WORKSPACES)
    tails = tuple(f"{place}/logs" for place in (SERVICE, *services))
    return [
        *routes(tails, {"GET": logs}, "view"),
        *routes(services, {"GET": show}, "view"),
        *routes(lists, {"GET": every}, "view"),
    ]


def _tail(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER and int(text) <= MOST_LINES):
        raise BadRequest(f"`tail` is {text!r}", hint=f"send a number of lines, {MOST_LINES} at most")
    return int(text)


def _document(state: DeploymentState, deployment: Deployment, url: str) -> dict[str, Any]:
    """Return what Azure's SDK reads; what there is no such thing of here is null."""
    address = f"{url}/services/{state.name}"
    return {
        "id": state.id,
        "name": state.name,
        "description": f"{state.model} {state.reference}",
        "computeType": "ACI",
        "createdTime": deployment.created_at.isoformat(),
        "updatedTime": deployment.updated_at.isoformat(),
        "kvTags": {},
        "properties": {"version": str(state.version or ""), "wantedVersion": str(state.wanted_version)},
        "state": _STATES[state.status],
        "error": {"message": state.reason} if state.reason else None,
        "models": [{"name": state.model, "version": state.version, "id": f"{state.model}:{state.version}"}],
        "modelIds": [f"{state.model}:{state.version}"],
        "appInsightsEnabled": state.log.enabled,
        "dataCollection": {"storageEnabled": state.log.enabled},
        "authEnabled": True,
        "aadAuthEnabled": False,
        "cname": None,
        "publicIp": None,
        "location": None,
        "containerResourceRequirements": {"cpu": None, "memoryInGB": None},
        "scoringUri": f"{address}/score",
        "swaggerUri": f"{address}/swagger.json",
        "sslEnabled": url.startswith("https"),
        "sslCertificate": None,
        "sslKey": None,
    }
