"""Messages out of a stream: framed or not, told apart by how they begin."""

from __future__ import annotations

from scoreline.core.errors import BadRequest
from scoreline.serving.plane import Asked
from scoreline.serving.protocols.thrift.scan import Scanner
from scoreline.web.admission import Admission, Body

_STRICT = 0x80
"""The first byte of a message of the strict protocol. That of a frame is less: its length is no negative number."""
_LENGTH_BYTES = 4
LARGE_MESSAGE_BYTES = 16 * 1024
"""A message of this size is answered in a thread: it holds hundreds of rows."""


def is_large(call: Asked) -> bool:
    """Whether a call is answered in a thread."""
    return len(call.body) >= LARGE_MESSAGE_BYTES


class Messages:
    """What came on a connection, and the messages in it. What has come of one that is not whole counts as held."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._buffer = bytearray()
        self._scanner: Scanner | None = None
        """Where it stopped within a message that is not framed; None: none has begun."""
        self._held: Body | None = None
        """The message that is not whole, as it is counted."""
        self.framed = False
        """Whether the last message came in a frame; its answer goes in one, too."""

    @property
    def n_bytes(self) -> int:
        """How much came that is in no message yet."""
        return len(self._buffer)

    def add(self, data: bytes) -> None:
        """Take what came."""
        self._buffer += data

    def next(self) -> tuple[bytes, Body | None] | None:
        """Return the next message, and its bytes as they are counted, if they are; None: none is whole.

        Raises BadRequest for what is no message, TooLarge and Unavailable where there would be too much of it.
        """
        buffer = self._buffer
        if not buffer:
            return None
        self.framed = buffer[0] < _STRICT
        return self._frame() if self.framed else self._unframed()

    def forget(self) -> None:
        """Let go what came: nobody will read it."""
        self._buffer = bytearray()
        if (held := self._release()) is not None:
            held.let_go()

    def _frame(self) -> tuple[bytes, Body | None] | None:
        buffer = self._buffer
        if len(buffer) < _LENGTH_BYTES:
            return None
        n_bytes = int.from_bytes(buffer[:_LENGTH_BYTES])
        if not n_bytes:
            raise BadRequest("a frame is empty", hint="send a message in each frame")
        end = _LENGTH_BYTES + n_bytes
        if len(buffer) < end:
            self._hold(n_bytes)
            return None
        return self._take(_LENGTH_BYTES, end)

    def _unframed(self) -> tuple[bytes, Body | None] | None:
        scanner = self._scanner
        if scanner is None:
            scanner = self._scanner = Scanner()
        if not scanner.scan(self._buffer):
            self._hold(len(self._buffer))
            return None
        return self._take(0, scanner.at)

    def _hold(self, n_bytes: int) -> None:
        if self._held is None:
            self._held = Body(self._admission)
        self._held.hold(n_bytes)

    def _take(self, begin: int, end: int) -> tuple[bytes, Body | None]:
        if end - begin >= LARGE_MESSAGE_BYTES:  # it will wait for a thread
            self._hold(end - begin)
        message = bytes(self._buffer[begin:end])
        del self._buffer[:end]
        return message, self._release()

    def _release(self) -> Body | None:
        held, self._held, self._scanner = self._held, None, None
        return held
