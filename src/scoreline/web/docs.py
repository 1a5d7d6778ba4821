"""The OpenAPI document, and the page that shows it: Swagger UI, out of its package and not out of the internet."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.core.errors import MissingExtra, NotFound
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control import DESCRIPTIONS
from scoreline.web.endpoint import Endpoint, WriteError
from scoreline.web.openapi import document
from scoreline.web.service import Service

PACKAGE = "swagger_ui"
FILES = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
"""What the page takes from the package."""
OURS = dict.fromkeys(("docs.js", "index.js", "key.js"), "text/javascript; charset=utf-8")
"""Of this page and of the one at ``/``."""
KEPT = (("cache-control", "public, max-age=86400"),)
_encoder = msgspec.json.Encoder()


def docs_routes(service: Service, controls: Sequence[Route], write_error: WriteError) -> list[Route]:
    """Return ``/openapi.json`` and ``/docs``; ``controls`` are the control routes, which the document tells of, too."""

    async def openapi(request: Request) -> Reply:
        described = [describe(service) for describe in DESCRIPTIONS]
        access = request.scope["access"]
        return Reply(_encoder.encode(document(service.deployments, access, service.media, described, controls)))

    async def page(_: Request) -> Reply:
        return Reply(_read("docs.html"), "text/html; charset=utf-8")

    async def part(request: Request) -> Reply:
        name = request.path_params["file"]
        if name in OURS:
            return Reply(_read(name), OURS[name])
        if name not in FILES:
            raise NotFound(f"nothing is at {request.scope['path']}", hint="GET /docs is the page")
        return Reply((_package() / name).read_bytes(), FILES[name], headers=KEPT)

    return [
        Route("/openapi.json", Endpoint({"GET": openapi}, write_error, "view")),
        Route("/docs", Endpoint({"GET": page}, write_error, "nothing")),
        Route("/docs/{file}", Endpoint({"GET": part}, write_error, "nothing")),
    ]


def _read(name: str) -> bytes:
    return files("scoreline.web").joinpath(name).read_bytes()


def _package() -> Path:
    """Return the folder of Swagger UI. The package is not imported: only its files are wanted."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("the page needs swagger-ui-py", hint="pip install 'scoreline[serve]'")
    return Path(spec.submodule_search_locations[0]) / "static"
