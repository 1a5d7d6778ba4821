"""What every server answers beside its deployments, and how callers say who they are."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from scoreline.serving.active import DeploymentState
from scoreline.web.openapi.components import Components, ref
from scoreline.web.openapi.parts import errors, json_content, operation

Json = dict[str, Any]
NOT_LET_IN = (401, 403)
"""Statuses of routes that ask who asks."""
_TAG = "server"
_states = Components()
STATE = _states.of(DeploymentState)
GENERAL_SCHEMAS: Json = {
    **_states.schemas,
    "Deployments": {
        "type": "object",
        "properties": {"deployments": {"type": "array", "items": STATE}},
        "required": ["deployments"],
    },
}


def _probe(path: str, name: str, summary: str, *statuses: int) -> Json:
    get = operation(name, summary, ref("Document"), _TAG)
    get["security"] = []
    for status in statuses:
        get["responses"][str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": json_content(ref("Document")),
        }
    return {path: {"get": get}}


def _shown(path: str, name: str, summary: str, media_type: str, schema: Json) -> Json:
    get = operation(name, summary, {}, _TAG)
    get["responses"]["200"]["content"] = {media_type: {"schema": schema}}
    get["responses"] |= errors(*NOT_LET_IN)
    return {path: {"get": get}}


_TEXT: Json = {"type": "string"}
GENERAL_PATHS: Json = {
    **_shown(
        "/api/v1/deployments",
        "list_deployments",
        "Every deployment: what answers, and why",
        "application/json",
        ref("Deployments"),
    ),
    **_shown("/openapi.json", "get_openapi", "This document", "application/json", ref("Document")),
    **_shown("/docs", "get_docs", "This document, to look at and to try", "text/html", _TEXT),
    **_shown("/metrics", "get_metrics", "Metrics of all workers, for Prometheus", "text/plain", _TEXT),
    **_probe("/health/live", "get_live", "The worker's event loop turns"),
    **_probe("/health/startup", "get_startup", "The worker has tried to load every deployment", 503),
    **_probe("/health/ready", "get_ready", "Every deployment scores its sample rightly", 503),
}
SECURITY_SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key or a token"},
    "key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "A key or a token"},
}
SECURITY: list[Json] = [{"bearer": []}, {"key": []}]
