"""``/metrics``: what all workers have counted."""

from __future__ import annotations

import asyncio
import platform

from starlette.requests import Request
from starlette.routing import Route

import scoreline
from scoreline.core.access import Access
from scoreline.serving.metrics import BUILD, METRICS, STARTED, Key
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.endpoint import Endpoint, WriteError
from scoreline.web.exposition import Form, choose_form, write_metrics
from scoreline.web.reach import may_see
from scoreline.web.watch import Watch

_PLACE_OF_DEPLOYMENT = {
    metric.name: metric.labels.index("deployment") + 1 for metric in METRICS if "deployment" in metric.labels
}
"""Where a key has it."""


def metrics_route(watch: Watch, write_error: WriteError) -> Route:
    """Return ``/metrics``: of deployments, those of all spaces that the caller may see."""
    constants: dict[Key, float] = {
        (STARTED.name,): watch.started_at,
        (BUILD.name, scoreline.__version__, platform.python_version()): 1,
    }

    def write(form: Form, access: Access) -> bytes:
        totals = watch.meters.totals.read()
        known = {key: number for key, number in totals.items() if _is_known(key, access)}
        return write_metrics(known | constants, form)

    async def metrics(request: Request) -> Reply:
        watch.meters.count()
        watch.meters.measure()
        form = choose_form(request.headers.get("accept", ""))
        return Reply(await asyncio.to_thread(write, form, request.scope["access"]), form.media_type)

    return Route("/metrics", Endpoint({"GET": metrics}, write_error, "view"))


def _is_known(key: Key, access: Access) -> bool:
    place = _PLACE_OF_DEPLOYMENT.get(key[0])
    return place is None or not key[place] or may_see(access, key[place])
