"""``/scoring``, ``/summarystats`` and ``/diagnostics`` in the OpenAPI document."""

from __future__ import annotations

from typing import Any, NamedTuple

from scoreline.app.data_sets.columns import Summary
from scoreline.app.data_sets.quality import Quality
from scoreline.serving.protocols.udacity import FILE_NAMES
from scoreline.web.control.udacity.diagnostics import Diagnostics
from scoreline.web.control.udacity.routes import udacity_routes
from scoreline.web.openapi.components import Components, Described, ref
from scoreline.web.openapi.parts import json_content
from scoreline.web.openapi.routes import described_routes
from scoreline.web.service import Service

Json = dict[str, Any]
TAG = "Udacity"
_FILES = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in FILE_NAMES]
_TABLE: Json = {"text/csv": {"schema": {}}, "multipart/form-data": {"schema": {}}, "application/json": {"schema": {}}}


class Told(NamedTuple):
    """What is said of a path."""

    summary: str
    answer: Any


TOLD = {
    "scoring": Told("How well the version that answers scores rows whose truth is known", Quality),
    "summarystats": Told("Mean, median and standard deviation of the columns of numbers", Summary),
    "diagnostics": Told("How long things take, what is missing, which packages are there", Diagnostics),
}
"""By the last part of the path."""


def udacity_description(service: Service) -> Described:
    """Return what is said of the routes."""
    items = described_routes(udacity_routes(service), {})
    components = Components("Udacity")
    for path, item in items.items():
        last = path.rpartition("/")[2]
        told = TOLD[last]
        for method, operation in item.items():
            where = "_of_deployment" if path.count("/") > 1 else ""
            operation |= {"operationId": f"udacity_{method}_{last}{where}", "summary": told.summary, "tags": [TAG]}
            operation["parameters"] = [*operation.get("parameters", []), *_FILES]
            if method == "post":
                operation["requestBody"] = {"required": False, "content": _TABLE}
            answer = {"description": told.summary, "content": json_content(components.of(told.answer))}
            error = {"description": "Why not", "content": json_content({"anyOf": [ref("KServeError"), ref("Error")]})}
            operation["responses"] = {"200": answer, "default": error}
    return Described(items, components.schemas)
