"""What the log says of each request: one line, in the form of all others, without anything that was sent.

Lines are records of the logger ``scoreline.requests``: its level decides which there are. Where the log is the server's
own, those of requests that were answered together are one write and never become records, which would cost more than
scoring does.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import msgspec

from scoreline.app.settings import RequestLog
from scoreline.serving.active import Active
from scoreline.serving.trace import parse_traceparent
from scoreline.web.ended import Ended, Meant, Scored, of_call
from scoreline.web.logs import Destination, JsonLines, RequestLine

log = logging.getLogger("scoreline.requests")
_all = logging.getLogger("scoreline")

LEVELS: dict[RequestLog, int] = {"all": logging.INFO, "errors": logging.WARNING, "off": logging.CRITICAL}
N_PARTS_KEPT = 1024
"""Versions and addresses whose part of a line is remembered."""


def choose_requests(which: RequestLog) -> None:
    """Log every request, those answered with an error, or none."""
    log.setLevel(LEVELS[which])


def log_request(request: Ended, now: float) -> None:
    """Log a request that ended ``now`` on the plane's clock, if the level of its status is logged."""
    level = logging.ERROR if request.status >= 500 else logging.WARNING if request.status >= 400 else logging.INFO
    if not log.isEnabledFor(level):
        return
    line, own = request_line(request, now), _own_log()
    if own is None:
        log.log(level, "request", extra={"request": line})
    else:
        own.write(own.lines.request(line, level, time.time()))


def request_line(request: Ended, now: float) -> RequestLine:
    """Return what is said of a request."""
    line: RequestLine = {
        "method": request.method,
        "path": request.path,
        "status": request.status,
        "seconds": round(now - request.started_at, 6),
        "request_id": request.request_id,
    }
    if request.caller:
        line["client"] = request.caller
    if request.by:
        line["by"] = request.by
    if request.dialect:
        line["dialect"] = request.dialect
    if request.active is not None:
        line |= {"deployment": request.active.full_name, "version": request.active.version}
    if request.n_rows is not None:
        line["n_rows"] = request.n_rows
    if request.error is not None:
        line["error"] = request.error.code
    if request.trace and (parent := parse_traceparent(request.trace)) is not None:
        line |= {"trace_id": parent.trace_id, "span_id": parent.span_id}
    return line


def log_scored(calls: Sequence[Scored], now: float) -> None:
    """Log calls that were scored, ``now`` on the plane's clock: the caller has asked whether they are to be logged."""
    own = _own_log()
    if own is None:
        for call in calls:
            log.info("request", extra={"request": request_line(of_call(call, 200), now)})
    elif isinstance(own.lines, JsonLines):
        own.write(_json.lines(calls, own.lines.start(logging.INFO, "request", time.time()), now))
    else:
        start = own.lines.start(time.time())
        own.write(
            "".join(
                [f"{start} {c.target.verb} {c.target.path} 200 {(now - c.started_at) * 1e3:.1f} ms\n" for c in calls]
            )
        )


class _JsonParts:
    """Puts lines together out of parts that many of them share."""

    def __init__(self) -> None:
        self._parts: dict[tuple[Active, Meant, str], str] = {}

    def lines(self, calls: Sequence[Scored], start: str, now: float) -> str:
        lines = []
        active = target = by = None
        shared = ""
        for call in calls:
            if call.active is not active or call.target is not target or call.by is not by:
                active, target, by = call.active, call.target, call.by
                shared = f"{start},{self._part(active, target, by)}"
            request_id = call.request_id
            if '"' in request_id or "\\" in request_id:
                request_id = _text(request_id)
            more = f',"client":"{call.caller}"' if call.caller else ""
            if call.trace and (parent := parse_traceparent(call.trace)) is not None:
                more += f',"trace_id":"{parent.trace_id}","span_id":"{parent.span_id}"'
            seconds, n_rows = now - call.started_at, call.n_rows
            lines.append(f'{shared},"seconds":{seconds:.6f},"n_rows":{n_rows},"request_id":"{request_id}"{more}}}\n')
        return "".join(lines)

    def _part(self, active: Active, target: Meant, by: str) -> str:
        part = self._parts.get((active, target, by))
        if part is None:
            if len(self._parts) >= N_PARTS_KEPT:
                self._parts.clear()
            path, name, dialect = _text(target.path), _text(active.full_name), _text(target.dialect.name)
            whose = f'"by":"{_text(by)}",' if by else ""
            part = self._parts[active, target, by] = (
                f'"method":"{target.verb}","path":"{path}","status":200,{whose}'
                f'"dialect":"{dialect}","deployment":"{name}","version":{active.version}'
            )
        return part


_json = _JsonParts()


def _own_log() -> Destination | None:
    """Return the server's own log; None where anything else listens."""
    found = _all.handlers
    if len(found) == 1 and isinstance(found[0], Destination) and not log.handlers:
        return found[0]
    return None


def _text(text: str) -> str:
    """Return ``text`` as it stands between the quotes of a JSON string."""
    return msgspec.json.encode(text)[1:-1].decode()
