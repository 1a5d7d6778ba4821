"""A token in place of a key, as services on Azure's Kubernetes give one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.azure.paths import SERVICE, WORKSPACES, routes, state_of
from scoreline.web.service import Service

if TYPE_CHECKING:
    from scoreline.app.settings import App

REFRESHED_AFTER = 0.5
"""Of a token's life: from then on a caller asks for the next one."""
_encoder = msgspec.json.Encoder()


def token_routes(service: Service, app: App) -> list[Route]:
    """Return the routes. A token may do what whoever asks for it may."""

    async def issue(request: Request) -> Reply:
        state_of(request, service.deployments, "score")
        token = await asyncio.to_thread(app.security.issue_token, request.scope["access"])
        document = {
            "accessToken": token.access_token,
            "tokenType": "Bearer",
            "refreshAfter": token.expires_at - int(token.expires_in * (1 - REFRESHED_AFTER)),
            "expiryOn": token.expires_at,
        }
        return Reply(_encoder.encode(document), headers=(("cache-control", "no-store"),))

    places = (SERVICE, *(workspace + SERVICE for workspace in WORKSPACES))
    return routes(tuple(f"{place}/token" for place in places), {"POST": issue}, "score")
