"""The web application: every route, in the order in which they are matched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from starlette.routing import Route
from starlette.types import ASGIApp

from scoreline.app.data_sets import NO_FOLDER, DataFolder
from scoreline.app.translator import Translator
from scoreline.serving import metrics
from scoreline.serving.deployments import ActiveDeployments, Source
from scoreline.serving.media import media
from scoreline.serving.meters import Meters
from scoreline.serving.plane import Plane, Watcher
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.shadow import ShadowScoring
from scoreline.web.admission import LIMITS, Admission, Limits
from scoreline.web.aliases import Aliases
from scoreline.web.arrivals import STRAIGHT, Arrivals
from scoreline.web.catalog import catalog_routes
from scoreline.web.cors import Cors
from scoreline.web.descriptors import room_for_connections
from scoreline.web.fastlane import ADMISSION, LANE, Lane
from scoreline.web.gate import Gate, OpenGate
from scoreline.web.grpc import Door
from scoreline.web.health import Health, health_routes
from scoreline.web.large import give_back_soon
from scoreline.web.media import DialectMedia
from scoreline.web.memory import allocate_large_blocks_apart
from scoreline.web.metrics import metrics_route
from scoreline.web.only_https import OnlyHttps
from scoreline.web.outgoing import Outgoing
from scoreline.web.probes import readyz_routes
from scoreline.web.proxies import Proxied
from scoreline.web.requests import Requests
from scoreline.web.router import Routes
from scoreline.web.scoring import dialect_routes
from scoreline.web.seat import ALONE, Seat
from scoreline.web.service import Listener, Service
from scoreline.web.watch import WATCH, Watch
from scoreline.web.watching import watching

if TYPE_CHECKING:
    from scoreline.app.settings import App
    from scoreline.prediction_log.log import PredictionLog


def create_app(
    source: Source,
    *,
    limits: Limits = LIMITS,
    fast_lane: bool = True,
    prediction_log: PredictionLog | None = None,
    watchers: Sequence[Watcher] = (),
    meters: Meters | None = None,
    seat: Seat = ALONE,
    cors_origins: Sequence[str] = (),
    gate: Gate | None = None,
    control: App | None = None,
    listeners: Sequence[Listener] = (),
    aliases: Mapping[str, str] = {},
    data_folder: DataFolder = NO_FOLDER,
    arrivals: Arrivals = STRAIGHT,
    usual_answers: Mapping[str, str] = {},
) -> ASGIApp:
    """Return the ASGI application that answers for what ``source`` (the registry) has deployed.

    It loads models when it starts, and follows the source until it stops. With ``fast_lane`` the server answers scoring
    requests before they reach the routes here; these answer the same, and are the way out. ``prediction_log`` and
    ``watchers`` are told of every scored request, whichever way it came, and of what shadows score; ``meters`` count
    for ``/metrics``, together with those of other workers where this process has its ``seat`` beside them. Scripts of
    ``cors_origins`` (``*``: of all) may ask. ``gate`` lets requests in; without one, all may see and score.
    With ``control`` there are the routes that look after models and deployments by its use cases. ``listeners`` answer
    beside HTTP, from when models are loaded. ``aliases`` are addresses that mean others of those here. Of
    ``data_folder`` callers may name files in place of rows. ``arrivals`` are the proxies whose word counts, and whether
    requests may come unencrypted. ``usual_answers`` are content types by dialect, for callers who accept any.
    """
    gate = gate or OpenGate()
    meters = meters or Meters()
    deployments = ActiveDeployments(source, on_load=meters.loaded)
    if prediction_log is not None:
        meters.follow(metrics.LOG_RECORDS, prediction_log.counts)
        watchers = [prediction_log, *watchers]
    shadow = ShadowScoring(watchers)
    meters.follow(metrics.SHADOW, shadow.counts)
    plane = Plane([meters, *watchers, shadow])
    admission = Admission(limits, on_let_go=give_back_soon)
    watch = Watch(meters, seat, deployments.full_name)
    translator = Translator()
    spoken = {
        dialect.name: DialectMedia(dialect, media(translator), usual_answers.get(dialect.name, ""))
        for dialect in DIALECTS
    }
    cors = Cors(cors_origins) if cors_origins else None

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[dict[str, object]]:
        async with watching(watch, plane):
            allocate_large_blocks_apart()
            await asyncio.to_thread(gate.start)
            await asyncio.to_thread(deployments.start)
            admission.n_connections = room_for_connections(limits.n_connections)
            shared = (deployments, plane, admission, watch, spoken, gate, cors, aliases, data_folder, arrivals)
            lane = {LANE: Lane(*shared, http2=partial(service.http2.connect, service))} if fast_lane else {}
            async with AsyncExitStack() as listening:
                for listener in listeners:
                    await listening.enter_async_context(listener(service))
                yield {ADMISSION: admission, WATCH: watch, **lane}
            await asyncio.to_thread(deployments.close)
            await asyncio.to_thread(gate.close)
            await asyncio.to_thread(shadow.close)
            translator.close()

    write_error = DIALECTS["native"].error
    routes = [
        route
        for dialect in DIALECTS
        for route in dialect_routes(dialect, spoken[dialect.name], deployments, plane, admission, data_folder)
    ]
    health = Health(deployments, watch)
    routes += health_routes(deployments, health, write_error) + readyz_routes(deployments, health)
    routes.append(metrics_route(watch, write_error))
    routes += catalog_routes(deployments, write_error)
    service = Service(control, deployments, plane, admission, watch, gate, spoken, Door(), data_folder)

    def late() -> list[Route]:
        from scoreline.web.control import CONTROLS
        from scoreline.web.docs import docs_routes

        controls = [route for routes_of in CONTROLS for route in routes_of(service)]
        return [*controls, *docs_routes(service, controls, write_error)]

    router = Routes(routes, late, deployments, write_error, lifespan)
    answering: ASGIApp = Outgoing(router, cors)
    if arrivals.https_port is not None:
        answering = OnlyHttps(answering, arrivals.https_port)
    requests = Requests(Aliases(answering, aliases) if aliases else answering, watch, gate)
    return requests if arrivals.proxies is None else Proxied(requests, arrivals.proxies)
