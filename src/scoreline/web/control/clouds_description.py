"""What Azure, SageMaker, MLflow, KServe and H2O have beside scoring, in the OpenAPI document."""

from __future__ import annotations

from typing import Any, NamedTuple

from scoreline.app.log_tail import MOST_LINES
from scoreline.web.control.azure import azure_routes
from scoreline.web.control.azure.keys import Regenerate
from scoreline.web.control.azure.paths import WORKSPACES
from scoreline.web.control.azure.schemas import VERSIONS
from scoreline.web.control.clouds import cloud_routes
from scoreline.web.control.many_models import Load, many_models_routes
from scoreline.web.health import Health
from scoreline.web.openapi.components import DOCUMENT, Components, Described, ref
from scoreline.web.openapi.parts import json_content, refusal
from scoreline.web.openapi.routes import described_routes
from scoreline.web.probes import readyz_routes
from scoreline.web.service import Service

Json = dict[str, Any]
AZURE, SAGEMAKER, MLFLOW, KSERVE, H2O = "Azure Machine Learning", "SageMaker", "MLflow", "KServe", "H2O"
JSON = "application/json"
_VERSION: Json = {"name": "version", "in": "query", "schema": {"enum": list(VERSIONS), "default": VERSIONS[0]}}
_TAIL: Json = {"name": "tail", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": MOST_LINES}}


class Told(NamedTuple):
    """What is said of a method of a path."""

    name: str
    tag: str
    summary: str
    query: Json | None = None
    takes: Any = None
    """Type of its JSON body; None: it has none."""
    status: int = 200
    gives: str = JSON
    answer: str = "Document"
    """Name of the schema of an answer that is JSON."""
    more: str = ""
    """What is to be known besides."""
    unwell: int = 0
    """Status of an answer in the same form that says no; 0: that is an error, as others are."""


_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "integer"}


def _object(**members: Json) -> Json:
    return {"type": "object", "properties": members, "required": list(members)}


SCHEMAS: Json = {
    "AzureKeys": _object(primaryKey=_TEXT, secondaryKey=_TEXT),
    "AzureToken": _object(accessToken=_TEXT, tokenType=_TEXT, refreshAfter=_NUMBER, expiryOn=_NUMBER),
    "KServeModels": _object(models={"type": "array", "items": _TEXT}),
}
ERRORS = {AZURE: "AzureError", SAGEMAKER: "AzureError", MLFLOW: "MLflowError", KSERVE: "KServeError", H2O: "H2OError"}
"""Dialect → name of the schema of its errors."""
_SERVICE, _MODEL, _DEPLOYMENT = "/services/{name}", "/models/{name}", "/deployments/{name}"
_DOCUMENT = Told("azure_get_swagger", AZURE, "The deployment's own document: Swagger 2.0, OpenAPI 3.0 or 3.1", _VERSION)
_WELL = "Whether the deployment scores its sample rightly"
_ASKED = (
    "Without a key it tells of deployments of the space `default`, with one of those that it may see; 404 for others."
)
_PING = Told("mlflow_get_ping", MLFLOW, _WELL, gives="text/plain", more=_ASKED)
_READYZ = Told("h2o_get_readyz", H2O, _WELL, gives="text/plain", more=_ASKED, unwell=500)

TOLD: dict[str, dict[str, Told]] = {
    "/swagger.json": {"get": _DOCUMENT},
    f"{_SERVICE}/swagger.json": {"get": _DOCUMENT._replace(name="azure_get_service_swagger")},
    f"{_DEPLOYMENT}/swagger.json": {"get": _DOCUMENT._replace(name="azure_get_deployment_swagger")},
    _SERVICE: {"get": Told("azure_get_service_health", AZURE, _WELL, gives="text/html", more=_ASKED)},
    f"{_SERVICE}/listkeys": {
        "post": Told("azure_list_keys", AZURE, "The deployment's own two keys", answer="AzureKeys")
    },
    f"{_SERVICE}/regenerateKeys": {
        "post": Told("azure_regenerate_key", AZURE, "Make one of them anew", None, Regenerate, 202, "")
    },
    f"{_SERVICE}/token": {"post": Told("azure_create_token", AZURE, "A token in place of a key", answer="AzureToken")},
    f"{_SERVICE}/logs": {
        "get": Told("azure_get_logs", AZURE, "The last requests that were answered, a line each", _TAIL)
    },
    "/operations/{operation}": {"get": Told("azure_get_operation", AZURE, "Whether a key was made anew")},
    "…/services": {"get": Told("azure_list_services", AZURE, "The deployments, as Azure describes services")},
    f"…{_SERVICE}": {"get": Told("azure_get_service", AZURE, "A deployment, as Azure describes a service")},
    "/ping": {"get": _PING},
    "/health": {"get": _PING._replace(name="mlflow_get_health")},
    f"{_DEPLOYMENT}/ping": {"get": _PING._replace(name="mlflow_get_deployment_ping")},
    f"{_DEPLOYMENT}/health": {"get": _PING._replace(name="mlflow_get_deployment_health")},
    "/readyz": {"get": _READYZ},
    f"{_DEPLOYMENT}/readyz": {"get": _READYZ._replace(name="h2o_get_deployment_readyz")},
    "/execution-parameters": {
        "get": Told("sagemaker_get_execution_parameters", SAGEMAKER, "How much to send at a time")
    },
    "/models": {
        "get": Told("sagemaker_list_models", SAGEMAKER, "The deployments, as a container of many models lists them"),
        "post": Told(
            "sagemaker_load_model",
            SAGEMAKER,
            "Register the model in a folder of this machine, and deploy it",
            None,
            Load,
        ),
    },
    _MODEL: {
        "get": Told("sagemaker_get_model", SAGEMAKER, "One deployment"),
        "delete": Told("sagemaker_unload_model", SAGEMAKER, "Take a deployment away"),
    },
    "/v1/models": {"get": Told("kserve_list_models", KSERVE, "Names of the deployments", answer="KServeModels")},
}
"""The one table. ``…`` stands for a workspace of Azure's where the same path without one is another."""
_WORKSPACES = dict(
    zip((place.partition("{")[0] for place in WORKSPACES), ("_of_workspace", "_of_old_workspace"), strict=True)
)
"""How the addresses of a workspace begin → what tells their operations from those without one."""


def clouds_description(service: Service) -> Described:
    """Return what is said of the routes."""
    probes = readyz_routes(service.deployments, Health(service.deployments, service.watch))
    routes = [*azure_routes(service), *cloud_routes(service), *many_models_routes(service), *probes]
    items = described_routes(routes, {})
    components = Components(schemas=DOCUMENT | SCHEMAS)
    for path, item in items.items():
        for method, operation in item.items():
            _tell(operation, path, told_of(path)[method], components)
    return Described(items, components.schemas)


def told_of(path: str) -> dict[str, Told]:
    """Return what is said of the methods of a path."""
    for workspace in WORKSPACES:
        start = workspace.replace(":path", "")
        if path.startswith(start):
            rest = path.removeprefix(start)
            return TOLD.get(f"…{rest}") or TOLD[rest]
    return TOLD[path]


def _tell(operation: Json, path: str, told: Told, components: Components) -> None:
    where = next((end for start, end in _WORKSPACES.items() if path.startswith(start)), "")
    operation |= {"operationId": told.name + where, "summary": told.summary, "tags": [told.tag]}
    if told.more:
        operation["description"] = told.more
    if told.query is not None:
        operation["parameters"] = [*operation.get("parameters", []), told.query]
    operation.pop("requestBody", None)
    if told.takes is not None:
        operation["requestBody"] = {"required": True, "content": json_content(components.of(told.takes))}
    answer: Json = {"description": told.summary}
    if told.gives:
        answer["content"] = {told.gives: {"schema": _TEXT}} if told.gives != JSON else json_content(ref(told.answer))
    answers = {str(told.status): answer, **({str(told.unwell): answer} if told.unwell else {})}
    operation["responses"] = {**answers, "default": refusal(ERRORS[told.tag])}
