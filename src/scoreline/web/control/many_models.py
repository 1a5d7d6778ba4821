"""SageMaker's container of many models: load one from the files it was given, list them, let one go.

A model is a deployment: what is loaded is registered and deployed, and unloading takes the deployment away. Scoring is
in ``serving/protocols/sagemaker``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.core.access import EVERY_SPACE
from scoreline.core.errors import BadRequest, Conflict, Forbidden, NotFound
from scoreline.serving.active import DeploymentState
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.json import read_json
from scoreline.web.admission import Body
from scoreline.web.body import read_body
from scoreline.web.endpoint import Endpoint
from scoreline.web.reach import check_reach, visible
from scoreline.web.service import Service

if TYPE_CHECKING:
    from scoreline.app.settings import App

SUFFIX = ".scoreline"
_encoder = msgspec.json.Encoder()


class Load(msgspec.Struct):
    """What is asked to be loaded."""

    model_name: str
    url: str
    """Folder on this machine, where SageMaker has unpacked the model."""


_decoder = msgspec.json.Decoder(Load)


def many_models_routes(service: Service) -> list[Route]:
    """Return the routes."""
    deployments = service.deployments

    async def every(request: Request) -> Reply:
        states = visible(deployments, request.scope["access"])
        return Reply(_encoder.encode({"models": list(map(_document, states))}))

    async def one(request: Request) -> Reply:
        name, access = request.path_params["name"], request.scope["access"]
        state = deployments.state(name, access.space, access.deployments)
        check_reach(deployments, access, "view", state, name)
        return Reply(_encoder.encode(_document(state)))

    write_error = DIALECTS["sagemaker"].error
    if service.app is None:
        return [
            Route("/models", Endpoint({"GET": every}, write_error, "view")),
            Route("/models/{name}", Endpoint({"GET": one}, write_error, "view")),
        ]
    app, record = service.app, service.app.security.record

    async def load(request: Request) -> Reply:
        access = request.scope["access"]
        if not access.may("admin", EVERY_SPACE):  # a path of the machine may lead to what is another space's
            raise Forbidden(
                "models are loaded from the machine's folders by who administers the installation",
                hint="register the scoring pipeline with `scoreline register`, or upload it",
            )
        with Body(service.admission) as held:
            asked = read_json(await read_body(request, held), _decoder)
        await asyncio.to_thread(_deploy, app, access.space, asked)
        await asyncio.to_thread(record, "deployment.create", asked.model_name, access, _origin(request))
        await asyncio.to_thread(deployments.refresh)
        return Reply(b"{}")

    async def unload(request: Request) -> Reply:
        name, access = request.path_params["name"], request.scope["access"]
        state = deployments.state(name, access.space, access.deployments)
        check_reach(deployments, access, "edit", state, name)
        await asyncio.to_thread(app.registry_in(state.space).undeploy, state.name)
        await asyncio.to_thread(record, "deployment.delete", state.name, access, _origin(request), space=state.space)
        await asyncio.to_thread(deployments.refresh)
        return Reply(b"{}")

    several = Endpoint({"GET": every, "POST": load}, write_error, {"GET": "view", "POST": "admin"})
    single = Endpoint({"GET": one, "DELETE": unload}, write_error, {"GET": "view", "DELETE": "edit"}, by_id=True)
    return [Route("/models", several), Route("/models/{name}", single)]


def _origin(request: Request) -> str:
    return request.client.host if request.client else ""


def _deploy(app: App, space: str, asked: Load) -> None:
    """Register the scoring pipeline of a folder and deploy it.

    Raises Conflict, NotFound, BadRequest, ArtifactRefused.
    """
    registry = app.registry_in(space)
    if asked.model_name in [deployment.name for deployment in registry.deployments()]:
        raise Conflict(f"model `{asked.model_name}` is loaded already", hint="DELETE /models/NAME unloads it")
    try:
        folder = Path(asked.url)
        files = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else [folder]
    except (OSError, ValueError) as error:
        raise BadRequest(f"`url` cannot be read: {error}", hint="`url` is a folder of the server's machine") from None
    if len(files) != 1:
        what = f"{len(files)} scoring pipelines" if files else "no scoring pipeline"
        raise BadRequest(f"{asked.url} holds {what}", hint=f"a model's folder holds one file *{SUFFIX}")
    if not files[0].is_file():
        raise NotFound(f"there is nothing at {asked.url}", hint="`url` is a folder on the machine of the server")
    version = registry.register(files[0], asked.model_name)
    registry.deploy(asked.model_name, f"{version.model}@{version.number}")


def _document(state: DeploymentState) -> dict[str, Any]:
    return {"modelName": state.name, "modelUrl": f"{state.model}@{state.version or state.wanted_version}"}
