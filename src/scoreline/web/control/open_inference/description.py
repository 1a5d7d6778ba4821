"""What a server of the Open Inference Protocol has beside its models, in the OpenAPI document."""

from __future__ import annotations

from typing import Any, NamedTuple

from scoreline.web.control.open_inference import MODEL, open_inference_routes
from scoreline.web.openapi.routes import described_routes
from scoreline.web.service import Service

Json = dict[str, Any]
TAG = "Open Inference Protocol"
_TEXT, _TRUTH = {"type": "string"}, {"type": "boolean"}


class Told(NamedTuple):
    """What is said of a route."""

    summary: str
    answer: Json
    takes: Json | None = None


def _object(**members: Json) -> Json:
    return {"type": "object", "properties": members, "required": list(members)}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


_LISTED = _object(name=_TEXT, state={"enum": ["READY", "UNAVAILABLE"]})
_LISTED["properties"] |= {"version": _TEXT, "reason": _TEXT}
TOLD: dict[str, Told] = {
    "/v2": Told("What the server is", _object(name=_TEXT, version=_TEXT, extensions=_list(_TEXT))),
    "/v2/health/live": Told("Whether the server is alive", _object(live=_TRUTH)),
    "/v2/health/ready": Told("Whether every deployment scores", _object(live=_TRUTH, ready=_TRUTH)),
    "/v2/models": Told("Names of the deployments", _object(models=_list(_TEXT))),
    "/v2/repository/index": Told(
        "Deployments, and models that are not deployed",
        _list(_LISTED),
        {"type": "object", "properties": {"ready": _TRUTH}},
    ),
    f"{MODEL}/load": Told("Deploy a model under its own name, unless there is a deployment of that name", _object()),
    f"{MODEL}/unload": Told("Take the deployment of that name away; its model stays", _object()),
}


def open_inference_description(service: Service) -> Json:
    """Return the path items."""
    items = described_routes(open_inference_routes(service), {})
    for path, item in items.items():
        for operation in item.values():
            _tell(operation, TOLD[path])
    return items


def _tell(operation: Json, told: Told) -> None:
    operation |= {"summary": told.summary, "tags": [TAG]}
    operation.pop("requestBody", None)
    if told.takes is not None:
        operation["requestBody"] = {"required": False, "content": {"application/json": {"schema": told.takes}}}
    answer = {"description": told.summary, "content": {"application/json": {"schema": told.answer}}}
    operation["responses"] = {"200": answer, **operation["responses"]}
