"""What is done to answers on their way out, on both ways: packed where the caller asks, with the headers of CORS."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scoreline.core.errors import Unavailable
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.compression import LEAST_PACKED_BYTES, choose_encoding, pack
from scoreline.web.cors import Cors, Headers
from scoreline.web.large import LARGE_BODY_BYTES, large_bodies

PACKED_ALREADY = ("application/vnd.apache.parquet",)


class Dress(NamedTuple):
    """What an answer gets on its way out."""

    pack_as: str = ""
    """``zstd``, ``gzip`` or nothing."""
    cors: Headers = ()

    def packs(self, n_bytes: int, media_type: str) -> bool:
        """Whether a body of this size and type is packed."""
        return bool(self.pack_as) and n_bytes >= LEAST_PACKED_BYTES and not media_type.startswith(PACKED_ALREADY)

    def headers(self, *, packed: bool) -> Headers:
        """Return the headers that are added."""
        if not packed:
            return self.cors
        *others, vary = self.cors if self.cors and self.cors[-1][0] == "vary" else (*self.cors, ("vary", ""))
        names = f"{vary[1]}, accept-encoding" if vary[1] else "accept-encoding"
        return (*others, ("content-encoding", self.pack_as), ("vary", names))

    def put_on(self, reply: Reply) -> Reply:
        """Return the answer as it goes out."""
        packed = self.packs(len(reply.body), reply.media_type)
        if not packed and not self.cors:
            return reply
        body = pack(self.pack_as, reply.body) if packed else reply.body
        return msgspec.structs.replace(reply, body=body, headers=(*self.headers(packed=packed), *reply.headers))


def dress_for(accept_encoding: str, origin: str, cors: Cors | None) -> Dress | None:
    """Return what the answer to a request with these headers (empty: absent) gets; None: nothing."""
    pack_as = choose_encoding(accept_encoding) if accept_encoding else ""
    headers = cors.headers(origin) if cors is not None and origin else ()
    return Dress(pack_as, headers) if pack_as or headers else None


class Outgoing:
    """Dresses the answers of an ASGI application; those that need nothing pass untouched."""

    def __init__(self, app: ASGIApp, cors: Cors | None) -> None:
        self._app = app
        self._cors = cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked = {name: value.decode("latin-1") for name, value in reversed(scope["headers"])}
            dress = dress_for(asked.get(b"accept-encoding", ""), asked.get(b"origin", ""), self._cors)
            if dress is not None:
                is_preflight = scope["method"] == "OPTIONS" and b"access-control-request-method" in asked
                wanted = asked.get(b"access-control-request-headers", "") if is_preflight else None
                send = _Dressing(send, dress, wanted, self._cors)
        await self._app(scope, receive, send)


class _Dressing:
    """Holds the start of an answer back until its body shows what becomes of it."""

    def __init__(self, send: Send, dress: Dress, wanted_headers: str | None, cors: Cors | None) -> None:
        self._send = send
        self._dress = dress
        self._wanted_headers = wanted_headers
        """Of a browser that asks whether it may ask; None: it is another request."""
        self._cors = cors
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            body = message.get("body", b"")
            old = {name: value.decode("latin-1") for name, value in start["headers"]}
            packed = not message.get("more_body") and self._dress.packs(len(body), old.get(b"content-type", ""))
            packed = packed and b"content-encoding" not in old
            if packed:
                body = await self._pack(body)
                message = {**message, "body": body}
            added = (*self._dress.headers(packed=packed), *self._preflight(old.get(b"allow", "")))
            start["headers"] = [
                *((name.encode(), value.encode("latin-1")) for name, value in added),
                *((name, value) for name, value in start["headers"] if not (packed and name == b"content-length")),
            ]
            if packed:
                start["headers"].append((b"content-length", b"%d" % len(body)))
            await self._send(start)
        await self._send(message)

    async def _pack(self, body: bytes) -> bytes:
        if len(body) >= LARGE_BODY_BYTES:
            try:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(large_bodies, pack, self._dress.pack_as, body)
            except Unavailable:
                pass  # too many wait: then it is done here
        return pack(self._dress.pack_as, body)

    def _preflight(self, methods: str) -> Headers:
        if self._wanted_headers is None or self._cors is None or not self._dress.cors:
            return ()
        return self._cors.preflight(methods, self._wanted_headers)
