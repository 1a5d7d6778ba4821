"""What is here: deployments and their state, the page a browser sees first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.core.access import ANYONE
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.endpoint import Endpoint, WriteError
from scoreline.web.gate import NOBODY
from scoreline.web.gate.credentials import HINT
from scoreline.web.index import page
from scoreline.web.reach import check_reach, visible, whoever

HTML = "text/html; charset=utf-8"
_encoder = msgspec.json.Encoder()


def catalog_routes(deployments: ActiveDeployments, write_error: WriteError) -> list[Route]:
    """Return the routes that list."""

    async def index(request: Request) -> Reply:
        access = await whoever(request)
        if "text/html" in request.headers.get("accept", ""):
            return Reply(page(deployments, access, str(request.base_url).rstrip("/")), HTML)
        told: dict[str, object] = {"openapi": "/openapi.json"}
        if access is NOBODY:
            told["hint"] = HINT
        else:
            told["deployments"] = [state.name for state in visible(deployments, access)]
        return Reply(_encoder.encode(told | ({"open": True} if access is ANYONE else {})))

    async def states(request: Request) -> Reply:
        return Reply(_encoder.encode({"deployments": visible(deployments, request.scope["access"])}))

    async def state(request: Request) -> Reply:
        name, access = request.path_params["name"], request.scope["access"]
        found = deployments.state(name, access.space, access.deployments)
        check_reach(deployments, access, "view", found, name)
        return Reply(_encoder.encode(found))

    views: dict[str, Callable[[Request], Awaitable[Reply]]] = {
        "/": index,
        "/api/v1/deployments": states,
        "/api/v1/deployments/{name}": state,
    }
    return [
        Route(path, Endpoint({"GET": view}, write_error, "nothing" if view is index else "view"))
        for path, view in views.items()
    ]
