"""Scoring by GET: the row stands in the query of the address, where a dialect has that."""

from __future__ import annotations

from typing import cast

from starlette.requests import Request

from scoreline.core.errors import BadRequest
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.plane import Asked, Plane, clock
from scoreline.serving.protocols.dialect import Dialect, InAddress, Reply
from scoreline.web.admission import Admission
from scoreline.web.asides import meant_by
from scoreline.web.endpoint import View
from scoreline.web.reach import check_reach


def in_address(dialect: Dialect) -> InAddress | None:
    """Return the dialect where it scores what stands in an address."""
    return cast("InAddress", dialect) if hasattr(dialect, "body_of") else None


def score_address(
    dialect: Dialect, asks: InAddress, deployments: ActiveDeployments, plane: Plane, admission: Admission
) -> View:
    """Return the view that answers as the scoring route answers the same by POST."""

    async def score(request: Request) -> Reply:
        started_at = clock()
        request.scope["dialect"] = dialect.name
        name, access = meant_by(request).name, request.scope["access"]
        active = deployments.route(
            name, request.headers.get("x-scoreline-routing-key", ""), access.space, access.deployments
        )
        check_reach(deployments, access, "score", active, name)
        request.scope["active"] = active
        body = asks.body_of(_query(request), active)
        asked = Asked(
            dialect,
            body,
            active,
            request_id=request.scope["request_id"],
            caller=request.client.host if request.client else "",
            trace=request.headers.get("traceparent", ""),
            started_at=started_at,
        )
        asked.span = request.scope.get("span")
        request.scope["asked"] = asked
        with admission.pending(active.full_name):
            return plane.answer_one(asked)

    return score


def _query(request: Request) -> dict[str, str]:
    pairs = request.query_params.multi_items()
    query = dict(pairs)
    if len(query) < len(pairs):
        twice = next(name for name, _ in pairs if [each for each, _ in pairs].count(name) > 1)
        raise BadRequest(f"`{twice}` stands in the address twice", hint="send many rows in the body of a POST")
    return query
