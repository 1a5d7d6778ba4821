"""The whole document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from starlette.routing import Route

from scoreline import __version__
from scoreline.core.access import Access
from scoreline.serving.active import Active
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.media.medium import Medium
from scoreline.web.openapi.components import DOCUMENT, Described
from scoreline.web.openapi.dialects import described_dialects
from scoreline.web.openapi.errors import ERROR_SCHEMAS
from scoreline.web.openapi.general import GENERAL_PATHS, GENERAL_SCHEMAS, SECURITY, SECURITY_SCHEMES, STATE
from scoreline.web.openapi.parts import Json, errors, operation
from scoreline.web.openapi.routes import described_routes
from scoreline.web.openapi.schemas import label_schema, prediction_schema, row_schema
from scoreline.web.reach import visible_actives


def document(
    deployments: ActiveDeployments,
    access: Access,
    media: Mapping[str, Iterable[Medium]],
    controls: Iterable[Described],
    routes: Sequence[Route],
) -> Json:
    """Return the document of what the caller may see.

    ``media`` are those of each dialect, ``controls`` what the rooms say of control routes; what of ``routes`` nothing
    describes is told by its methods and its parameters.
    """
    paths: Json = dict(GENERAL_PATHS)
    schemas: Json = DOCUMENT | ERROR_SCHEMAS | GENERAL_SCHEMAS
    for active in visible_actives(deployments, access):
        schemas |= _schemas(active)
        paths |= _state_path(active)
        described = described_dialects(active, media, default=active.name == deployments.default_in(access.space))
        schemas |= described.schemas
        for path, item in described.paths.items():
            paths[path] = paths.get(path, {}) | item
    for described in controls:
        paths |= described.paths
        schemas |= described.schemas
    paths |= described_routes(routes, paths)
    _tell_apart(paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Scoreline", "version": __version__, "description": "Deployments that answer now."},
        "servers": [{"url": "/"}],
        "security": SECURITY,
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": SECURITY_SCHEMES},
    }


def _schemas(active: Active) -> Json:
    manifest = active.pipeline.manifest
    found = {"Row": row_schema(manifest), "Prediction": prediction_schema(manifest, active.name)}
    if manifest.task != "regression":
        found["Label"] = label_schema(manifest)
    return {f"{active.name}.{what}": schema for what, schema in found.items()}


def _state_path(active: Active) -> Json:
    name = active.name
    get = operation(f"get_deployment_{name}", "What answers, and why", STATE, name)
    get["responses"] |= errors(401, 403, 404)
    return {f"/api/v1/deployments/{name}": {"get": get}}


def _tell_apart(paths: Json) -> None:
    """Put numbers behind names that an operation has already: deployments may be called ``a`` and ``a_version``."""
    met: Counter[str] = Counter()
    for item in paths.values():
        for told in item.values():
            met[name := told["operationId"]] += 1
            if met[name] > 1:
                told["operationId"] = f"{name}_{met[name]}"
