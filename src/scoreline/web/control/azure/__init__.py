"""What Azure Machine Learning has around ``/score``: documents, health, keys, tokens, logs, its form of a service."""

from __future__ import annotations

from starlette.routing import Route

from scoreline.web.control.azure.documents import document_routes
from scoreline.web.control.azure.keys import key_routes
from scoreline.web.control.azure.services import service_routes
from scoreline.web.control.azure.tokens import token_routes
from scoreline.web.service import Service


def azure_routes(service: Service) -> list[Route]:
    """Return the routes."""
    routes = document_routes(service)
    if service.app is not None:
        for made in (key_routes, token_routes, service_routes):
            routes += made(service, service.app)
    return routes
