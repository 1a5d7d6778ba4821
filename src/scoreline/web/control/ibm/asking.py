"""What every route of IBM's control plane does first: who asks, in which space, with which body."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec
from starlette.requests import Request

from scoreline.app.settings import App
from scoreline.core.access import Access, Action
from scoreline.core.entities import Deployment
from scoreline.core.errors import Forbidden, NotFound
from scoreline.core.identities import Space
from scoreline.serving.active import DeploymentState
from scoreline.serving.deployments import POLL_SECONDS
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.json import read_json
from scoreline.web.admission import Body
from scoreline.web.body import read_body
from scoreline.web.control.ibm.runner import Runner
from scoreline.web.seat import ALONE
from scoreline.web.service import Service

T = TypeVar("T")
Json = dict[str, Any]
FOLLOWED_AFTER = timedelta(seconds=2 * POLL_SECONDS)
_encoder = msgspec.json.Encoder()


class Place(NamedTuple):
    """Who asks, and in which space."""

    access: Access
    space: Space


class Asking:
    """Reads requests to the routes of one worker, and writes the answers."""

    def __init__(self, service: Service, app: App) -> None:
        self.service = service
        self.app = app
        self.runner = Runner(service, app)

    async def place(self, request: Request, action: Action, space_id: str | None = None) -> Place:
        """Return who asks, in the space that the body or the address names, or in the caller's own.

        Raises NotFound for a space in which the caller may do nothing, Forbidden where it may not do this.
        """
        access: Access = request.scope["access"]
        named = space_id or request.query_params.get("space_id")
        space = await asyncio.to_thread(self.app.security.space, named or access.space, by=access)
        if not access.may(action, space.name):
            raise Forbidden(
                f"{access.name or 'the caller'} may not {action} in the space {space.name!r}",
                hint="an administrator of the space gives roles: scoreline user grant",
            )
        return Place(access, space)

    def follow(self) -> None:
        """Have this worker answer for what has just been deployed; the others follow by themselves."""
        self.service.deployments.refresh()

    def state(self, deployment: Deployment) -> DeploymentState | None:
        """Return how a deployment does in this worker; None: it has not met it yet."""
        try:
            return self.service.deployments.state(deployment.name, deployment.space)
        except NotFound:
            return None

    def is_followed(self, deployment: Deployment) -> bool:
        """Whether every worker has had the time to follow the last change of a deployment."""
        if self.service.watch.seat is ALONE:
            return True
        return datetime.now(UTC) - deployment.updated_at > FOLLOWED_AFTER

    def record(self, request: Request, place: Place, action: str, target: str) -> None:
        """Write into the audit log what was done."""
        self.app.security.record(
            action, target, place.access, origin=origin_of(request), outcome="done", space=place.space.name
        )

    async def body(self, request: Request, decoder: msgspec.json.Decoder[T]) -> T:
        """Read a JSON body. Raises BadRequest, TooLarge."""
        return read_json(await self.content(request), decoder)

    async def content(self, request: Request) -> bytes:
        """Read a body as it is. Raises TooLarge, Unavailable."""
        with Body(self.service.admission) as held:
            return await read_body(request, held)


def host(request: Request) -> str:
    """Return the address at which the caller found this server."""
    return str(request.base_url).rstrip("/")


def origin_of(request: Request) -> str:
    """Return the address of whoever asks."""
    return request.client.host if request.client else ""


def reply(document: Any, status: int = 200) -> Reply:
    """Return an answer in JSON."""
    return Reply(_encoder.encode(document), status=status)


NOTHING = Reply(b"", status=204)
"""The answer to what was deleted."""
