"""Answers as bytes, with the headers and in the order in which uvicorn writes them."""

from __future__ import annotations

from collections.abc import Iterable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.server import ServerState

from scoreline.serving.protocols.dialect import Reply

JSON = "application/json"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _Ends(dict[int, bytes]):
    """The end of the headers, which tells the version, by version; 0 is none."""

    def __missing__(self, version: int) -> bytes:
        end = self[version] = b"\r\nx-scoreline-version: %d\r\n\r\n" % version if version else b"\r\n\r\n"
        return end


class Responses:
    """Writes answers; keeps the start of the usual one, which changes with the clock only."""

    def __init__(self, server_state: ServerState) -> None:
        self._state = server_state
        self._headers: list[tuple[bytes, bytes]] | None = None
        self._shared = b""
        self._usual = b""
        self._ends = _Ends()

    def write(self, reply: Reply, request_id: str, version: int, *, keep_alive: bool) -> bytes:
        """Return the whole answer: status, headers, body."""
        if self._headers is not self._state.default_headers:
            self._headers = self._state.default_headers
            self._shared = _lines(self._headers)
            self._usual = STATUS_LINE[200] + self._shared + b"content-type: application/json\r\ncontent-length: "
        body = reply.body
        if reply.status == 200 and not reply.headers and reply.media_type == JSON:
            start = self._usual
        else:
            more = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers]
            more.append((b"content-type", reply.media_type.encode()))
            start = STATUS_LINE[reply.status] + self._shared + _lines(more) + b"content-length: "
        end = self._ends[version]
        if not keep_alive:
            end = end[:-2] + b"connection: close\r\n\r\n"
        if reply.status == 204:  # has no content, and says nothing of any
            start = STATUS_LINE[204] + self._shared + _lines(more[:-1])
            return b"%bx-request-id: %b%b" % (start, request_id.encode(), end)
        return b"%b%d\r\nx-request-id: %b%b%b" % (start, len(body), request_id.encode(), end, body)

    def last(self, status: int, text: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
        """Return the answer to what is not a whole request; nothing on the connection is read after it."""
        more = [(name.encode(), value.encode()) for name, value in headers]
        start = STATUS_LINE[status] + _lines([*self._state.default_headers, *more])
        body = text.encode()
        return b"%bcontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b" % (
            start,
            len(body),
            body,
        )


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)
