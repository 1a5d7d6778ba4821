"""Header blocks as HPACK writes them (RFC 7541): the reading side, with a table that says when it has changed.

The `hpack` package has the tables; its decoder costs three times as much, and many callers have a header in each
request that no other has: a deadline.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

from hpack.exceptions import HPACKDecodingError
from hpack.huffman_table import decode_huffman
from hpack.table import HeaderTable

from scoreline.web.http2.frames import Code, ConnectionFault

Header = tuple[bytes, bytes]

TABLE_BYTES = 4096
"""Of the table, of which callers know without being told."""
MOST_LIST_BYTES = 16 * 1024
"""Of the names and values of a request, with 32 bytes for each; it is told in a setting."""
ENTRY_BYTES = 32
MOST_INTEGER_BYTES = 5
SHORT_BYTES = 128
_STATIC: tuple[Header, ...] = tuple((bytes(name), bytes(value)) for name, value in HeaderTable.STATIC_TABLE)
N_STATIC = len(_STATIC)


class Decoder:
    """Reads the blocks of a connection, in order: each may change the table for those that follow."""

    def __init__(self) -> None:
        self.n_changes = 0
        """Of the table."""
        self._entries: deque[Header] = deque()
        """The newest first."""
        self._n_bytes = 0
        self._most_bytes = TABLE_BYTES

    def decode(self, block: bytes) -> list[Header]:
        """Return the headers in a block. Raises ConnectionFault."""
        try:
            return self._decode(block)
        except (IndexError, HPACKDecodingError):
            raise _broken() from None

    def _decode(self, block: bytes) -> list[Header]:
        at, end, n_bytes, entries = 0, len(block), 0, self._entries
        found: list[Header] = []
        while at < end:
            first = block[at]
            if first & 0x80:
                if first < 0xFF:
                    index, at = first & 0x7F, at + 1
                else:
                    index, at = _integer(block, at, 0x7F)
                header = entries[index - N_STATIC - 1] if index > N_STATIC else self._at(index)
            elif first & 0x60 == 0x20:
                size, at = _integer(block, at, 0x1F)
                if found or size > TABLE_BYTES:
                    raise _broken()
                self._resize(size)
                continue
            else:
                is_kept = first & 0x40
                index, at = _integer(block, at, 0x3F if is_kept else 0x0F)
                if index:
                    name = self._at(index)[0]
                else:
                    name, at = _text(block, at)
                value, at = _text(block, at)
                header = name, value
                if is_kept:
                    self._add(header)
            n_bytes += len(header[0]) + len(header[1]) + ENTRY_BYTES
            if n_bytes > MOST_LIST_BYTES:
                raise too_long()
            found.append(header)
        return found

    def _at(self, index: int) -> Header:
        if index > N_STATIC:
            return self._entries[index - N_STATIC - 1]
        if not index:
            raise _broken()
        return _STATIC[index - 1]

    def _add(self, header: Header) -> None:
        self._n_bytes += len(header[0]) + len(header[1]) + ENTRY_BYTES
        self._entries.appendleft(header)
        self._resize(self._most_bytes)

    def _resize(self, most_bytes: int) -> None:
        self.n_changes += 1
        self._most_bytes = most_bytes
        while self._n_bytes > most_bytes:
            name, value = self._entries.pop()
            self._n_bytes -= len(name) + len(value) + ENTRY_BYTES


def _integer(block: bytes, at: int, most: int) -> tuple[int, int]:
    """Return the integer in the last bits of a byte, and in those that follow where it is larger; and where it ends."""
    value = block[at] & most
    at += 1
    if value < most:
        return value, at
    for i in range(MOST_INTEGER_BYTES):
        byte = block[at + i]
        value += (byte & 0x7F) << 7 * i
        if byte < 0x80:
            return value, at + i + 1
    raise _broken()


def _text(block: bytes, at: int) -> tuple[bytes, int]:
    is_packed = block[at] & 0x80
    n_bytes, at = _integer(block, at, 0x7F)
    end = at + n_bytes
    text = block[at:end]
    if len(text) < n_bytes:
        raise _broken()
    return (_unpack(text) if is_packed else text), end


def _unpack(text: bytes) -> bytes:
    return _unpack_short(text) if len(text) <= SHORT_BYTES else bytes(decode_huffman(text))


@lru_cache(maxsize=1024)
def _unpack_short(text: bytes) -> bytes:
    """Return a text that Huffman's code has packed. It takes long, and the same ones come with each request."""
    return bytes(decode_huffman(text))


def too_long() -> ConnectionFault:
    """Return the fault of headers that are too many."""
    return ConnectionFault(Code.ENHANCE_YOUR_CALM, f"the headers have more than {MOST_LIST_BYTES} bytes")


def _broken() -> ConnectionFault:
    return ConnectionFault(Code.COMPRESSION_ERROR, "a header block cannot be read")
