"""Is the process alive, and does every deployment score its sample rightly? Routes for probes."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.core.errors import ScorelineError
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.protocols.dialect import NAME, Reply
from scoreline.web.endpoint import Endpoint, WriteError

log = logging.getLogger("scoreline.web")


def health_routes(deployments: ActiveDeployments, write_error: WriteError) -> list[Route]:
    """Return ``/health/live``, ``/health/ready``, and ``/readyz`` as the H2O dialect has it."""

    async def live(_: Request) -> Reply:
        return Reply(b'{"status":"live"}')

    async def ready(_: Request) -> Reply:
        report = await asyncio.to_thread(readiness, deployments)
        return Reply(msgspec.json.encode(report), status=200 if report["status"] == "ready" else 503)

    async def readyz(request: Request) -> Reply:
        problem = await asyncio.to_thread(_problem, deployments, request.path_params.get("name"))
        text, status = ("Not ready", 500) if problem else ("Ready", 200)
        return Reply(text.encode(), media_type="text/plain; charset=utf-8", status=status)

    views = {"/health/live": live, "/health/ready": ready, "/readyz": readyz, NAME + "/readyz": readyz}
    return [Route(path, Endpoint({"GET": view}, write_error)) for path, view in views.items()]


def readiness(deployments: ActiveDeployments) -> dict[str, Any]:
    """Score the sample of each deployment now. Ready means that none is without a version that answers rightly."""
    report: dict[str, Any] = {}
    ready = True
    for state in deployments.states():
        problem = _problem(deployments, state.name)
        ready = ready and not problem
        told: dict[str, Any] = {"status": "failed" if problem else state.status, "version": state.version}
        if problem or state.reason:
            told["reason"] = problem or state.reason
        report[state.name] = told
    answer: dict[str, Any] = {"status": "ready" if ready else "not_ready", "deployments": report}
    if deployments.problem:
        answer["problem"] = deployments.problem
    return answer


def _problem(deployments: ActiveDeployments, name: str | None) -> str:
    try:
        deployments.get(name).pipeline.self_test()
    except ScorelineError as error:
        return str(error)
    except Exception as error:
        log.exception("the self-test of deployment `%s` failed", name)
        return f"the self-test failed: {type(error).__name__}"
    return ""
