"""``/scoring``, ``/summarystats`` and ``/diagnostics`` of each deployment, and at the root for the default one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.app.data_sets.columns import Summary, summarise, training_summary
from scoreline.app.data_sets.quality import Quality, known_quality, score_rows
from scoreline.core.access import Action
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import NAME, Reply
from scoreline.web.admission import Body
from scoreline.web.control.udacity.asking import DIALECT, Sent, Table, active_of, read_table, what_is_sent
from scoreline.web.control.udacity.diagnostics import TRAINING, Diagnostics, diagnose
from scoreline.web.endpoint import Endpoint, View
from scoreline.web.large import large_bodies
from scoreline.web.service import Service

Tell = Callable[[Active, Table | None], Any]
_encoder = msgspec.json.Encoder()


def udacity_routes(service: Service) -> list[Route]:
    """Return the routes."""

    def diagnostics(active: Active, table: Table | None) -> Diagnostics:
        return diagnose(active, table, service.watch.meters)

    tells: dict[str, Tell] = {"/scoring": _scoring, "/summarystats": _summary, "/diagnostics": diagnostics}
    return [
        Route(
            prefix + path,
            Endpoint(
                {"GET": _view(tell, service, "view"), "POST": _view(tell, service, "score")},
                DIALECT.error,
                {"GET": "view", "POST": "score"},
            ),
        )
        for path, tell in tells.items()
        for prefix in (NAME, "")
    ]


def _view(tell: Tell, service: Service, action: Action) -> View:
    async def view(request: Request) -> Reply:
        active = active_of(request, service, action)
        service.watch.meters.count()
        with Body(service.admission) as held:
            sent = await what_is_sent(request, service, held)
            return await asyncio.get_running_loop().run_in_executor(large_bodies, answer, active, sent)

    def answer(active: Active, sent: Sent | None) -> Reply:
        table = None if sent is None else read_table(sent, active, service)
        return Reply(_encoder.encode(tell(active, table)))

    return view


def _scoring(active: Active, table: Table | None) -> Quality:
    manifest, pipeline = active.pipeline.manifest, active.pipeline
    if table is None:
        return known_quality(manifest)
    decoded = pipeline.decoder.columns(table.frame)
    return score_rows(manifest, table.frame, pipeline.score_rows(decoded.rows), table.of)


def _summary(active: Active, table: Table | None) -> Summary:
    if table is None:
        return training_summary(active.pipeline.manifest, TRAINING)
    return summarise(table.frame, table.of)
