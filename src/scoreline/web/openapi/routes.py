"""Routes that nothing else describes: by their methods, the parts of their addresses, and what their callers need."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.routing import Route

from scoreline.core.access import Needs
from scoreline.web.endpoint import Endpoint
from scoreline.web.openapi.parts import Json

_PLACE = re.compile(r"{(\w+)(?::\w+)?}")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def described_routes(routes: Iterable[Route], described: Json) -> Json:
    """Return path items for those of ``routes`` that are not ``described`` yet."""
    paths: Json = {}
    for route in routes:
        path = _PLACE.sub(r"{\1}", route.path)
        endpoint = route.app
        if path in described or not isinstance(endpoint, Endpoint):
            continue
        for method, needs in endpoint.needs.items():
            paths.setdefault(path, {}).setdefault(method.lower(), _operation(method, path, needs))
    return paths


def _operation(method: str, path: str, needs: Needs) -> Json:
    told: Json = {
        "operationId": "_".join([method.lower(), *re.findall(r"\w+", path)]),
        "summary": f"{method} {path}",
        "tags": [_tag(path)],
        "responses": {"default": {"description": "An answer, or an error, in the form of its dialect"}},
    }
    if needs == "nothing":
        told["security"] = []
    else:
        told["description"] = f"Needs the right to {needs}."
    if places := _PLACE.findall(path):
        told["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in places
        ]
    if method in _WITH_BODY:
        told["requestBody"] = {"content": {"application/json": {"schema": {}}, "*/*": {"schema": {}}}}
    return told


def _tag(path: str) -> str:
    first = path.split("/")[1]
    return {"api": "server", "ml": "IBM Watson Machine Learning", "v2": "Open Inference Protocol"}.get(
        first, first or "server"
    )
