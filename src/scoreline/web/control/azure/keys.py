"""A deployment's own two keys: shown, and made anew one at a time."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Literal

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.core.errors import BadRequest, NotFound, Unsupported
from scoreline.core.identities import DeploymentKeys
from scoreline.serving.active import DeploymentState
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.json import read_json
from scoreline.web.admission import Body
from scoreline.web.body import read_body
from scoreline.web.control.azure.paths import SERVICE, WORKSPACES, routes, server_url, state_of
from scoreline.web.service import Service

if TYPE_CHECKING:
    from scoreline.app.settings import App

Which = Literal["primary", "secondary"]
OPERATION = "/operations/{operation}"
_encoder = msgspec.json.Encoder()


class Regenerate(msgspec.Struct):
    """What is asked of ``regenerateKeys``."""

    keyType: str  # noqa: N815 (Azure's name)
    keyValue: str | None = None  # noqa: N815


_decoder = msgspec.json.Decoder(Regenerate)


def key_routes(service: Service, app: App) -> list[Route]:
    """Return the routes; they need the right to edit, which has the rights of these keys in it."""
    deployments = service.deployments

    def shown(state: DeploymentState, request: Request) -> DeploymentKeys:
        access = request.scope["access"]
        app.security.record("deployment.keys.show", state.name, access, _origin(request), space=state.space)
        return app.security.deployment_keys(state.space, state.name)

    def made_anew(state: DeploymentState, which: Which, request: Request) -> DeploymentKeys:
        return app.security.regenerate_deployment_key(
            state.space, state.name, which, by=request.scope["access"], origin=_origin(request)
        )

    async def list_keys(request: Request) -> Reply:
        state = state_of(request, deployments, "edit")
        keys = await asyncio.to_thread(shown, state, request)
        document = {"primaryKey": keys.primary, "secondaryKey": keys.secondary}
        return Reply(_encoder.encode(document), headers=(("cache-control", "no-store"),))

    async def regenerate(request: Request) -> Reply:
        state = state_of(request, deployments, "edit")
        with Body(service.admission) as held:
            asked = read_json(await read_body(request, held), _decoder)
        which = _which(asked)
        keys = await asyncio.to_thread(made_anew, state, which, request)
        operation = _operation(state.name, which, getattr(keys, which))
        location = f"{server_url(request)}/operations/{operation}"
        return Reply(b"", status=202, headers=(("operation-location", location),))

    async def operation(request: Request) -> Reply:
        asked = request.path_params["operation"]
        name, which, _ = ("", "", *asked.rsplit(".", 2))[-3:]
        request.path_params["name"] = name
        if which in ("primary", "secondary"):
            state = state_of(request, deployments, "edit")
            keys = await asyncio.to_thread(app.security.deployment_keys, state.space, state.name)
            if _operation(name, which, getattr(keys, which)) == asked:
                return Reply(_encoder.encode({"id": asked, "state": "Succeeded", "error": None}))
        raise NotFound(f"there is no operation `{asked}`", hint="its key may have been made anew since")

    places = (SERVICE, *(workspace + SERVICE for workspace in WORKSPACES))
    operations = (OPERATION, *(workspace + OPERATION for workspace in WORKSPACES))
    return [
        *routes(tuple(f"{place}/listkeys" for place in places), {"POST": list_keys}, "edit"),
        *routes(tuple(f"{place}/regenerateKeys" for place in places), {"POST": regenerate}, "edit"),
        *routes(operations, {"GET": operation}, "edit"),
    ]


def _origin(request: Request) -> str:
    return request.client.host if request.client else ""


def _which(asked: Regenerate) -> Which:
    if asked.keyValue is not None:
        raise Unsupported("a key cannot be chosen", hint="leave `keyValue` out: a key is made that nobody can guess")
    if asked.keyType.lower() == "primary":
        return "primary"
    if asked.keyType.lower() == "secondary":
        return "secondary"
    raise BadRequest(f"`keyType` is {asked.keyType!r}", hint="send Primary or Secondary")


def _operation(name: str, which: str, secret: str) -> str:
    """Return the id of the operation that made a key, as any worker finds it: it has succeeded while the key is there.

    A part of the secret's digest tells one operation from the next, and nothing about 256 random bits.
    """
    return f"{name}.{which}.{hashlib.sha256(secret.encode()).hexdigest()[:16]}"
