"""One call of a method: what its metadata says, who asks, and what comes of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from scoreline.core.access import Access
from scoreline.core.errors import ScorelineError
from scoreline.serving.active import Active
from scoreline.serving.errors import http_status
from scoreline.serving.plane import Asked, clock
from scoreline.web.ended import GONE, Ended
from scoreline.web.gate import credentials
from scoreline.web.gate.passes import NOBODY
from scoreline.web.requests import LONGEST_KEY, new_request_id, valid_request_id

Metadata = tuple[tuple[str, str], ...]


class Exchange:
    """A call from its headers to its answer."""

    def __init__(self, path: str, context: Any) -> None:
        self.path = path
        self.started_at = clock()
        self.caller = _address(context.peer())
        self.headers = [
            (name.encode(), value.encode() if isinstance(value, str) else value)
            for name, value in context.invocation_metadata() or ()
        ]
        self.credential, self.space = credentials.find(self.headers, b"")
        self.access: Access = NOBODY
        said = dict(self.headers)
        given = said.get(b"x-request-id")
        self.request_id = (valid_request_id(given) if given else None) or new_request_id()
        self.key = said.get(b"x-scoreline-routing-key", b"")[:LONGEST_KEY].decode("latin-1")
        self.trace = said.get(b"traceparent", b"").decode("latin-1")
        self.span: Any = None
        self.dialect = ""
        self.deployment: str | None = None
        self.active: Active | None = None
        self.asked: Asked | None = None

    def scope(self) -> dict[str, Any]:
        """Describe the call as ASGI would, for spans."""
        return {
            "method": "POST",
            "scheme": "grpc",
            "path": self.path,
            "request_id": self.request_id,
            "client": (self.caller, 0),
            "headers": self.headers,
        }

    def told(self) -> Metadata:
        """Return the metadata that goes with its end."""
        version = (("x-scoreline-version", str(self.active.version)),) if self.active is not None else ()
        return (("x-request-id", self.request_id), *version)

    def ended(self, error: ScorelineError | None, *, gone: bool = False) -> Ended:
        """Say what came of it. Its status is the one that HTTP has for the same."""
        return Ended(
            "POST",
            self.path,
            GONE if gone else 200 if error is None else http_status(error),
            self.started_at,
            self.request_id,
            self.caller,
            self.trace,
            self.path,
            self.dialect,
            self.deployment,
            self.active,
            self.asked.n_rows if self.asked is not None and error is None and not gone else None,
            None if error is None else type(error),
            self.access.space,
        )


@lru_cache(maxsize=4096)
def _address(peer: str) -> str:
    """Return the address in ``ipv4:127.0.0.1:40000`` or ``ipv6:%5B::1%5D:40000``; empty: it is no network's."""
    kind, _, place = peer.partition(":")
    return unquote(place).rpartition(":")[0].strip("[]") if kind in ("ipv4", "ipv6") else ""
