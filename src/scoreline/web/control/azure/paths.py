"""Where Azure's control plane has a service: under the server, and under a workspace, whichever that is."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.routing import Route

from scoreline.core.access import Action, Needs
from scoreline.serving.active import DeploymentState
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.protocols import DIALECTS
from scoreline.web.endpoint import Endpoint, View
from scoreline.web.reach import check_reach

SERVICE = "/services/{name}"
WORKSPACES = ("/subscriptions/{workspace:path}", "/modelmanagement/v1.0/subscriptions/{workspace:path}")
"""The first part of the addresses that Azure's tools make. A server of ours is one workspace, whatever it is called."""


def routes(paths: tuple[str, ...], views: Mapping[str, View], needs: Needs | Mapping[str, Needs]) -> list[Route]:
    """Return the same views under each path, with Azure's errors."""
    endpoint = Endpoint(views, DIALECTS["azure"].error, needs, by_id=True)
    return [Route(path, endpoint) for path in paths]


def state_of(request: Request, deployments: ActiveDeployments, action: Action) -> DeploymentState:
    """Return the deployment that an address means. Raises NotFound, Forbidden."""
    name, access = request.path_params["name"], request.scope["access"]
    state = deployments.state(name, access.space, access.deployments)
    check_reach(deployments, access, action, state, name)
    return state


def server_url(request: Request) -> str:
    """Return the address of the server as the caller wrote it."""
    return str(request.base_url).rstrip("/")
