"""Software and hardware specifications: what really runs here, under any name that a caller asks for."""

from __future__ import annotations

import os
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from starlette.requests import Request

from scoreline import __version__
from scoreline.core.errors import NotFound
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.ibm.asking import Json, reply
from scoreline.web.endpoint import View

SOFTWARE = f"scoreline-{__version__}"
DESCRIPTION = (
    f"Scoreline {__version__}: every model is one ONNX graph, and ONNX Runtime scores it. Other names are taken for "
    "this one, so that callers need not change."
)
MADE_AT = "2026-01-01T00:00:00.000Z"


class Size(NamedTuple):
    """A hardware specification, as IBM names and measures it."""

    name: str
    cpus: int
    memory_gb: int


SIZES = (
    Size("XS", 1, 4),
    Size("S", 2, 8),
    Size("M", 4, 16),
    Size("ML", 4, 32),
    Size("L", 8, 32),
    Size("XL", 16, 64),
)


def specification_id(kind: str, name: str) -> str:
    """Return the id of a specification: the same on every server."""
    return str(uuid5(NAMESPACE_URL, f"scoreline:{kind}/{name}"))


def specification_views() -> dict[str, dict[str, View]]:
    """Return the views by path and method."""

    async def software(request: Request) -> Reply:
        return reply(_found([_software(request.query_params.get("name") or SOFTWARE)]))

    async def software_one(request: Request) -> Reply:
        return reply(_software(SOFTWARE, request.path_params["id"]))

    async def software_states(_: Request) -> Reply:
        return reply(
            {"results": [{"id": specification_id("software", SOFTWARE), "name": SOFTWARE, "state": "supported"}]}
        )

    async def hardware(request: Request) -> Reply:
        name = request.query_params.get("name")
        return reply(_found([_hardware(size) for size in SIZES if name in (None, size.name)]))

    async def hardware_one(request: Request) -> Reply:
        wanted = request.path_params["id"]
        for size in SIZES:
            if specification_id("hardware", size.name) == wanted:
                return reply(_hardware(size))
        raise NotFound(f"no hardware specification has the id {wanted!r}", hint="GET /v2/hardware_specifications")

    return {
        "/v2/software_specifications": {"GET": software},
        "/v2/software_specifications/{id}": {"GET": software_one},
        "/ml/v4/list/software_specifications": {"GET": software_states},
        "/v2/hardware_specifications": {"GET": hardware},
        "/v2/hardware_specifications/{id}": {"GET": hardware_one},
    }


def _found(resources: list[Json]) -> Json:
    return {"total_results": len(resources), "resources": resources}


def _software(name: str, asset_id: str = "") -> Json:
    metadata = _metadata("software", name, DESCRIPTION) | ({"asset_id": asset_id} if asset_id else {})
    entity = {"type": "base", "package_extensions": [], "software_configuration": {"platform": {"name": "onnxruntime"}}}
    return {"metadata": metadata, "entity": {"software_specification": entity}}


def _hardware(size: Size) -> Json:
    words = f"{size.cpus} CPU and {size.memory_gb} GB RAM on IBM; here this server's {os.cpu_count()} CPUs answer"
    nodes = {"cpu": {"units": str(size.cpus)}, "mem": {"size": f"{size.memory_gb}Gi"}, "num_nodes": 1}
    return {
        "metadata": _metadata("hardware", size.name, words),
        "entity": {"hardware_specification": {"nodes": nodes}},
    }


def _metadata(kind: str, name: str, description: str) -> Json:
    made = specification_id(kind, name)
    return {
        "asset_id": made,
        "asset_type": f"{kind}_specification",
        "name": name,
        "description": description,
        "created_at": MADE_AT,
        "href": f"/v2/{kind}_specifications/{made}",
    }
