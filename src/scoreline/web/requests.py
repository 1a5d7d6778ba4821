"""Around every request: an id in and out, one line in the log, and no exception that gets away."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from random import getrandbits
from typing import cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scoreline.serving.active import Active
from scoreline.web.logs import Destination, RequestLine

log = logging.getLogger("scoreline.requests")

_REQUEST_ID = re.compile(r"[!-~]{1,128}")
"""Visible ASCII only: an id goes into headers and logs."""


class Requests:
    """Give each request its id and its line in the log; payloads never reach the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = scope["request_id"] = _request_id(scope)
        path = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope["path"] = path.rstrip("/") or "/"
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode()), *_version(scope)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            if requests_are_logged():
                line = request_line(
                    method=scope["method"],
                    path=path,
                    status=status,
                    seconds=time.perf_counter() - started,
                    request_id=request_id,
                    client=scope.get("client"),
                    active=scope.get("active"),
                    error=scope.get("error"),
                )
                log_requests([line])


def _version(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return the header that tells which version answers, if one does."""
    active: Active | None = scope.get("active")
    return [] if active is None else [(b"x-scoreline-version", b"%d" % active.version)]


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and (text := valid_request_id(value)):
            return text
    return new_request_id()


def valid_request_id(value: bytes) -> str | None:
    """Return the id in a header, or None when it may not be taken over."""
    text = value.decode("latin-1")
    return text if _REQUEST_ID.fullmatch(text) else None


def new_request_id() -> str:
    """Return an id that no other request has: 128 random bits, as cheap as they come."""
    return f"{getrandbits(128):032x}"


def requests_are_logged() -> bool:
    """Whether a line in the log is wanted for each request."""
    return log.isEnabledFor(logging.INFO)


def request_line(
    *,
    method: str,
    path: str,
    status: int,
    seconds: float,
    request_id: str,
    client: tuple[str, int] | None,
    active: Active | None,
    error: str | None,
) -> RequestLine:
    """Return what the log says of a request; status 0 means that nobody was there to take the answer."""
    line: RequestLine = {
        "method": method,
        "path": path,
        "status": status or "client went away",
        "seconds": round(seconds, 6),
        "request_id": request_id,
    }
    if client:
        line["client"] = client[0]
    if active is not None:
        line["deployment"] = active.name
        line["version"] = active.version
    if error is not None:
        line["error"] = error
    return line


def log_requests(lines: Sequence[RequestLine]) -> None:
    """Log these requests: in one write where the log is the server's own, else each as a record of its own."""
    destinations = logging.getLogger("scoreline").handlers
    if destinations and not log.handlers and all(isinstance(handler, Destination) for handler in destinations):
        for handler in destinations:
            cast("Destination", handler).write_requests(lines)
        return
    for line in lines:
        log.info("request", extra={"request": line})
