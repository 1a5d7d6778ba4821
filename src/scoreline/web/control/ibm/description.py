"""The control plane in the OpenAPI document: what each route is for, what it takes, how it answers."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from scoreline.core.access import Needs
from scoreline.web.control.ibm.deployments import NewDeployment
from scoreline.web.control.ibm.jobs import NewJob
from scoreline.web.control.ibm.models import NewModel
from scoreline.web.control.ibm.patch import Change
from scoreline.web.control.ibm.spaces import NewSpace
from scoreline.web.control.ibm.tokens import API_KEY_GRANT, Login
from scoreline.web.service import Service

Json = dict[str, Any]
TAG = "IBM Watson Machine Learning"
FORM, BYTES = "application/x-www-form-urlencoded", "application/octet-stream"
ERROR = {"$ref": "#/components/schemas/IBMError"}


_TEXT = {"type": "string"}
CONTENTS: dict[str, Json] = {
    FORM: {
        "schema": {
            "type": "object",
            "properties": {
                "grant_type": {"enum": [API_KEY_GRANT, "password", "refresh_token"]},
                **dict.fromkeys(("apikey", "username", "password", "refresh_token"), _TEXT),
            },
            "required": ["grant_type"],
        }
    },
    BYTES: {"schema": {"type": "string", "format": "binary"}},
}
"""Bodies that are not JSON."""


class Told(NamedTuple):
    """What is said of a method of a path."""

    summary: str
    status: int = 200
    takes: Any = None
    """Type of its JSON body; None: it has none."""
    needs: Needs = "view"
    media: str = ""
    """Of a body that is not JSON."""
    gives: str = "application/json"


TOLD: dict[str, dict[str, Told]] = {
    "/identity/token": {"post": Told("A key becomes a token", needs="nothing", media=FORM)},
    "/oidc/token": {"post": Told("A key becomes a token", needs="nothing", media=FORM)},
    "/idprovider/v1/auth/identitytoken": {"post": Told("A password becomes a token", needs="nothing", media=FORM)},
    "/icp4d-api/v1/authorize": {"post": Told("A password or key becomes a token", takes=Login, needs="nothing")},
    "/v1/preauth/validateAuth": {"get": Told("A password, as HTTP Basic, becomes a token", needs="nothing")},
    "/ml/wml_services/v2/version": {"get": Told("Version of the API", needs="nothing")},
    "/v2/spaces": {
        "get": Told("Spaces in which the caller may do something"),
        "post": Told("Make a space", 202, NewSpace, "admin"),
    },
    "/v2/spaces/{id}": {
        "get": Told("One space"),
        "delete": Told("Delete a space that is empty", 202, needs="admin"),
    },
    "/v2/software_specifications": {"get": Told("What scores the models")},
    "/v2/software_specifications/{id}": {"get": Told("What scores the models")},
    "/ml/v4/list/software_specifications": {"get": Told("Whether what scores the models is supported")},
    "/v2/hardware_specifications": {"get": Told("Sizes")},
    "/v2/hardware_specifications/{id}": {"get": Told("One size")},
    "/v2/assets/{id}": {
        "get": Told("A model or a deployment"),
        "delete": Told("Delete a model", 204, needs="edit"),
    },
    "/ml/v4/models": {
        "get": Told("Models, oldest first"),
        "post": Told("Store a model; its content follows", 201, NewModel, "edit"),
    },
    "/ml/v4/models/{id}": {
        "get": Told("One model"),
        "patch": Told("Change what is said of a model", 200, list[Change], "edit"),
        "delete": Told("Delete a model", 204, needs="edit"),
    },
    "/ml/v4/models/{id}/content": {
        "get": Told("The scoring pipeline", gives=BYTES),
        "put": Told("Give a model its content", 201, needs="edit", media=BYTES),
    },
    "/ml/v4/models/{id}/download": {"get": Told("The scoring pipeline in a tar.gz", gives=BYTES)},
    "/ml/v4/deployments": {
        "get": Told("Deployments, oldest first"),
        "post": Told("Deploy a model, online or in batch", 202, NewDeployment, "edit"),
    },
    "/ml/v4/deployments/{id}": {
        "get": Told("One deployment, and how it does"),
        "patch": Told("Rename a deployment, or put another model in", 200, list[Change], "edit"),
        "delete": Told("Take a deployment away", 204, needs="edit"),
    },
    "/ml/v4/deployment_jobs": {
        "get": Told("Jobs, oldest first"),
        "post": Told("Score rows later, and keep what came of them", 202, NewJob, "score"),
    },
    "/ml/v4/deployment_jobs/{id}": {
        "get": Told("One job, and its predictions"),
        "delete": Told("Cancel a job, or forget it", 204, needs="score"),
    },
    "/v2/jobs/{id}/runs/{run_id}": {"delete": Told("Cancel a job, or forget one that has ended", 204, needs="score")},
    "/ml/v4/functions": {"get": Told("Functions: there are none")},
    "/wx/v1/prompts/{id}": {"get": Told("Prompts: there are none", 404)},
    "/wx/v1-beta/prompts/{id}": {"get": Told("Prompts: there are none", 404)},
}
"""The one table of the routes."""


def ibm_description(service: Service) -> Json:
    """Return the path items; a worker that only scores has none."""
    if service.app is None:
        return {}
    return {
        style: {method: _operation(method, style, told) for method, told in methods.items()}
        for path, methods in TOLD.items()
        for style in styles(path)
    }


def needs(path: str, method: str) -> Needs:
    """Return what a caller must be allowed to do."""
    return TOLD[path][method.lower()].needs


def styles(path: str) -> list[str]:
    """Return the paths under which a route is found: IBM's own application asks without ``/ml``."""
    return [path, path.removeprefix("/ml")] if path.startswith("/ml/v4/") else [path]


def _operation(method: str, path: str, told: Told) -> Json:
    answer: Json = {"description": told.summary}
    if told.status != 204:
        answer["content"] = {told.gives: {} if told.gives == BYTES else {"schema": {"type": "object"}}}
    operation: Json = {
        "operationId": "_".join(["ibm", method, *re.findall(r"\w+", path)]),
        "summary": told.summary,
        "tags": [TAG],
        "responses": {
            str(told.status): answer,
            "default": {"description": "Why not", "content": {"application/json": {"schema": ERROR}}},
        },
    }
    places = re.findall(r"{(\w+)}", path)
    operation["parameters"] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in places
    ]
    if told.needs == "nothing":
        operation["security"] = []
    else:
        operation["description"] = f"Needs the right to {told.needs}, in the space that `space_id` names."
        operation["parameters"].append({"name": "space_id", "in": "query", "schema": {"type": "string"}})
    if told.media:
        operation["requestBody"] = {"required": True, "content": {told.media: CONTENTS[told.media]}}
    elif told.takes is not None:
        schema = _inline(msgspec.json.schema(told.takes))
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _inline(schema: Json) -> Json:
    """Return the schema with what it refers to in place of the references."""
    named = schema.get("$defs", {})

    def resolved(value: Any) -> Any:
        if isinstance(value, list):
            return [resolved(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return resolved(named[value["$ref"].rpartition("/")[2]])
        return {name: resolved(member) for name, member in value.items() if name != "$defs"}

    found: Json = resolved(schema)
    return found
