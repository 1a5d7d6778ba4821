"""Messages out of a stream: framed or not, told apart by how they begin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from scoreline.core.errors import BadRequest
from scoreline.serving.protocols.thrift.scan import Scanner
from scoreline.web.admission import Body

READ_BYTES = 64 * 1024
_STRICT = 0x80
"""The first byte of a message of the strict protocol. That of a frame is less: its length is no negative number."""
_LENGTH_BYTES = 4


class Messages:
    """Reads the messages of a connection, one after another."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._buffer = bytearray()
        self.framed = False
        """Whether the last message came in a frame; its answer goes in one, too."""

    async def next(self, held: Body, came: Callable[[int], None]) -> bytes | None:
        """Return the next message; None: there is none. ``came`` is told each time how much of it is there.

        Raises BadRequest for what is no message, TooLarge and Unavailable as ``held`` does, IncompleteReadError when
        the stream ends within a message.
        """
        buffer = self._buffer
        if not buffer and not await self._more():
            return None
        came(len(buffer))
        self.framed = buffer[0] < _STRICT
        return await (self._frame(held, came) if self.framed else self._unframed(held, came))

    async def _frame(self, held: Body, came: Callable[[int], None]) -> bytes:
        await self._reach(_LENGTH_BYTES, came)
        n_bytes = int.from_bytes(self._buffer[:_LENGTH_BYTES])
        if not n_bytes:
            raise BadRequest("a frame is empty", hint="send a message in each frame")
        held.hold(n_bytes)
        await self._reach(_LENGTH_BYTES + n_bytes, came)
        del self._buffer[:_LENGTH_BYTES]
        return self._take(n_bytes)

    async def _unframed(self, held: Body, came: Callable[[int], None]) -> bytes:
        scanner = Scanner()
        while not scanner.scan(self._buffer):
            held.hold(len(self._buffer))
            await self._reach(len(self._buffer) + 1, came)
        return self._take(scanner.at)

    async def _reach(self, n_bytes: int, came: Callable[[int], None]) -> None:
        while len(self._buffer) < n_bytes:
            if not await self._more():
                raise asyncio.IncompleteReadError(bytes(self._buffer[:16]), n_bytes)
            came(len(self._buffer))
            await asyncio.sleep(0)  # what has arrived already would be read without letting others in between

    async def _more(self) -> bool:
        data = await self._reader.read(READ_BYTES)
        self._buffer += data
        return bool(data)

    def _take(self, n_bytes: int) -> bytes:
        message = bytes(self._buffer[:n_bytes])
        del self._buffer[:n_bytes]
        return message
