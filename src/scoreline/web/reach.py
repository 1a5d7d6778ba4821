"""Which deployments a caller knows of, and may have: those of its space that its key is not kept from."""

from __future__ import annotations

from typing import Protocol

from starlette.requests import Request

from scoreline.core.access import Access, Action
from scoreline.core.entities import split_full_name
from scoreline.core.errors import Forbidden, ScorelineError
from scoreline.serving.active import Active, DeploymentState
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.directory import no_deployment
from scoreline.web.gate import GATE, NOBODY, Gate


class Found(Protocol):
    """A deployment, as anything that has its name and its space."""

    @property
    def name(self) -> str: ...

    @property
    def space(self) -> str: ...


def visible(deployments: ActiveDeployments, access: Access) -> list[DeploymentState]:
    """Return the deployments of the caller's space that it may see, by name."""
    return [state for state in deployments.states(access.space) if access.may("view", state.space, state.name)]


def visible_actives(deployments: ActiveDeployments, access: Access) -> list[Active]:
    """Return what answers for them."""
    return [active for active in deployments.actives(access.space) if access.may("view", active.space, active.name)]


def may_see(access: Access, full_name: str) -> bool:
    """Whether the caller may know of a deployment, whichever space it is in."""
    return access.may("view", *split_full_name(full_name))


async def whoever(request: Request) -> Access:
    """Return who asks for what shows something to everybody, and more to those who may see it."""
    gate: Gate = request.scope[GATE]
    try:
        return await gate.admit(request, "view")
    except ScorelineError:
        return NOBODY


def check_reach(
    deployments: ActiveDeployments, access: Access, action: Action, found: Found, asked: str | None
) -> None:
    """Raise unless the caller may do so with a deployment that was found under the name or id it ``asked`` for.

    Raises Forbidden where it may see the deployment, and NotFound, as if there were none, where it may not.
    """
    if access.may(action, found.space, found.name):
        return
    if access.may("view", found.space, found.name):
        raise Forbidden(
            f"{access.name or 'the caller'} may not {action} deployment `{found.name}`",
            hint="an administrator of the space grants roles: scoreline user grant; keys: scoreline key create",
        )
    raise no_deployment(asked, [state.name for state in visible(deployments, access)])
