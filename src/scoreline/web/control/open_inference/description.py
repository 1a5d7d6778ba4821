"""What a server of the Open Inference Protocol has beside its models, in the OpenAPI document."""

from __future__ import annotations

from typing import Any, NamedTuple

from scoreline.web.control.open_inference import MODEL, open_inference_routes
from scoreline.web.openapi.components import Described, ref
from scoreline.web.openapi.parts import refusal
from scoreline.web.openapi.routes import described_routes
from scoreline.web.service import Service

Json = dict[str, Any]
TAG = "Open Inference Protocol"
_TEXT, _TRUTH = {"type": "string"}, {"type": "boolean"}


class Told(NamedTuple):
    """What is said of a route."""

    name: str
    summary: str
    answer: Json
    takes: Json | None = None


def _object(**members: Json) -> Json:
    return {"type": "object", "properties": members, "required": list(members)}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


_LISTED = _object(name=_TEXT, state={"enum": ["READY", "UNAVAILABLE"]})
_LISTED["properties"] |= {"version": _TEXT, "reason": _TEXT}
SCHEMAS: dict[str, Json] = {
    "OIPServer": _object(name=_TEXT, version=_TEXT, extensions=_list(_TEXT)),
    "OIPLive": _object(live=_TRUTH),
    "OIPReady": _object(live=_TRUTH, ready=_TRUTH),
    "OIPModels": _object(models=_list(_TEXT)),
    "OIPRepositoryQuery": {"type": "object", "properties": {"ready": _TRUTH}},
    "OIPRepositoryModel": _LISTED,
}
TOLD: dict[str, Told] = {
    "/v2": Told("oip_get_server", "What the server is", ref("OIPServer")),
    "/v2/health/live": Told("oip_get_live", "Whether the server is alive", ref("OIPLive")),
    "/v2/health/ready": Told("oip_get_ready", "Whether every deployment scores", ref("OIPReady")),
    "/v2/models": Told("oip_list_models", "Names of the deployments", ref("OIPModels")),
    "/v2/repository/index": Told(
        "oip_list_repository",
        "Deployments, and models that are not deployed",
        _list(ref("OIPRepositoryModel")),
        ref("OIPRepositoryQuery"),
    ),
    f"{MODEL}/load": Told(
        "oip_load_model",
        "Deploy a model under its own name, unless there is a deployment of that name",
        ref("Document"),
    ),
    f"{MODEL}/unload": Told(
        "oip_unload_model", "Take the deployment of that name away; its model stays", ref("Document")
    ),
}


def open_inference_description(service: Service) -> Described:
    """Return what is said of the routes."""
    items = described_routes(open_inference_routes(service), {})
    for path, item in items.items():
        for operation in item.values():
            _tell(operation, TOLD[path])
    return Described(items, SCHEMAS)


def _tell(operation: Json, told: Told) -> None:
    operation |= {"operationId": told.name, "summary": told.summary, "tags": [TAG]}
    operation.pop("requestBody", None)
    if told.takes is not None:
        operation["requestBody"] = {"required": False, "content": {"application/json": {"schema": told.takes}}}
    answer = {"description": told.summary, "content": {"application/json": {"schema": told.answer}}}
    operation["responses"] = {"200": answer, "default": refusal("KServeError")}
