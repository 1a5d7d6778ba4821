"""The control plane in the OpenAPI document: what each route is for, what it takes, how it answers."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from scoreline.core.access import Needs
from scoreline.web.control.ibm.deployments import NewDeployment
from scoreline.web.control.ibm.jobs import NewJob
from scoreline.web.control.ibm.models import NewModel
from scoreline.web.control.ibm.patch import Change
from scoreline.web.control.ibm.spaces import NewSpace
from scoreline.web.control.ibm.tokens import API_KEY_GRANT, Login
from scoreline.web.openapi.components import DOCUMENT, Components, Described, ref
from scoreline.web.openapi.parts import json_content, refusal
from scoreline.web.service import Service

Json = dict[str, Any]
TAG = "IBM Watson Machine Learning"
FORM, BYTES = "application/x-www-form-urlencoded", "application/octet-stream"
_TEXT = {"type": "string"}
TOKEN_REQUEST: Json = {
    "type": "object",
    "properties": {
        "grant_type": {"enum": [API_KEY_GRANT, "password", "refresh_token"]},
        **dict.fromkeys(("apikey", "username", "password", "refresh_token"), _TEXT),
    },
    "required": ["grant_type"],
}
CONTENTS: dict[str, Json] = {
    FORM: {"schema": ref("IBMTokenRequest")},
    BYTES: {"schema": {"type": "string", "format": "binary"}},
}
"""Bodies that are not JSON."""


class Told(NamedTuple):
    """What is said of a method of a path."""

    name: str
    summary: str
    status: int = 200
    takes: Any = None
    """Type of its JSON body; None: it has none."""
    needs: Needs = "view"
    media: str = ""
    """Of a body that is not JSON."""
    gives: str = "application/json"


TOLD: dict[str, dict[str, Told]] = {
    "/identity/token": {"post": Told("ibm_create_iam_token", "A key becomes a token", needs="nothing", media=FORM)},
    "/oidc/token": {"post": Told("ibm_create_oidc_token", "A key becomes a token", needs="nothing", media=FORM)},
    "/idprovider/v1/auth/identitytoken": {
        "post": Told("ibm_create_identity_token", "A password becomes a token", needs="nothing", media=FORM)
    },
    "/icp4d-api/v1/authorize": {
        "post": Told("ibm_authorize", "A password or key becomes a token", takes=Login, needs="nothing")
    },
    "/v1/preauth/validateAuth": {
        "get": Told("ibm_validate_auth", "A password, as HTTP Basic, becomes a token", needs="nothing")
    },
    "/ml/wml_services/v2/version": {"get": Told("ibm_get_version", "Version of the API", needs="nothing")},
    "/v2/spaces": {
        "get": Told("ibm_list_spaces", "Spaces in which the caller may do something"),
        "post": Told("ibm_create_space", "Make a space", 202, NewSpace, "admin"),
    },
    "/v2/spaces/{id}": {
        "get": Told("ibm_get_space", "One space"),
        "delete": Told("ibm_delete_space", "Delete a space that is empty", 202, needs="admin"),
    },
    "/v2/software_specifications": {"get": Told("ibm_list_software_specifications", "What scores the models")},
    "/v2/software_specifications/{id}": {"get": Told("ibm_get_software_specification", "What scores the models")},
    "/ml/v4/list/software_specifications": {
        "get": Told("ibm_list_supported_software_specifications", "Whether what scores the models is supported")
    },
    "/v2/hardware_specifications": {"get": Told("ibm_list_hardware_specifications", "Sizes")},
    "/v2/hardware_specifications/{id}": {"get": Told("ibm_get_hardware_specification", "One size")},
    "/v2/assets/{id}": {
        "get": Told("ibm_get_asset", "A model or a deployment"),
        "delete": Told("ibm_delete_asset", "Delete a model", 204, needs="edit"),
    },
    "/ml/v4/models": {
        "get": Told("ibm_list_models", "Models, oldest first"),
        "post": Told("ibm_create_model", "Store a model; its content follows", 201, NewModel, "edit"),
    },
    "/ml/v4/models/{id}": {
        "get": Told("ibm_get_model", "One model"),
        "patch": Told("ibm_patch_model", "Change what is said of a model", 200, list[Change], "edit"),
        "delete": Told("ibm_delete_model", "Delete a model", 204, needs="edit"),
    },
    "/ml/v4/models/{id}/content": {
        "get": Told("ibm_get_model_content", "The scoring pipeline", gives=BYTES),
        "put": Told("ibm_put_model_content", "Give a model its content", 201, needs="edit", media=BYTES),
    },
    "/ml/v4/models/{id}/download": {"get": Told("ibm_download_model", "The scoring pipeline in a tar.gz", gives=BYTES)},
    "/ml/v4/deployments": {
        "get": Told("ibm_list_deployments", "Deployments, oldest first"),
        "post": Told("ibm_create_deployment", "Deploy a model, online or in batch", 202, NewDeployment, "edit"),
    },
    "/ml/v4/deployments/{id}": {
        "get": Told("ibm_get_deployment", "One deployment, and how it does"),
        "patch": Told(
            "ibm_patch_deployment", "Rename a deployment, or put another model in", 200, list[Change], "edit"
        ),
        "delete": Told("ibm_delete_deployment", "Take a deployment away", 204, needs="edit"),
    },
    "/ml/v4/deployment_jobs": {
        "get": Told("ibm_list_deployment_jobs", "Jobs, oldest first"),
        "post": Told("ibm_create_deployment_job", "Score rows later, and keep what came of them", 202, NewJob, "score"),
    },
    "/ml/v4/deployment_jobs/{id}": {
        "get": Told("ibm_get_deployment_job", "One job, and its predictions"),
        "delete": Told("ibm_delete_deployment_job", "Cancel a job, or forget it", 204, needs="score"),
    },
    "/v2/jobs/{id}/runs/{run_id}": {
        "delete": Told("ibm_delete_job_run", "Cancel a job, or forget one that has ended", 204, needs="score")
    },
    "/ml/v4/functions": {"get": Told("ibm_list_functions", "Functions: there are none")},
    "/wx/v1/prompts/{id}": {"get": Told("ibm_get_prompt", "Prompts: there are none", 404)},
    "/wx/v1-beta/prompts/{id}": {"get": Told("ibm_get_prompt_beta", "Prompts: there are none", 404)},
}
"""The one table of the routes."""


def ibm_description(service: Service) -> Described:
    """Return what is said of the routes; nothing for a worker that only scores."""
    if service.app is None:
        return Described({}, {})
    components = Components("IBM", DOCUMENT | {"IBMTokenRequest": TOKEN_REQUEST})
    paths = {
        style: {method: _operation(style, told, components) for method, told in methods.items()}
        for path, methods in TOLD.items()
        for style in styles(path)
    }
    return Described(paths, components.schemas)


def needs(path: str, method: str) -> Needs:
    """Return what a caller must be allowed to do."""
    return TOLD[path][method.lower()].needs


def styles(path: str) -> list[str]:
    """Return the paths under which a route is found: IBM's own application asks without ``/ml``."""
    return [path, path.removeprefix("/ml")] if path.startswith("/ml/v4/") else [path]


def _operation(path: str, told: Told, components: Components) -> Json:
    answer: Json = {"description": told.summary}
    if told.status != 204:
        answer["content"] = {told.gives: CONTENTS[BYTES]} if told.gives == BYTES else json_content(ref("Document"))
    operation: Json = {
        "operationId": told.name + ("_v4" if path.startswith("/v4/") else ""),
        "summary": told.summary,
        "tags": [TAG],
        "responses": {
            str(told.status): answer,
            "default": refusal("IBMError"),
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
        operation["requestBody"] = {"required": True, "content": json_content(components.of(told.takes))}
    return operation
