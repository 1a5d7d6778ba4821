"""What routes and listeners beside the scoring routes are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, NamedTuple

from scoreline.app.data_sets import NO_FOLDER, DataFolder
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.plane import Plane
from scoreline.web.admission import Admission
from scoreline.web.gate import Gate
from scoreline.web.media import DialectMedia
from scoreline.web.watch import Watch

if TYPE_CHECKING:
    from scoreline.app.settings import App
    from scoreline.web.grpc.door import Door


class Service(NamedTuple):
    """The parts of a worker."""

    app: App | None
    """Whose use cases may be called, in a thread; None: the worker only scores."""
    deployments: ActiveDeployments
    plane: Plane
    admission: Admission
    watch: Watch
    gate: Gate
    media: Mapping[str, DialectMedia]
    """Those of each dialect, by its name."""
    http2: Door
    """The way in for connections that speak HTTP/2."""
    data_folder: DataFolder = NO_FOLDER
    """Whose files callers may name."""


Listener = Callable[[Service], AbstractAsyncContextManager[None]]
"""Answers beside HTTP on an address of its own, in the event loop, from when it is entered until it is left."""
