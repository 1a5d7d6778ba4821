"""Addresses that mean others: a platform chooses under which one it asks."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Aliases:
    """Has requests to one address answered by the routes of another. The fast lane knows the same ones."""

    def __init__(self, app: ASGIApp, aliases: Mapping[str, str]) -> None:
        self._app = app
        self._aliases = dict(aliases)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in self._aliases:
            scope["path"] = self._aliases[scope["path"]]
        await self._app(scope, receive, send)
