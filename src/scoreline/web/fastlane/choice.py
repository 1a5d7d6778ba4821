"""Which protocol a connection gets: whether there is room for it, and whether it has a fast lane."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from scoreline.web.admission import Admission
from scoreline.web.fastlane.crowded import Closed, Crowded
from scoreline.web.fastlane.protocol import FastLane
from scoreline.web.watch import WATCH

LANE = "fast_lane"
"""Under this name an application that wants a fast lane puts its ``Lane`` into the state of its lifespan."""
ADMISSION = "admission"
"""Under this name an application that limits its connections puts its ``Admission`` there."""


def choose_protocol(
    config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None
) -> asyncio.Protocol:
    """Make the protocol of a connection: uvicorn's own, untouched, for an application without a lane."""
    admission: Admission | None = app_state.get(ADMISSION)
    if admission is not None and len(server_state.connections) >= admission.n_connections:
        if len(admission.turned_away) >= admission.n_turned_away:
            return Closed()
        if (watch := app_state.get(WATCH)) is not None:
            watch.unread(503)
        return Crowded(server_state, admission.turned_away, _loop)
    lane = app_state.get(LANE)
    if lane is None:
        return HttpToolsProtocol(config, server_state, app_state, _loop)
    return FastLane(lane, config, server_state, app_state, _loop)
