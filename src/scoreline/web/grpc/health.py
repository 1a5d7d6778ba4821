"""grpc.health.v1: may requests be sent here? ``Watch`` tells each change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from scoreline.core.errors import NotFound
from scoreline.web.control.open_inference import is_ready
from scoreline.web.grpc.call import Call
from scoreline.web.grpc.messages import SERVICE, Method
from scoreline.web.health import TEST_SECONDS, Health
from scoreline.web.service import Service

SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3


class HealthService:
    """The service. It needs no key: who asks is often the orchestrator."""

    def __init__(self, service: Service, methods: Mapping[str, Method]) -> None:
        self._health = Health(service.deployments, service.watch)
        self._response = methods["Check"].response
        self.views = (("Check", self._check), ("Watch", self._watch))

    async def _status(self, name: str) -> int:
        if name not in ("", SERVICE):
            return SERVICE_UNKNOWN
        return SERVING if await is_ready(self._health) else NOT_SERVING

    async def _check(self, message: Any, call: Call) -> Any:
        found = await self._status(message.service)
        if found == SERVICE_UNKNOWN:
            raise NotFound(f"no service is named `{message.service[:100]}`", hint=f"`{SERVICE}` is here")
        return self._response(status=found)

    async def _watch(self, message: Any, call: Call) -> None:
        told = None
        while not self._health.is_draining:
            found = await self._status(message.service)
            if found != told:
                told = found
                self._tell(call, found)
            await asyncio.sleep(TEST_SECONDS)
        self._tell(call, NOT_SERVING)
        call.finish()

    def _tell(self, call: Call, status: int) -> None:
        call.send(self._response(status=status).SerializeToString())
        call.stream.connection.flush()
