"""What MLflow, SageMaker, Vertex AI and KServe have beside scoring: probes, what is served, how much at a time."""

from __future__ import annotations

import os

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import NAME, Reply
from scoreline.web.endpoint import Endpoint
from scoreline.web.health import Health
from scoreline.web.probes import check_probed
from scoreline.web.reach import visible
from scoreline.web.service import Service

MEGABYTE = 1 << 20
MOST_PAYLOAD_MB = 100
"""More than this SageMaker's batch transform does not send."""
_encoder = msgspec.json.Encoder()


def cloud_routes(service: Service) -> list[Route]:
    """Return the routes."""
    deployments, health = service.deployments, Health(service.deployments, service.watch)

    async def ping(request: Request) -> Reply:
        await check_probed(request, deployments, health)
        return Reply(b"\n", "text/plain; charset=utf-8")

    async def execution_parameters(_: Request) -> Reply:
        payload = min(service.admission.body_bytes // MEGABYTE, MOST_PAYLOAD_MB)
        document = {"MaxConcurrentTransforms": os.cpu_count() or 1, "BatchStrategy": "MULTI_RECORD"}
        return Reply(_encoder.encode({**document, "MaxPayloadInMB": payload}))

    async def models(request: Request) -> Reply:
        names = [state.name for state in visible(deployments, request.scope["access"])]
        return Reply(_encoder.encode({"models": names}))

    probe = Endpoint({"GET": ping}, DIALECTS["mlflow"].error, "nothing")
    parameters = Endpoint({"GET": execution_parameters}, DIALECTS["sagemaker"].error, "nothing")
    return [
        *(Route(path, probe) for path in ("/ping", "/health", f"{NAME}/ping", f"{NAME}/health")),
        Route("/execution-parameters", parameters),
        Route("/v1/models", Endpoint({"GET": models}, DIALECTS["kserve"].error, "view")),
    ]
