"""Routes beside the scoring routes: those that look after models, deployments and keys, and those of whole servers."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from scoreline.web.control.azure import azure_routes
from scoreline.web.control.clouds import cloud_routes
from scoreline.web.control.clouds_description import clouds_description
from scoreline.web.control.ibm import ibm_routes
from scoreline.web.control.ibm.description import ibm_description
from scoreline.web.control.many_models import many_models_routes
from scoreline.web.control.open_inference import open_inference_routes
from scoreline.web.control.open_inference.description import open_inference_description
from scoreline.web.control.security import security_routes
from scoreline.web.control.security.description import security_description
from scoreline.web.control.snippets import snippet_routes
from scoreline.web.control.snippets_description import snippets_description
from scoreline.web.control.udacity import udacity_routes
from scoreline.web.control.udacity.description import udacity_description
from scoreline.web.openapi.components import Described
from scoreline.web.service import Service

CONTROLS: tuple[Callable[[Service], list[Route]], ...] = (
    ibm_routes,
    open_inference_routes,
    azure_routes,
    cloud_routes,
    many_models_routes,
    security_routes,
    snippet_routes,
    udacity_routes,
)
"""The one list of what makes such routes."""
DESCRIPTIONS: tuple[Callable[[Service], Described], ...] = (
    ibm_description,
    security_description,
    clouds_description,
    open_inference_description,
    snippets_description,
    udacity_description,
)
"""The one list of what describes them in the OpenAPI document."""
