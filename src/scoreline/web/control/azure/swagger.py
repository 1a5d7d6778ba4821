"""The document of one deployment, as Swagger 2.0, OpenAPI 3.0 or 3.1: what Azure gives for each of its services."""

from __future__ import annotations

import json
from typing import Any

from scoreline.serving.active import Active
from scoreline.web.control.azure.schemas import (
    VERSIONS,
    Json,
    Version,
    answer_example,
    answer_schema,
    methods,
    row_schema,
)

_SCORE = "Score rows with the version of the deployment that answers now"
_STATUSES = {
    "400": "the body or a row cannot be read: the message names row and column",
    "401": "no key, or one that does not hold",
    "default": "another error",
}


def swagger(active: Active, version: Version, url: str, base: str, *, health: bool) -> Json:
    """Return the document.

    ``url`` is the server's, ``base`` the deployment's path there, ``health`` whether that path itself answers GET.
    """
    write = _two if version == "2" else _three
    document = write(active, version, url, base)
    if not health:
        del document["paths"]["/"]
    return document


def _info(active: Active) -> Json:
    manifest = active.pipeline.manifest
    return {
        "title": active.name,
        "description": f"Predicts {manifest.target} with version {active.version} of the model {active.model}.",
        "version": str(active.version),
    }


def _requests(active: Active, reference: str) -> tuple[Json, Json]:
    """Return the first form of a request and the second."""
    manifest = active.pipeline.manifest
    rows: Json = {
        "type": "array",
        "items": {"$ref": f"{reference}/Row"},
        "minItems": 1,
        "format": "pandas.DataFrame:records",
    }
    example = {"data": active.pipeline.sample.rows[:1]}
    method = methods(manifest)
    first = {
        "type": "object",
        "properties": {"data": rows, "method": method},
        "required": ["data"],
        "example": {**example, "method": "predict"},
    }
    data = {"type": "object", "properties": {"data": rows}, "required": ["data"]}
    parameters = {"type": "object", "properties": {"method": method}}
    second = {
        "type": "object",
        "properties": {"Inputs": data, "GlobalParameters": parameters},
        "required": ["Inputs"],
        "example": {"Inputs": example, "GlobalParameters": {"method": "predict"}},
    }
    return first, second


def _answers(active: Active) -> tuple[Json, Json]:
    """Return the answer to the first form, which is JSON in a text, and to the second."""
    manifest = active.pipeline.manifest
    list_ = answer_schema(manifest)
    example = answer_example(manifest)
    first = {
        "type": "string",
        "description": "JSON in a text: an object whose `result` is the list of answers",
        "example": json.dumps({"result": example}),
    }
    second = {
        "type": "object",
        "properties": {"Results": list_},
        "required": ["Results"],
        "example": {"Results": example},
    }
    return first, second


def _two(active: Active, version: Version, url: str, base: str) -> Json:
    scheme, _, host = url.partition("://")
    payload = {
        "name": "serviceInputPayload",
        "in": "body",
        "required": True,
        "schema": {"$ref": "#/definitions/ServiceInput"},
    }
    error = {"schema": {"$ref": "#/definitions/ErrorResponse"}}
    choice = {"name": "version", "in": "query", "type": "string", "enum": list(VERSIONS), "default": "2"}
    return {
        "swagger": "2.0",
        "info": _info(active),
        "host": host,
        "basePath": base or "/",
        "schemes": [scheme],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": {"type": "apiKey", "name": "Authorization", "in": "header"}},
        "paths": {
            "/": {
                "get": _get("ServiceHealthCheck", "Say whether the deployment answers", {"schema": {"type": "string"}})
                | {"produces": ["text/html"]}
            },
            "/score": {
                "post": {
                    "operationId": "RunMLService",
                    "summary": _SCORE,
                    "security": [{"Bearer": []}],
                    "parameters": [payload],
                    "responses": {
                        "200": {"description": "OK", "schema": {"$ref": "#/definitions/ServiceOutput"}},
                        **{status: {"description": text} | error for status, text in _STATUSES.items()},
                    },
                }
            },
            "/swagger.json": {
                "get": _get("GetSwaggerSpec", "Return this document", {"schema": {"type": "object"}})
                | {"parameters": [choice], "security": [{"Bearer": []}]}
            },
        },
        "definitions": {
            "Row": row_schema(active.pipeline.manifest, version),
            "ServiceInput": _requests(active, "#/definitions")[0],
            "ServiceOutput": _answers(active)[0],
            "ErrorResponse": _ERROR,
        },
    }


def _three(active: Active, version: Version, url: str, base: str) -> Json:
    (first_in, second_in), (first_out, second_out) = (
        _requests(active, "#/components/schemas"),
        _answers(active),
    )
    either_in, either_out = (
        {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}
        for names in (("ServiceInput", "ServiceInputV2"), ("ServiceOutput", "ServiceOutputV2"))
    )
    examples = {"first": {"value": first_in.pop("example")}, "second": {"value": second_in.pop("example")}}
    error = _json({"$ref": "#/components/schemas/ErrorResponse"})
    choice = {"name": "version", "in": "query", "schema": {"type": "string", "enum": list(VERSIONS), "default": "2"}}
    return {
        "openapi": "3.0.3" if version == "3" else "3.1.0",
        "info": _info(active),
        "servers": [{"url": url + base}],
        "paths": {
            "/": {
                "get": _get(
                    "ServiceHealthCheck",
                    "Say whether the deployment answers",
                    {"content": {"text/html": {"schema": {"type": "string"}}}},
                )
            },
            "/score": {
                "post": {
                    "operationId": "RunMLService",
                    "summary": _SCORE,
                    "security": [{"Bearer": []}],
                    "requestBody": {"required": True, **_json(either_in, examples=examples)},
                    "responses": {
                        "200": {"description": "OK", **_json(either_out)},
                        **{status: {"description": text} | error for status, text in _STATUSES.items()},
                    },
                }
            },
            "/swagger.json": {
                "get": _get("GetSwaggerSpec", "Return this document", _json({"type": "object"}))
                | {"parameters": [choice], "security": [{"Bearer": []}]}
            },
        },
        "components": {
            "schemas": {
                "Row": row_schema(active.pipeline.manifest, version),
                "ServiceInput": first_in,
                "ServiceInputV2": second_in,
                "ServiceOutput": first_out,
                "ServiceOutputV2": second_out,
                "ErrorResponse": _ERROR,
            },
            "securitySchemes": {"Bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


_ERROR: Json = {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}


def _get(identity: str, summary: str, answer: Json) -> Json:
    return {"operationId": identity, "summary": summary, "responses": {"200": {"description": "OK", **answer}}}


def _json(schema: Json, **more: Any) -> Json:
    return {"content": {"application/json": {"schema": schema, **more}}}
