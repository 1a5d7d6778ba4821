"""The parts of the OpenAPI document that every deployment shares."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from scoreline.serving.media.medium import Medium
from scoreline.web.openapi.components import ref

Json = dict[str, Any]

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


def errors(*statuses: int, schema: str = "Error") -> Json:
    """Describe error responses."""
    content = json_content(ref(schema))
    return {str(status): {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def refusal(schema: str) -> Json:
    """Describe every answer that is an error of a dialect, or of ours: an address that is none has no dialect."""
    return {"description": "Why not", "content": json_content({"anyOf": [ref(schema), ref("Error")]})}


def operation(identity: str, summary: str, answer: Json, tag: str) -> Json:
    """Describe an operation that answers JSON. ``identity`` becomes the name of a function where code is made of it."""
    return {
        "operationId": identity,
        "summary": summary,
        "tags": [tag],
        "responses": {"200": {"description": "OK", "content": json_content(answer)}},
    }
