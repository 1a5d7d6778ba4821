"""``/api/v1/audit``: who did what, when, and from where."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.requests import Request

from scoreline.core.access import EVERY_SPACE, Access
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.security.asking import Routed, moment, number, reply

if TYPE_CHECKING:
    from scoreline.security import Security

N_RECORDS, MOST_RECORDS = 100, 10_000


def views(security: Security) -> Iterator[Routed]:
    """Yield the path."""

    async def listed(request: Request) -> Reply:
        access: Access = request.scope["access"]
        asked = request.query_params
        everywhere = access.may("admin", EVERY_SPACE)
        records = await asyncio.to_thread(
            security.audit,
            limit=number(request, "limit", N_RECORDS, MOST_RECORDS),
            since=moment(request, "since"),
            until=moment(request, "until"),
            actor=asked.get("actor"),
            action=asked.get("action"),
            space=asked.get("space") if everywhere else access.space,
            by=access,
        )
        return reply({"records": records})

    yield "/api/v1/audit", {"GET": listed}, {"GET": "admin"}
