"""The parts of the OpenAPI document that every deployment shares."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from scoreline.serving.active import DeploymentState
from scoreline.serving.media.medium import Medium

Json = dict[str, Any]

ERROR_SCHEMAS: Json = {
    "Error": {
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "code": {"type": "string"},
                    "kind": {"type": "string"},
                    "message": {"type": "string", "description": "what was expected, what was found, and where"},
                    "hint": {"type": "string", "description": "what to do"},
                    "row": {"type": "integer", "description": "1-based"},
                    "column": {"type": "string"},
                    "request_id": {"type": "string"},
                },
                "required": ["code", "kind", "message", "hint", "request_id"],
            }
        },
        "required": ["error"],
    },
    "H2OError": {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]},
    "IBMError": {
        "type": "object",
        "properties": {
            "trace": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                    "required": ["code", "message"],
                },
            },
            "status_code": {"type": "integer"},
        },
        "required": ["trace", "errors", "status_code"],
    },
    "AzureError": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
    "MLflowError": {
        "type": "object",
        "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
        "required": ["error_code", "message"],
    },
    "KServeError": {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]},
    "RPCError": {
        "type": "object",
        "properties": {
            "jsonrpc": {"const": "2.0"},
            "id": {"type": ["string", "number", "null"]},
            "error": {
                "type": "object",
                "properties": {"code": {"type": "integer"}, "message": {"type": "string"}, "data": {"type": "object"}},
                "required": ["code", "message"],
            },
        },
        "required": ["jsonrpc", "id", "error"],
    },
    "H2OScoreRequest": {
        "type": "object",
        "properties": {
            "fields": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
            "rows": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}},
            },
            "includeFieldsInOutput": {"type": ["array", "null"], "items": {"type": "string"}},
            "noFieldNamesInOutput": {"type": ["boolean", "null"]},
            "idField": {"type": ["string", "null"]},
            "requestShapleyValueType": {"enum": ["ORIGINAL", "TRANSFORMED", "NONE", None]},
            "requestPredictionIntervals": {"type": ["boolean", "null"]},
        },
        "required": ["fields", "rows"],
    },
    "H2OScoreResponse": {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "fields": {"type": "array", "items": {"type": "string"}},
            "score": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        },
        "required": ["id", "score"],
    },
}


STATE: Json = {"$ref": f"#/components/schemas/{DeploymentState.__name__}"}
KEY: Json = {
    "name": "X-Scoreline-Routing-Key",
    "in": "header",
    "schema": {"type": "string"},
    "description": "Where versions share the requests and the split is sticky: the same key meets the same version.",
}


def json_content(schema: Json, example: Any = None) -> Json:
    """Describe a JSON body."""
    return {"application/json": {"schema": schema} | ({} if example is None else {"example": example})}


def content_in(media: Iterable[Medium], schema: Json, columns: str, example: Any = None) -> Json:
    """Describe a body that may be written as JSON or in these media; ``columns`` says what a table holds."""
    content = json_content(schema, example)
    for medium in media:
        content[medium.types[0]] = {"schema": {"description": columns} if medium.is_table else schema}
    return content


def text_content() -> Json:
    """Describe a text body."""
    return {"text/plain": {"schema": {"type": "string"}}}


def state_schemas() -> Json:
    """Describe what a deployment says of itself, and the parts of that."""
    return msgspec.json.schema_components([DeploymentState], ref_template="#/components/schemas/{name}")[1]


def errors(*statuses: int, schema: str = "Error") -> Json:
    """Describe error responses."""
    content = json_content({"$ref": f"#/components/schemas/{schema}"})
    return {str(status): {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def operation(identity: str, summary: str, answer: Json, tag: str) -> Json:
    """Describe an operation that answers JSON."""
    return {
        "operationId": "_".join(re.findall(r"[\w.-]+", identity)),
        "summary": summary,
        "tags": [tag],
        "responses": {"200": {"description": "OK", "content": json_content(answer)}},
    }


NOT_LET_IN = (401, 403)
"""Statuses of routes that ask who asks."""


def _general(path: str, summary: str, *statuses: int, **properties: Json) -> Json:
    answer = {"type": "object"} | ({"properties": properties} if properties else {})
    get = operation(f"get {path}", summary, answer, "server")
    for status in statuses:
        get["responses"][str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": json_content({"type": "object"}),
        }
    return {path: {"get": get}}


def _shown(path: str, summary: str, media_type: str) -> Json:
    get = operation(f"get {path}", summary, {}, "server")
    get["responses"]["200"]["content"] = {media_type: {"schema": {"type": "string"}}}
    get["responses"] |= errors(*NOT_LET_IN)
    return {path: {"get": get}}


GENERAL_PATHS: Json = {
    **_general(
        "/api/v1/deployments",
        "Every deployment: what answers, and why",
        *NOT_LET_IN,
        deployments={"type": "array", "items": STATE},
    ),
    **_general("/openapi.json", "This document", *NOT_LET_IN),
    **_shown("/docs", "This document, to look at and to try", "text/html"),
    **_shown("/metrics", "Metrics of all workers, for Prometheus", "text/plain"),
    **_general("/health/live", "The worker's event loop turns"),
    **_general("/health/startup", "The worker has tried to load every deployment", 503),
    **_general("/health/ready", "Every deployment scores its sample rightly", 503),
}
SECURITY_SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key or a token"},
    "key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "A key or a token"},
}
SECURITY: list[Json] = [{"bearer": []}, {"key": []}]
