"""``/metrics``: what all workers have counted."""

from __future__ import annotations

import asyncio
import platform

from starlette.requests import Request
from starlette.routing import Route

import scoreline
from scoreline.serving.metrics import BUILD, STARTED, Key
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.endpoint import Endpoint, WriteError
from scoreline.web.exposition import Form, choose_form, write_metrics
from scoreline.web.watch import Watch


def metrics_route(watch: Watch, write_error: WriteError) -> Route:
    """Return ``/metrics``."""
    constants: dict[Key, float] = {
        (STARTED.name,): watch.started_at,
        (BUILD.name, scoreline.__version__, platform.python_version()): 1,
    }

    def write(form: Form) -> bytes:
        return write_metrics(watch.meters.totals.read() | constants, form)

    async def metrics(request: Request) -> Reply:
        watch.meters.count()
        watch.meters.measure()
        form = choose_form(request.headers.get("accept", ""))
        return Reply(await asyncio.to_thread(write, form), form.media_type)

    return Route("/metrics", Endpoint({"GET": metrics}, write_error, "view"))
