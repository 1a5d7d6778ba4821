"""The model repository as callers of the Open Inference Protocol see it: one over REST and gRPC."""

from __future__ import annotations

import asyncio
from typing import Literal, NamedTuple

from scoreline.app import repository
from scoreline.app.settings import App
from scoreline.core.access import Access
from scoreline.core.errors import Forbidden, Unsupported
from scoreline.web.reach import visible
from scoreline.web.service import Service

NOT_LOADED = "unloaded"


class Listed(NamedTuple):
    """A model of the repository."""

    name: str
    version: str
    state: Literal["READY", "UNAVAILABLE"]
    reason: str


async def index(service: Service, access: Access, *, ready: bool = False) -> list[Listed]:
    """Return the deployments that a caller may see and the models that are not deployed, or only what is ``ready``."""
    found = [
        Listed(state.name, str(state.version or state.wanted_version), "READY", state.reason)
        if state.version is not None
        else Listed(state.name, str(state.wanted_version), "UNAVAILABLE", state.reason)
        for state in visible(service.deployments, access)
    ]
    if ready:
        return [each for each in found if each.state == "READY"]
    if service.app is not None and access.deployments is None:
        there = {each.name for each in found}
        models = await asyncio.to_thread(repository.unloaded, service.app, access.space)
        found += [Listed(model.name, "", "UNAVAILABLE", NOT_LOADED) for model in models if model.name not in there]
    return found


async def load(service: Service, access: Access, name: str, origin: str) -> None:
    """Have the model ``name`` answer under its name, and wait until it does here. Other workers follow within a second.

    Raises NotFound, Forbidden, ArtifactRefused, Unavailable when it is deployed and no version of it works.
    """
    app = _editing(service, access, name)
    if await asyncio.to_thread(repository.load, app, name, access.space):
        await asyncio.to_thread(app.security.record, "deployment.create", name, access, origin)
    await asyncio.to_thread(service.deployments.refresh)
    service.deployments.get(name, access.space, access.deployments)


async def unload(service: Service, access: Access, name: str, origin: str) -> None:
    """Have nothing answer under ``name``. Raises NotFound, Forbidden."""
    app = _editing(service, access, name)
    await asyncio.to_thread(repository.unload, app, name, access.space)
    await asyncio.to_thread(app.security.record, "deployment.delete", name, access, origin)
    await asyncio.to_thread(service.deployments.refresh)


def _editing(service: Service, access: Access, name: str) -> App:
    if service.app is None:
        raise Unsupported("this server only scores", hint="deploy with `scoreline deploy MODEL`")
    if not access.may("edit", access.space, name):
        raise Forbidden(
            f"{access.name or 'the caller'} may not edit `{name}`", hint="ask with a key that is not limited to others"
        )
    return service.app
