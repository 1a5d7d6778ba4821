"""Whether a connection has a fast lane."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from scoreline.web.fastlane.protocol import FastLane

LANE = "fast_lane"
"""Under this name an application that wants a fast lane puts its ``Lane`` into the state of its lifespan."""


def choose_protocol(
    config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None
) -> HttpToolsProtocol:
    """Make the protocol of a connection: uvicorn's own, untouched, for an application without a lane."""
    lane = app_state.get(LANE)
    if lane is None:
        return HttpToolsProtocol(config, server_state, app_state, _loop)
    return FastLane(lane, config, server_state, app_state, _loop)
