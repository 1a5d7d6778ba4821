"""What a caller pastes: code that scores a deployment, and its IDL for Thrift. Both are imported when asked for."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.core.errors import BadRequest, NotFound
from scoreline.serving.active import Active
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.endpoint import Endpoint
from scoreline.web.reach import check_reach
from scoreline.web.service import Service

BASE = "/api/v1/deployments/{name}"
DEFAULT_DIALECT = "native"
TEXT = "text/plain; charset=utf-8"
_encoder = msgspec.json.Encoder()


def snippet_routes(service: Service) -> list[Route]:
    """Return the routes."""
    deployments = service.deployments

    def find(request: Request) -> Active:
        name, access = request.path_params["name"], request.scope["access"]
        active = deployments.get(name, access.space, access.deployments)
        check_reach(deployments, access, "view", active, name)
        request.scope["active"] = active
        return active

    async def every(request: Request) -> Reply:
        from scoreline.web.snippets import snippets

        active, dialect = find(request), _dialect(request)
        found = snippets(active, str(request.base_url), dialect)
        return Reply(_encoder.encode({"deployment": active.name, "dialect": dialect, "snippets": found}))

    async def one(request: Request) -> Reply:
        from scoreline.web.snippets import LANGUAGES, snippet

        active, language = find(request), request.path_params["language"]
        if language not in LANGUAGES.names:
            raise NotFound(f"there are no snippets in `{language}`", hint=f"languages: {', '.join(LANGUAGES.names)}")
        return Reply(snippet(language, active, str(request.base_url), _dialect(request)).encode(), TEXT)

    async def thrift(request: Request) -> Reply:
        from scoreline.serving.protocols.thrift.idl import idl

        active = find(request)
        return Reply(idl(active.name, active.pipeline.manifest).encode(), TEXT)

    views = {"/snippets": every, "/snippets/{language}": one, "/thrift": thrift}
    write_error = DIALECTS["native"].error
    return [Route(BASE + path, Endpoint({"GET": view}, write_error, "view")) for path, view in views.items()]


def _dialect(request: Request) -> str:
    name = request.query_params.get("dialect", DEFAULT_DIALECT)
    if name not in DIALECTS.names:
        raise BadRequest(f"there is no dialect `{name}`", hint=f"dialects: {', '.join(DIALECTS.names)}")
    return name
