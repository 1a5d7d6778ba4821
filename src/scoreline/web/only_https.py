"""HTTPS and nothing else: pages and documents are led there, and a key that comes unencrypted is told to be lost."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scoreline.core.errors import Unencrypted
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.endpoint import refusal, send_reply
from scoreline.web.gate.credentials import find

HTTPS_PORT = 443
PROBE = re.compile(
    r"/(ping|health|readyz)|/(v2/)?health/(live|ready|startup)|/deployments/[^/]+/(ping|health|readyz)|/services/[^/]+"
)
"""Paths that are answered unencrypted: platforms and load balancers ask them, inside, and say nothing secret."""
PROMISE = (b"strict-transport-security", b"max-age=31536000")
"""Goes with pages: for a year a browser asks for this name by HTTPS only, whatever is typed or linked."""
LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names that other servers of the same machine have, too: they would be bound by the promise."""
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


class OnlyHttps:
    """Answers by HTTPS, and what comes unencrypted with no answer but the way there."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["scheme"] == "https":
            await self._app(scope, receive, _promising(send) if _name(scope) not in LOCAL else send)
        else:
            await self._answer_unencrypted(scope, receive, send)

    async def _answer_unencrypted(self, scope: Scope, receive: Receive, send: Send) -> None:
        carries_key = bool(find(scope["headers"], b"")[0])
        reads = scope["method"] in ("GET", "HEAD")
        if reads and not carries_key and PROBE.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        name = _name(scope)
        if reads and not carries_key and name:
            await send_reply(Reply(b"", "text/plain", 308, (("location", self._address(scope, name)),)), send)
            return
        error = _refused(carries_key=carries_key)
        scope["error"] = type(error)
        await send_reply(refusal(error, scope["request_id"], DIALECTS["native"].error), send)

    def _address(self, scope: Scope, name: str) -> str:
        port = "" if self._port == HTTPS_PORT else f":{self._port}"
        path = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        return f"https://{name}{port}{path}{'?' if query else ''}{query}"


def _refused(*, carries_key: bool) -> Unencrypted:
    if carries_key:
        return Unencrypted(
            "the key came unencrypted, and whoever listened on the way has it; nothing was done",
            hint="replace the key (scoreline key create, scoreline key revoke) and send the new one to https:// only",
        )
    return Unencrypted("this server answers by HTTPS only; nothing was done", hint="send it to https://")


def _promising(send: Send) -> Send:
    async def promise(message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            message["headers"] = [*message["headers"], PROMISE]
        await send(message)

    return promise


def _is_page(message: Message) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"])


def _name(scope: Scope) -> str:
    """Return the name under which the server was asked, without a port; empty: there is none to lead to."""
    for name, value in scope["headers"]:
        if name == b"host":
            found = _HOST.fullmatch(value.decode("latin-1"))
            return found[1].lower() if found else ""
    return ""
