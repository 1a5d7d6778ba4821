"""Around every request: an id in and out, and a watch over what comes of it."""

from __future__ import annotations

import re
from random import getrandbits

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scoreline.serving.active import Active
from scoreline.serving.plane import clock
from scoreline.web.ended import GONE, of_scope
from scoreline.web.gate import GATE, Gate
from scoreline.web.watch import PROBES, Watch

ID_HEADERS = frozenset((b"x-request-id", b"x-amzn-sagemaker-inference-id"))
"""In which a caller gives a request its id; the first that can be one counts."""
_REQUEST_ID = re.compile(r"[!-~]{1,128}")
"""Visible ASCII only: an id goes into headers and logs."""


class Requests:
    """Give each request its id, and have it written down when it has ended."""

    def __init__(self, app: ASGIApp, watch: Watch, gate: Gate) -> None:
        self._app = app
        self._gate = gate
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_at = clock()
        request_id = scope["request_id"] = _request_id(scope)
        scope[GATE] = self._gate
        path = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope["path"] = path.rstrip("/") or "/"
        span = self._watch.begin_scope(scope, started_at)
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode()), *_version(scope)]
            await send(message)

        weight = 0 if path in PROBES else 1
        self._watch.n_in_flight += weight
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._watch.n_in_flight -= weight
            self._watch.ended(of_scope(scope, path, status or GONE, started_at), span)


def _version(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return the header that tells which version answers, if one does."""
    active: Active | None = scope.get("active")
    return [] if active is None else [(b"x-scoreline-version", b"%d" % active.version)]


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name in ID_HEADERS and (text := valid_request_id(value)):
            return text
    return new_request_id()


LONGEST_KEY = 256
"""Of a longer X-Scoreline-Routing-Key so many characters count: it goes into the prediction log."""


def valid_request_id(value: bytes) -> str | None:
    """Return the id in a header, or None when it may not be taken over."""
    text = value.decode("latin-1")
    return text if _REQUEST_ID.fullmatch(text) else None


def new_request_id() -> str:
    """Return an id that no other request has: 128 random bits, as cheap as they come."""
    return getrandbits(128).to_bytes(16).hex()
