"""The parts of the OpenAPI document that every deployment shares."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from scoreline.serving.active import Active, DeploymentState
from scoreline.serving.media.medium import Medium
from scoreline.serving.protocols import DIALECTS

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
        "operationId": "_".join(identity.replace("/", " ").split()),
        "summary": summary,
        "tags": [tag],
        "responses": {"200": {"description": "OK", "content": json_content(answer)}},
    }


def h2o_operations(name: str, base: str, active: Active) -> Json:
    """Describe the H2O dialect's routes under ``base``."""
    dialect = DIALECTS["h2o"]
    identity = "h2o" if base else "h2o root"
    tag = f"{name} (H2O)" if base else "default deployment (H2O)"
    example = msgspec.json.decode(dialect.views["/model/sample_request"](active).body)
    score = operation(
        f"{identity} score {name}", "Score rows of text", {"$ref": "#/components/schemas/H2OScoreResponse"}, tag
    ) | {
        "requestBody": {
            "required": True,
            "content": json_content({"$ref": "#/components/schemas/H2OScoreRequest"}, example),
        }
    }
    score["parameters"] = [KEY]
    score["responses"] |= errors(400, 406, 411, 413, 415, 501, 503, schema="H2OError")
    paths: Json = {base + dialect.score_path: {"post": score}}
    for path, show in dialect.views.items():
        reply = show(active)
        shown = operation(f"{identity} {path.removeprefix('/model/')} {name}", f"The model's {path[7:]}", {}, tag)
        if not reply.media_type.startswith("application/json"):
            shown["responses"]["200"]["content"] = text_content()
        paths[base + path] = {"get": shown}
    return paths


def _general(path: str, summary: str, *statuses: int, **properties: Json) -> Json:
    answer = {"type": "object"} | ({"properties": properties} if properties else {})
    get = operation(f"get {path}", summary, answer, "server")
    for status in statuses:
        get["responses"][str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": json_content({"type": "object"}),
        }
    return {path: {"get": get}}


GENERAL_PATHS: Json = {
    **_general(
        "/api/v1/deployments", "Every deployment: what answers, and why", deployments={"type": "array", "items": STATE}
    ),
    **_general("/health/live", "The worker's event loop turns"),
    **_general("/health/startup", "The worker has tried to load every deployment", 503),
    **_general("/health/ready", "Every deployment scores its sample rightly", 503),
}
