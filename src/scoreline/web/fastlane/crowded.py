"""Connections beyond the limit: told so, and closed."""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.server import ServerState

from scoreline.web.endpoint import RETRY
from scoreline.web.fastlane.response import Responses

FAREWELL_SECONDS = 1.0
"""How long a caller has to read why. A connection that is closed while the caller still sends is reset, unread."""


class Crowded(asyncio.Protocol):
    """Says that the server has too many connections, and reads nothing but the end."""

    def __init__(self, state: ServerState, turned_away: set[object], loop: asyncio.AbstractEventLoop | None) -> None:
        self._state = state
        self._turned_away = turned_away
        self._loop = loop or asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        told = cast("asyncio.Transport", transport)
        self._turned_away.add(self)
        text = f"The server has {len(self._state.connections)} connections, as many as may be; come again in a moment."
        told.write(Responses(self._state).last(503, text, RETRY))
        if told.can_write_eof():
            told.write_eof()
        self._loop.call_later(FAREWELL_SECONDS, told.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._turned_away.discard(self)


class Closed(asyncio.Protocol):
    """Says nothing: where even those who are told no are too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).abort()
