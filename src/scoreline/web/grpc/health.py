"""grpc.health.v1: may requests be sent here? ``Watch`` tells each change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

from scoreline.web.control.open_inference import is_ready
from scoreline.web.grpc.messages import SERVICE
from scoreline.web.health import TEST_SECONDS, Health
from scoreline.web.service import Service

HEALTH_SERVICE = "grpc.health.v1.Health"
_STATUS = health_pb2.HealthCheckResponse.ServingStatus


def health_handlers(service: Service) -> Any:
    """Return the handlers of the health service. It needs no key: who asks is often the orchestrator."""
    health = Health(service.deployments, service.watch)

    async def status(name: str) -> int:
        if name not in ("", SERVICE):
            return int(_STATUS.Value("SERVICE_UNKNOWN"))
        return int(_STATUS.Value("SERVING" if await is_ready(health) else "NOT_SERVING"))

    async def check(request: Any, context: Any) -> Any:
        found = await status(request.service)
        if found == _STATUS.Value("SERVICE_UNKNOWN"):
            await context.abort(grpc.StatusCode.NOT_FOUND, f"no service is named `{request.service[:100]}`")
        return health_pb2.HealthCheckResponse(status=found)

    async def watch(request: Any, _: Any) -> AsyncIterator[Any]:
        told = None
        while not health.is_draining:
            found = await status(request.service)
            if found != told:
                told = found
                yield health_pb2.HealthCheckResponse(status=found)
            await asyncio.sleep(TEST_SECONDS)
        yield health_pb2.HealthCheckResponse(status=_STATUS.Value("NOT_SERVING"))

    read, write = health_pb2.HealthCheckRequest.FromString, health_pb2.HealthCheckResponse.SerializeToString
    return grpc.method_handlers_generic_handler(
        HEALTH_SERVICE,
        {
            "Check": grpc.unary_unary_rpc_method_handler(check, read, write),
            "Watch": grpc.unary_stream_rpc_method_handler(watch, read, write),
        },
    )
