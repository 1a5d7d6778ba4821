"""What is kept of each request, whichever way it came: a count, a line in the log, a span."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from starlette.types import Scope

from scoreline.core.errors import ScorelineError
from scoreline.serving.meters import OTHER, Meters
from scoreline.serving.plane import clock
from scoreline.web.ended import GONE, Ended, Scored, of_call
from scoreline.web.request_log import log, log_request, log_scored
from scoreline.web.seat import Seat
from scoreline.web.tracing import Headers, RequestSpan, Tracing

if TYPE_CHECKING:
    from uvicorn import Server

    from scoreline.web.fastlane.call import Call

WATCH = "watch"
"""Under this name an application puts its ``Watch`` into the state of its lifespan."""
PROBES = frozenset(
    {
        "/metrics",
        "/health/live",
        "/health/ready",
        "/health/startup",
        "/readyz",
        "/ping",
        "/health",
        "/v2/health/live",
        "/v2/health/ready",
    }
)
"""Machines ask these all the time: in the log they are when something is wrong, and in flight never."""


class Watch:
    """Writes down what came of requests. There is one for an application, and all of it happens in its event loop."""

    def __init__(self, meters: Meters, seat: Seat, full_name: Callable[[str | None, str], str]) -> None:
        self.meters = meters
        self.seat = seat
        self.started_at = time.time() if seat.started_at is None else seat.started_at
        self.server: Server | None = None
        """What accepts the connections."""
        self.tracing: Tracing | None = None
        """Makes spans, where they are asked for."""
        self.n_in_flight = 0
        """Requests without an answer that did not come by the fast lane."""
        self.n_calls: Callable[[], int] = int
        """Gives those that did."""
        self._full_name = full_name
        """Gives the full name of a deployment that there is; empty: there is none."""

    def begin_call(self, call: Call, scheme: str, headers: Headers) -> None:
        """Begin the span of a call, where spans are made. What is told of its trace from now on is told of the span."""
        if self.tracing is None:
            return
        call.span = self.tracing.begin(
            "POST",
            scheme,
            call.target.path,
            request_id=call.request_id,
            caller=call.caller,
            headers=headers,
            started_at=call.started_at,
        )
        call.trace = call.span.traceparent

    def begin_scope(self, scope: Scope, started_at: float) -> RequestSpan | None:
        """Do the same for a request that ASGI describes."""
        if self.tracing is None:
            return None
        client = scope.get("client")
        span: RequestSpan = self.tracing.begin(
            scope["method"],
            scope["scheme"],
            scope["path"],
            request_id=scope["request_id"],
            caller=client[0] if client else "",
            headers=scope["headers"],
            started_at=started_at,
        )
        scope["span"] = span
        scope["headers"] = [(b"traceparent", span.traceparent.encode()), *scope["headers"]]
        return span

    def scored(self, calls: Sequence[Scored], now: float) -> None:
        """Write down calls that were answered with their scores. The plane has told the meters of them."""
        if log.isEnabledFor(logging.INFO):
            log_scored(calls, now)
        if self.tracing is not None:
            for call in calls:
                if call.span is not None:
                    self.tracing.end(call.span, of_call(call, 200))

    def refused(self, call: Call, status: int, error: ScorelineError | None) -> None:
        """Write down a call that was answered without a score, if its caller was still there."""
        self.ended(of_call(call, status, error) if not call.disconnected else of_call(call, GONE), self._span_of(call))

    def gone(self, call: Call) -> None:
        """Write down a call whose caller left before it was whole."""
        self.ended(of_call(call, GONE), self._span_of(call))

    def ended(self, request: Ended, span: RequestSpan | None = None) -> None:
        """Write down a request."""
        if request.n_rows is None:
            self._count(request)
        if request.status >= 400 or request.path not in PROBES:
            log_request(request, clock())
        if span is not None and self.tracing is not None:
            self.tracing.end(span, request)

    def unread(self, status: int) -> None:
        """Count what was answered before it was understood as a request: malformed, too long, too slow."""
        self.meters.ended(status)

    def _count(self, request: Ended) -> None:
        active, error = request.active, request.error
        if active is not None:
            deployment = active.full_name
        else:  # callers may ask for any name: only those of deployments become labels
            deployment = self._full_name(request.deployment, request.space) if request.deployment else ""
        self.meters.ended(
            request.status,
            dialect=request.dialect or OTHER,
            deployment=deployment if request.dialect else "",
            version=active.version if active is not None and request.dialect else None,
            error=(error.kind, error.code) if error is not None else None,
        )

    def _span_of(self, call: Call) -> RequestSpan | None:
        return call.span if self.tracing is not None else None
