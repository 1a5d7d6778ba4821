"""The whole document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from starlette.routing import Route

from scoreline import __version__
from scoreline.core.access import Access
from scoreline.serving.active import Active
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.media.medium import Medium
from scoreline.web.openapi.dialects import dialect_paths
from scoreline.web.openapi.parts import (
    ERROR_SCHEMAS,
    GENERAL_PATHS,
    SECURITY,
    SECURITY_SCHEMES,
    STATE,
    Json,
    errors,
    operation,
    state_schemas,
)
from scoreline.web.openapi.routes import described_routes
from scoreline.web.openapi.schemas import prediction_schema, row_schema
from scoreline.web.reach import visible_actives


def document(
    deployments: ActiveDeployments,
    access: Access,
    media: Mapping[str, Iterable[Medium]],
    controls: Mapping[str, Json],
    routes: Sequence[Route],
) -> Json:
    """Return the document of what the caller may see.

    ``media`` are those of each dialect, ``controls`` the path items of control routes; what of ``routes`` nothing
    describes is told by its methods and its parameters.
    """
    paths: Json = dict(GENERAL_PATHS)
    schemas: Json = ERROR_SCHEMAS | state_schemas()
    for active in visible_actives(deployments, access):
        schemas[f"{active.name}.Row"] = row_schema(active.pipeline.manifest)
        schemas[f"{active.name}.Prediction"] = prediction_schema(active.pipeline.manifest)
        paths |= _state_path(active)
        for path, item in dialect_paths(
            active, media, default=active.name == deployments.default_in(access.space)
        ).items():
            paths[path] = paths.get(path, {}) | item
    paths |= controls
    paths |= described_routes(routes, paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Scoreline", "version": __version__, "description": "Deployments that answer now."},
        "servers": [{"url": "/"}],
        "security": SECURITY,
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": SECURITY_SCHEMES},
    }


def _state_path(active: Active) -> Json:
    name = active.name
    get = operation(f"deployment {name}", "What answers, and why", STATE, name)
    get["responses"] |= errors(401, 403, 404)
    return {f"/api/v1/deployments/{name}": {"get": get}}
