"""What Azure, SageMaker, MLflow and KServe have beside scoring, in the OpenAPI document."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from scoreline.app.log_tail import MOST_LINES
from scoreline.web.control.azure import azure_routes
from scoreline.web.control.azure.keys import Regenerate
from scoreline.web.control.azure.paths import WORKSPACES
from scoreline.web.control.azure.schemas import VERSIONS
from scoreline.web.control.clouds import cloud_routes
from scoreline.web.control.many_models import Load, many_models_routes
from scoreline.web.openapi.routes import described_routes
from scoreline.web.service import Service

Json = dict[str, Any]
AZURE, SAGEMAKER, MLFLOW, KSERVE = "Azure Machine Learning", "SageMaker", "MLflow", "KServe"
_VERSION: Json = {"name": "version", "in": "query", "schema": {"enum": list(VERSIONS), "default": VERSIONS[0]}}
_TAIL: Json = {"name": "tail", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": MOST_LINES}}


class Told(NamedTuple):
    """What is said of a method of a path."""

    tag: str
    summary: str
    query: Json | None = None
    takes: Any = None
    """Type of its JSON body; None: it has none."""
    status: int = 200
    gives: str = "application/json"


_SERVICE, _MODEL, _DEPLOYMENT = "/services/{name}", "/models/{name}", "/deployments/{name}"
_DOCUMENT = Told(AZURE, "The deployment's own document: Swagger 2.0, OpenAPI 3.0 or 3.1", _VERSION)
_PING = Told(MLFLOW, "Whether the deployment scores its sample rightly", gives="text/plain")

TOLD: dict[str, dict[str, Told]] = {
    "/swagger.json": {"get": _DOCUMENT},
    f"{_SERVICE}/swagger.json": {"get": _DOCUMENT},
    f"{_DEPLOYMENT}/swagger.json": {"get": _DOCUMENT},
    _SERVICE: {"get": Told(AZURE, "Whether the deployment scores its sample rightly", gives="text/html")},
    f"{_SERVICE}/listkeys": {"post": Told(AZURE, "The deployment's own two keys")},
    f"{_SERVICE}/regenerateKeys": {"post": Told(AZURE, "Make one of them anew", None, Regenerate, 202, "")},
    f"{_SERVICE}/token": {"post": Told(AZURE, "A token in place of a key")},
    f"{_SERVICE}/logs": {"get": Told(AZURE, "The last requests that were answered, a line each", _TAIL)},
    "/operations/{operation}": {"get": Told(AZURE, "Whether a key was made anew")},
    "…/services": {"get": Told(AZURE, "The deployments, as Azure describes services")},
    f"…{_SERVICE}": {"get": Told(AZURE, "A deployment, as Azure describes a service")},
    "/ping": {"get": _PING},
    "/health": {"get": _PING},
    f"{_DEPLOYMENT}/ping": {"get": _PING},
    f"{_DEPLOYMENT}/health": {"get": _PING},
    "/execution-parameters": {"get": Told(SAGEMAKER, "How much to send at a time")},
    "/models": {
        "get": Told(SAGEMAKER, "The deployments, as a container of many models lists them"),
        "post": Told(SAGEMAKER, "Register the model in a folder of this machine, and deploy it", None, Load),
    },
    _MODEL: {
        "get": Told(SAGEMAKER, "One deployment"),
        "delete": Told(SAGEMAKER, "Take a deployment away"),
    },
    "/v1/models": {"get": Told(KSERVE, "Names of the deployments")},
}
"""The one table. ``…`` stands for a workspace of Azure's where the same path without one is another."""


def clouds_description(service: Service) -> Json:
    """Return the path items."""
    routes = [*azure_routes(service), *cloud_routes(service), *many_models_routes(service)]
    items = described_routes(routes, {})
    for path, item in items.items():
        for method, operation in item.items():
            _tell(operation, told_of(path)[method])
    return items


def told_of(path: str) -> dict[str, Told]:
    """Return what is said of the methods of a path."""
    for workspace in WORKSPACES:
        start = workspace.replace(":path", "")
        if path.startswith(start):
            rest = path.removeprefix(start)
            return TOLD.get(f"…{rest}") or TOLD[rest]
    return TOLD[path]


def _tell(operation: Json, told: Told) -> None:
    operation |= {"summary": told.summary, "tags": [told.tag]}
    if told.query is not None:
        operation["parameters"] = [*operation.get("parameters", []), told.query]
    operation.pop("requestBody", None)
    if told.takes is not None:
        schema = msgspec.json.schema_components([told.takes])[1][told.takes.__name__]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    answer: Json = {"description": told.summary}
    if told.gives:
        schema = {"type": "object" if told.gives == "application/json" else "string"}
        answer["content"] = {told.gives: {"schema": schema}}
    operation["responses"] = {str(told.status): answer, **operation["responses"]}
