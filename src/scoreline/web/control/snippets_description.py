"""Code samples and Thrift's IDL, in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from scoreline.serving.protocols import DIALECTS
from scoreline.web.control.snippets import BASE, DEFAULT_DIALECT
from scoreline.web.openapi.components import Described, ref
from scoreline.web.openapi.parts import errors, json_content, operation, text_content
from scoreline.web.service import Service

Json = dict[str, Any]
TAG = "code samples"
_TEXT: Json = {"type": "string"}
_NAME: Json = {"name": "name", "in": "path", "required": True, "schema": _TEXT, "description": "of the deployment"}


def snippets_description(_: Service) -> Described:
    """Return what is said of the routes."""
    from scoreline.web.snippets import LANGUAGES

    dialects = {"enum": list(DIALECTS.names), "default": DEFAULT_DIALECT}
    dialect: Json = {"name": "dialect", "in": "query", "schema": dialects}
    language: Json = {"name": "language", "in": "path", "required": True, "schema": {"enum": list(LANGUAGES.names)}}
    members = {"deployment": _TEXT, "dialect": _TEXT, "snippets": ref("SnippetsByLanguage")}
    paths = {
        f"{BASE}/snippets": _get("list_snippets", "Code that scores a real row, in every language", dialect),
        f"{BASE}/snippets/{{language}}": _get("get_snippet", "Code that scores a real row", language, dialect),
        f"{BASE}/thrift": _get("get_thrift_idl", "The deployment's service in Thrift's interface language"),
    }
    paths[f"{BASE}/snippets"]["get"]["responses"]["200"]["content"] = json_content(ref("Snippets"))
    schemas = {
        "Snippets": {"type": "object", "properties": members, "required": list(members)},
        "SnippetsByLanguage": {"type": "object", "additionalProperties": _TEXT},
    }
    return Described(paths, schemas)


def _get(name: str, summary: str, *parameters: Json) -> Json:
    get = operation(name, summary, {}, TAG)
    get["description"] = "Needs the right to view."
    get["parameters"] = [_NAME, *parameters]
    get["responses"]["200"]["content"] = text_content()
    get["responses"] |= errors(400, 401, 403, 404, 503)
    return {"get": get}
