"""Around every request: an id in and out, one line in the log, and no exception that gets away."""

from __future__ import annotations

import logging
import re
import time
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scoreline.serving.active import Active

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
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            if log.isEnabledFor(logging.INFO):
                log.info("request", extra={"request": _line(scope, path, status, time.perf_counter() - started)})


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text: str = value.decode("latin-1")
            if _REQUEST_ID.fullmatch(text):
                return text
    return uuid4().hex


def _line(scope: Scope, path: str, status: int, seconds: float) -> dict[str, object]:
    line: dict[str, object] = {
        "method": scope["method"],
        "path": path,
        "status": status or "client went away",
        "seconds": round(seconds, 6),
        "request_id": scope["request_id"],
    }
    if scope.get("client"):
        line["client"] = scope["client"][0]
    active: Active | None = scope.get("active")
    if active is not None:
        line |= {"deployment": active.name, "version": active.version}
    if "error" in scope:
        line["error"] = scope["error"]
    return line
