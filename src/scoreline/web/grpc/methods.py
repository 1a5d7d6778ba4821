"""The methods of the service: each is given its message and its exchange, and returns the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from scoreline.core.access import Needs
from scoreline.core.errors import BadRequest, ScorelineError
from scoreline.serving.active import Active
from scoreline.serving.plane import Asked
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.oip.outputs import describe
from scoreline.web.admission import Body
from scoreline.web.control.open_inference import is_ready, server_metadata
from scoreline.web.control.open_inference.repository import index, load, unload
from scoreline.web.grpc.exchange import Exchange
from scoreline.web.grpc.infer import NAME, Infer
from scoreline.web.grpc.messages import Messages
from scoreline.web.health import Health
from scoreline.web.large import LARGE_BODY_BYTES, large_bodies
from scoreline.web.reach import check_reach
from scoreline.web.service import Service

View = Callable[[Any, Exchange], Awaitable[Any]]


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
            "ModelInfer": Served("score", self._model_infer),
            "RepositoryIndex": Served("view", self._repository_index),
            "RepositoryModelLoad": Served("edit", self._repository_load),
            "RepositoryModelUnload": Served("edit", self._repository_unload),
        }

    async def call(self, name: str, data: bytes, exchange: Exchange) -> bytes:
        """Read the message, answer it, and return the answer as bytes. Raises ScorelineError."""
        view = self.table[name].view
        with Body(self._service.admission) as held:
            held.hold(len(data))
            answer = await view(await self._read(name, data), exchange)
        return answer if isinstance(answer, bytes) else answer.SerializeToString()

    async def _read(self, name: str, data: bytes) -> Any:
        read = self._messages[name].request.FromString
        try:
            if len(data) >= LARGE_BODY_BYTES:
                return await asyncio.get_running_loop().run_in_executor(large_bodies, read, data)
            return read(data)
        except DecodeError as error:
            raise BadRequest(f"the message is no {name}Request: {error}", hint="see open_inference.proto") from None

    async def _server_live(self, message: Any, exchange: Exchange) -> Any:
        return self._messages["ServerLive"].response(live=True)

    async def _server_ready(self, message: Any, exchange: Exchange) -> Any:
        return self._messages["ServerReady"].response(ready=await is_ready(self._health))

    async def _model_ready(self, message: Any, exchange: Exchange) -> Any:
        try:
            self._find(message.name, message.version, exchange)
        except ScorelineError as error:
            if error.kind not in ("not_found", "unavailable"):
                raise
            return self._messages["ModelReady"].response(ready=False)
        return self._messages["ModelReady"].response(ready=True)

    async def _server_metadata(self, message: Any, exchange: Exchange) -> Any:
        return self._messages["ServerMetadata"].response(**server_metadata())

    async def _model_metadata(self, message: Any, exchange: Exchange) -> Any:
        return self._messages["ModelMetadata"].response(**describe(self._find(message.name, message.version, exchange)))

    async def _model_infer(self, message: Any, exchange: Exchange) -> bytes:
        service, name = self._service, message.model_name
        exchange.dialect, exchange.deployment = NAME, name
        active = service.deployments.route(name, exchange.key, exchange.access.space, exchange.access.deployments)
        check_reach(service.deployments, exchange.access, "score", active, name)
        if message.model_version:
            active = service.deployments.of_version(active, message.model_version)
        exchange.active = active
        exchange.asked = asked = Asked(
            Infer(message, self._messages["ModelInfer"].response),
            b"",
            active,
            request_id=exchange.request_id,
            caller=exchange.caller,
            key=exchange.key,
            trace=exchange.trace,
            started_at=exchange.started_at,
        )
        asked.span = exchange.span
        with service.admission.pending(active.full_name):
            return (await self._answer(asked, message)).body

    async def _answer(self, asked: Asked, message: Any) -> Reply:
        """Answer a large message in a thread. Small ones are not gathered: grpcio gives them out one by one."""
        answer = self._service.plane.answer_one
        if message.ByteSize() < LARGE_BODY_BYTES:
            return answer(asked)
        return await asyncio.get_running_loop().run_in_executor(large_bodies, answer, asked)

    async def _repository_index(self, message: Any, exchange: Exchange) -> Any:
        models = await index(self._service, exchange.access, ready=message.ready)
        return self._messages["RepositoryIndex"].response(models=[each._asdict() for each in models])

    async def _repository_load(self, message: Any, exchange: Exchange) -> Any:
        await load(self._service, exchange.access, message.model_name, exchange.caller)
        return self._messages["RepositoryModelLoad"].response()

    async def _repository_unload(self, message: Any, exchange: Exchange) -> Any:
        await unload(self._service, exchange.access, message.model_name, exchange.caller)
        return self._messages["RepositoryModelUnload"].response()

    def _find(self, name: str, version: str, exchange: Exchange) -> Active:
        deployments = self._service.deployments
        exchange.deployment = name
        active = deployments.get(name, exchange.access.space, exchange.access.deployments)
        check_reach(deployments, exchange.access, "view", active, name)
        return deployments.of_version(active, version) if version else active
