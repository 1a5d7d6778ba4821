"""One path of the API: its methods, its errors, its answers."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from scoreline.core.access import Needs
from scoreline.core.errors import MethodNotAllowed, ScorelineError
from scoreline.serving.errors import http_status, internal
from scoreline.serving.protocols.answered import Answered
from scoreline.serving.protocols.dialect import InHeaders, Reply
from scoreline.web.asides import ASIDE, Aside
from scoreline.web.gate import GATE, Gate

log = logging.getLogger("scoreline.web")

View = Callable[[Request], Awaitable[Reply]]
WriteError = Callable[[ScorelineError, str], bytes]
RETRY = (("retry-after", "1"),)
"""Goes with an answer that says "not now": in how many seconds to come again."""
CHALLENGE = (("www-authenticate", 'Bearer realm="scoreline"'),)
"""Goes with an answer that says "who are you?"."""


class Endpoint:
    """The methods of one path, as an ASGI application. HEAD is GET without a body; OPTIONS names the methods.

    ``needs`` is what a caller must be allowed to do: for all methods, or for each of them. ``in_headers`` is the
    dialect whose headers go with every answer, where it has any. ``by_id``: the address is a deployment's and may lead
    into any space, so the views ask ``check_reach``.
    """

    def __init__(
        self,
        views: Mapping[str, View],
        write_error: WriteError,
        needs: Needs | Mapping[str, Needs],
        in_headers: InHeaders | None = None,
        *,
        by_id: bool = False,
    ) -> None:
        self._views = dict(views)
        self._by_id = by_id
        self._in_headers = in_headers
        self.needs: dict[str, Needs] = {
            method: needs if isinstance(needs, str) else needs[method] for method in self._views
        }
        self._write_error = write_error
        self.methods = sorted({*views, "OPTIONS"} | ({"HEAD"} if "GET" in views else set()))
        self._allow = (("allow", ", ".join(self.methods)),)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        method = "GET" if method == "HEAD" else method
        view = self._views.get(method)
        if self._in_headers is not None:
            scope[ASIDE] = Aside(self._in_headers, scope["headers"])
        try:
            if view is not None:
                request = Request(scope, receive)
                gate: Gate = scope[GATE]
                scope["access"] = await gate.admit(request, self.needs[method], anywhere=self._by_id)
                reply = await view(request)
            elif method == "OPTIONS":
                reply = Reply(b"", status=204, headers=self._allow)
            else:
                message = f"{scope['path']} does not answer {scope['method']}"
                reply = self._refuse(scope, MethodNotAllowed(message, hint=f"use {self._allow[0][1]}"))
        except ClientDisconnect:
            return
        except Answered as answered:
            reply = answered.reply
            scope["error"] = None if answered.error is None else type(answered.error)
        except ScorelineError as error:
            reply = self._refuse(scope, error)
        except Exception as error:
            reply = self._refuse(scope, log_failure(error, scope["request_id"]))
        if self._in_headers is not None:
            aside: Aside = scope[ASIDE]
            reply = aside.tell(reply, scope["request_id"], scope["active"].version if "active" in scope else 0)
        await send_reply(reply, send)

    def _refuse(self, scope: Scope, error: ScorelineError) -> Reply:
        scope["error"] = type(error)
        return refusal(error, scope["request_id"], self._write_error, self._allow)


def log_failure(error: Exception, request_id: str) -> ScorelineError:
    """Log an exception that nobody foresaw; return what the caller is told."""
    log.error("request %s failed", request_id, exc_info=error)
    return internal(request_id)


def refusal(
    error: ScorelineError, request_id: str, write_error: WriteError, allow: tuple[tuple[str, str], ...] = ()
) -> Reply:
    """Return the answer that tells ``error``; ``allow`` is the header that goes with 405."""
    try:
        body = write_error(error, request_id)
    except Exception as failure:
        error = log_failure(failure, request_id)
        body = write_error(error, request_id)
    status = http_status(error)
    headers = allow if status == 405 else CHALLENGE if status == 401 else ()
    if status in (429, 503):
        headers = RETRY if (seconds := getattr(error, "retry_seconds", 1)) == 1 else (("retry-after", str(seconds)),)
    return Reply(body, status=status, headers=headers)


async def send_reply(reply: Reply, send: Send) -> None:
    """Send ``reply`` as ASGI messages."""
    headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers]
    if reply.status != 204:
        headers.append((b"content-type", reply.media_type.encode()))
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
