"""A stream: one request and its answer. And what HTTP/2 asks of whoever answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from scoreline.web.http2.hpack import Header

if TYPE_CHECKING:
    from scoreline.web.http2.connection import Connection

STREAM_WINDOW = 1024 * 1024
"""How much of a body may come before we have said that more may."""


class Exchange(Protocol):
    """What answers one request."""

    def receive(self, data: bytes, *, is_last: bool) -> None:
        """Take a part of the body."""
        ...

    def leave(self) -> None:
        """Answer nobody: the caller has gone, or is not listened to any more."""
        ...

    def look(self, now: float) -> None:
        """End what takes too long. It is called once a second, while the body comes."""
        ...

    def end(self) -> None:
        """Come to an end where it would go on for as long as the caller likes: the server stops."""
        ...


class _Done:
    """Stands where an exchange has ended, which would otherwise keep its stream, as that keeps it."""

    def receive(self, data: bytes, *, is_last: bool) -> None:
        pass

    def leave(self) -> None:
        pass

    def look(self, now: float) -> None:
        pass

    def end(self) -> None:
        pass


DONE: Exchange = _Done()


class Site(Protocol):
    """What answers the requests of connections."""

    own_headers: frozenset[bytes]
    """Names of headers that tell of one request, and not of its caller."""

    def read_head(self, headers: list[Header]) -> Any:
        """Return what the headers of a request mean. It must be good for any number of requests that have the same."""
        ...

    def vary_head(self, head: Any, own: list[Header]) -> Any:
        """Return the same for a request that has these, too, which are among ``own_headers``."""
        ...

    def begin(self, stream: Stream, head: Any) -> Exchange:
        """Begin a request. It may be answered at once."""
        ...


class Stream:
    """A request that is not answered to its end. What is sent on it goes through its connection."""

    __slots__ = (
        "begun_at",
        "connection",
        "declared",
        "exchange",
        "id",
        "is_whole",
        "n_bytes",
        "room",
        "trailers",
        "untaken",
        "window",
    )

    exchange: Exchange

    def __init__(self, connection: Connection, stream_id: int, window: int, begun_at: float) -> None:
        self.connection = connection
        self.id = stream_id
        self.window = window
        """How many bytes of an answer the caller takes now."""
        self.room = STREAM_WINDOW
        """How many bytes of a body the caller may send now."""
        self.begun_at = begun_at
        """On the event loop's clock."""
        self.n_bytes = 0
        """Of the body that came."""
        self.declared = -1
        """How many there will be; -1: the caller has not said it."""
        self.is_whole = False
        """Whether the caller has said all."""
        self.untaken: bytearray | memoryview | None = None
        """What waits for the caller to take it, …"""
        self.trailers: bytes | None = None
        """… and the frame that follows and ends the stream; None: there will be more."""
