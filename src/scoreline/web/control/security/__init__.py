"""Routes of access: tokens, keys, users, spaces, the audit log."""

from __future__ import annotations

from starlette.routing import Route

from scoreline.serving.protocols import DIALECTS
from scoreline.web.control.security import audit, keys, spaces, tokens, users
from scoreline.web.endpoint import Endpoint
from scoreline.web.service import Service


def security_routes(service: Service) -> list[Route]:
    """Return the routes; a worker that only scores has none."""
    if service.app is None:
        return []
    security, write_error = service.app.security, DIALECTS["native"].error
    routes = [Route(path, Endpoint(views, tokens.write_error, "nothing")) for path, views in tokens.views(security)]
    for part in (keys, users, spaces, audit):
        for path, views, needs in part.views(security):
            routes.append(Route(path, Endpoint(views, write_error, needs)))
    return routes
