"""Every route, in the order in which they are matched: those that score first, the others when they are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from starlette.requests import Request
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from scoreline.core.errors import NotFound
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.endpoint import Endpoint, View, WriteError
from scoreline.web.reach import visible

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Routes(Router):
    """Routes, of which ``late`` ones are made when the first request matches none of the others.

    What they import takes a fifth of the time to the first answer, and memory that a worker which only scores has no
    use for.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        late: Callable[[], list[Route]],
        deployments: ActiveDeployments,
        write_error: WriteError,
        lifespan: Any,
    ) -> None:
        super().__init__(routes, redirect_slashes=False, default=self._answer_late, lifespan=lifespan)
        self._early = list(routes)
        self._make_late = late
        self._deployments = deployments
        self._write_error = write_error
        self._late: Router | None = None

    def every_route(self) -> list[Route]:
        """Return all of them."""
        return [*self._early, *self._rest().routes]  # type: ignore[list-item]  # they are the Routes that were made

    async def _answer_late(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._late is None:
            await asyncio.to_thread(self._rest)
        await self._rest()(scope, receive, send)

    def _rest(self) -> Router:
        if self._late is None:
            late = self._make_late()
            self._late = Router(late, redirect_slashes=False, default=self._nowhere([*self._early, *late]))
        return self._late

    def _nowhere(self, routes: list[Route]) -> ASGIApp:
        return Endpoint(dict.fromkeys(METHODS, _nothing_there(routes, self._deployments)), self._write_error, "view")


def _nothing_there(routes: list[Route], deployments: ActiveDeployments) -> View:
    async def view(request: Request) -> Reply:
        path: str = request.scope["path"]
        names = [state.name for state in visible(deployments, request.scope["access"])]
        paths = [path for route in routes for path in _concrete(route.path, names)]
        close = get_close_matches(path, paths, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(close)}?" if close else "GET /openapi.json lists every route"
        raise NotFound(f"nothing is at {path}", hint=hint)

    return view


def _concrete(path: str, names: list[str]) -> list[str]:
    return [path.replace("{name}", name) for name in names] if "{name}" in path else [path]
