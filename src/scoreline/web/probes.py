"""Probes of one deployment, as platforms send them: they have no key, and want to hear yes or no."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.routing import Route

from scoreline.core.access import DEFAULT_SPACE, Access, Action
from scoreline.core.errors import Forbidden, NotFound, Unauthenticated, Unavailable
from scoreline.serving.active import DeploymentState
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import NAME, Reply
from scoreline.web.endpoint import Endpoint
from scoreline.web.gate import GATE, Gate
from scoreline.web.gate.credentials import find
from scoreline.web.health import Health
from scoreline.web.reach import check_reach

NOT_TOLD = "GET /health/ready tells why, to those who send a key"
_VIEW: frozenset[Action] = frozenset({"view"})
PROBER = Access(kind="anyone", grants={DEFAULT_SPACE: _VIEW})
"""Who sends no key asks about deployments of the default space, …"""


def readyz_routes(deployments: ActiveDeployments, health: Health) -> list[Route]:
    """Return the probes of the H2O dialect. Those of others are beside their other routes."""

    async def readyz(request: Request) -> Reply:
        try:
            await check_probed(request, deployments, health)
        except Unavailable:
            return Reply(b"Not ready", "text/plain; charset=utf-8", 500)
        return Reply(b"Ready", "text/plain; charset=utf-8")

    probe = Endpoint({"GET": readyz}, DIALECTS["h2o"].error, "nothing")
    return [Route(path, probe) for path in ("/readyz", f"{NAME}/readyz")]


async def check_probed(request: Request, deployments: ActiveDeployments, health: Health) -> None:
    """Raise unless the deployment that ``request`` names, or the default one, takes requests and scores them rightly.

    Raises NotFound where whoever asks knows of none by that name, Unavailable where it does not answer as it should. No
    error tells why, or which others there are.
    """
    name = request.path_params.get("name")
    access = await _prober(request, name)
    if name is None:
        space = access.space
    else:
        state = _state(deployments, access, name)
        name, space = state.name, state.space
    problem = await asyncio.to_thread(health.problem, name, space)
    if problem or health.is_draining:
        raise Unavailable("not ready", hint=NOT_TOLD)


async def _prober(request: Request, name: str | None) -> Access:
    gate: Gate = request.scope[GATE]
    try:
        return await gate.admit(request, "view")
    except (Unauthenticated, Forbidden):
        # … and learns nothing of another, whose name it says
        _, space = find(request.scope["headers"], request.scope["query_string"])
        if space not in (b"", DEFAULT_SPACE.encode()):
            raise _unknown(name) from None
        return PROBER


def _state(deployments: ActiveDeployments, access: Access, name: str) -> DeploymentState:
    try:
        state = deployments.state(name, access.space, ())
        check_reach(deployments, access, "view", state, name)
    except NotFound:
        raise _unknown(name) from None
    return state


def _unknown(name: str | None) -> NotFound:
    return NotFound(
        f"no deployment is named `{name}`" if name is not None else "there is no default deployment",
        hint="without a key those of space `default` are told of; with one, those of its space",
    )
