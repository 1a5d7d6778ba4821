"""The methods of the service that do not score: each is given its message and its call, and returns the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from scoreline.core.access import Needs
from scoreline.core.errors import ScorelineError
from scoreline.serving.active import Active
from scoreline.serving.protocols.oip.outputs import describe
from scoreline.web.control.open_inference import is_ready, server_metadata
from scoreline.web.control.open_inference.repository import index, load, unload
from scoreline.web.grpc.call import Call
from scoreline.web.grpc.messages import Messages
from scoreline.web.health import Health
from scoreline.web.reach import check_reach
from scoreline.web.service import Service

View = Callable[[Any, Call], Awaitable[Any]]


class Served(NamedTuple):
    """A method: what its caller must be allowed to do, and what it does."""

    needs: Needs
    view: View


class Methods:
    """The methods, by name."""

    def __init__(self, service: Service, messages: Messages) -> None:
        self._service = service
        self._messages = messages.methods
        self._health = Health(service.deployments, service.watch)
        self.table: dict[str, Served] = {
            "ServerLive": Served("nothing", self._server_live),
            "ServerReady": Served("nothing", self._server_ready),
            "ModelReady": Served("view", self._model_ready),
            "ServerMetadata": Served("view", self._server_metadata),
            "ModelMetadata": Served("view", self._model_metadata),
            "RepositoryIndex": Served("view", self._repository_index),
            "RepositoryModelLoad": Served("edit", self._repository_load),
            "RepositoryModelUnload": Served("edit", self._repository_unload),
        }

    async def _server_live(self, message: Any, call: Call) -> Any:
        return self._messages["ServerLive"].response(live=True)

    async def _server_ready(self, message: Any, call: Call) -> Any:
        return self._messages["ServerReady"].response(ready=await is_ready(self._health))

    async def _model_ready(self, message: Any, call: Call) -> Any:
        try:
            self._find(message.name, message.version, call)
        except ScorelineError as error:
            if error.kind not in ("not_found", "unavailable"):
                raise
            return self._messages["ModelReady"].response(ready=False)
        return self._messages["ModelReady"].response(ready=True)

    async def _server_metadata(self, message: Any, call: Call) -> Any:
        return self._messages["ServerMetadata"].response(**server_metadata())

    async def _model_metadata(self, message: Any, call: Call) -> Any:
        return self._messages["ModelMetadata"].response(**describe(self._find(message.name, message.version, call)))

    async def _repository_index(self, message: Any, call: Call) -> Any:
        models = await index(self._service, call.access, ready=message.ready)
        return self._messages["RepositoryIndex"].response(models=[each._asdict() for each in models])

    async def _repository_load(self, message: Any, call: Call) -> Any:
        await load(self._service, call.access, message.model_name, call.caller)
        return self._messages["RepositoryModelLoad"].response()

    async def _repository_unload(self, message: Any, call: Call) -> Any:
        await unload(self._service, call.access, message.model_name, call.caller)
        return self._messages["RepositoryModelUnload"].response()

    def _find(self, name: str, version: str, call: Call) -> Active:
        deployments = self._service.deployments
        call.deployment = name
        active = deployments.get(name, call.access.space, call.access.deployments)
        check_reach(deployments, call.access, "view", active, name)
        return deployments.of_version(active, version) if version else active
