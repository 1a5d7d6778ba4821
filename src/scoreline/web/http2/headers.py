"""Header blocks: those that come are read once for all that are alike, those that leave are bytes made beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from hpack import Decoder
from hpack.exceptions import HPACKError, OversizedHeaderListError
from hpack.table import HeaderTable

from scoreline.web.http2.frames import Code, ConnectionFault, StreamFault

MOST_LIST_BYTES = 16 * 1024
"""Of the names and values of a request, with 32 bytes for each; it is told in a setting."""
N_KEPT, LONGEST_KEPT = 16, 1024
"""Blocks of a connection that are kept, and their bytes: there may be many connections."""

Header = tuple[bytes, bytes]
HeadT = TypeVar("HeadT")


class Heads(Generic[HeadT]):
    """What the header blocks of a connection mean, as ``read`` makes it of their names and values.

    A client sends the same block for each request, once its names and values are in HPACK's table. A block that is the
    same bytes means the same as long as the table does not change.
    """

    def __init__(self, read: Callable[[list[Header]], HeadT]) -> None:
        self._read = read
        self._decoder = Decoder(MOST_LIST_BYTES)
        self._table = self._decoder.header_table = _Table()
        self._kept: dict[bytes, HeadT] = {}

    def of(self, block: bytes) -> HeadT:
        """Return what a block means. Raises ConnectionFault; StreamFault where it is no request.

        Each block must come here, in order: others build upon it.
        """
        found = self._kept.get(block)
        if found is not None:
            return found
        before = self._table.n_changes
        headers = self.skip(block)
        check(headers)
        found = self._read(headers)
        if self._table.n_changes == before and len(block) <= LONGEST_KEPT:
            if len(self._kept) >= N_KEPT:
                self._kept.clear()
            self._kept[block] = found
        return found

    def skip(self, block: bytes) -> list[Header]:
        """Read a block that begins no request, for what it does to those that follow."""
        before = self._table.n_changes
        headers = self._decode(block)
        if block[:1] and block[0] >> 5 == 1:  # it begins with another size of the table
            self._table.n_changes += 1
        if self._table.n_changes != before:
            self._kept.clear()
        return headers

    def _decode(self, block: bytes) -> list[Header]:
        try:
            return list(self._decoder.decode(block, raw=True))
        except OversizedHeaderListError:
            text = f"the headers have more than {MOST_LIST_BYTES} bytes"
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, text) from None
        except (HPACKError, IndexError):
            raise ConnectionFault(Code.COMPRESSION_ERROR, "a header block cannot be read") from None


class _Table(HeaderTable):
    """HPACK's table, which counts its changes."""

    def __init__(self) -> None:
        self.n_changes = 0
        super().__init__()

    def add(self, name: bytes, value: bytes) -> None:
        self.n_changes += 1
        super().add(name, value)


_NEEDED = frozenset((b":method", b":scheme", b":path"))
_PSEUDO = _NEEDED | {b":authority"}
_OF_CONNECTIONS = frozenset((b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"))
_UPPER = frozenset(range(ord("A"), ord("Z") + 1))
_NO_NAME = frozenset(range(0x21)) | _UPPER | frozenset(range(0x7F, 0x100))
_NO_VALUE = frozenset(b"\0\r\n")
_SPACE = (b" ", b"\t")


def check(headers: list[Header]) -> None:
    """Raise StreamFault for headers that are no request's, as RFC 9113 has them (8.2, 8.3)."""
    pseudo: list[bytes] = []
    fields = False
    for name, value in headers:
        if name.startswith(b":"):
            if fields or name not in _PSEUDO or name in pseudo or (name == b":path" and not value):
                raise StreamFault(Code.PROTOCOL_ERROR)
            pseudo.append(name)
        else:
            fields = True
            _check_field(name, value)
        if not _NO_VALUE.isdisjoint(value) or value.startswith(_SPACE) or value.endswith(_SPACE):
            raise StreamFault(Code.PROTOCOL_ERROR)
    if not _NEEDED.issubset(pseudo) and (b":method", b"CONNECT") not in headers:
        raise StreamFault(Code.PROTOCOL_ERROR)


def check_trailers(headers: list[Header]) -> None:
    """Raise StreamFault for what may not stand behind a body."""
    for name, value in headers:
        _check_field(name, value)


def _check_field(name: bytes, value: bytes) -> None:
    if not name or b":" in name or not _NO_NAME.isdisjoint(name) or name in _OF_CONNECTIONS:
        raise StreamFault(Code.PROTOCOL_ERROR)
    if name == b"te" and value.lower() != b"trailers":
        raise StreamFault(Code.PROTOCOL_ERROR)


def field(name: bytes, value: bytes) -> bytes:
    """Return a header as HPACK writes it without its tables: it may stand anywhere in any block."""
    return b"\0" + _length(len(name)) + name + _length(len(value)) + value


def status(code: int) -> bytes:
    """Return ``:status``; a block begins with it."""
    return b"\x88" if code == 200 else field(b":status", b"%d" % code)


SHRUNK = b"\x20"
"""Begins the first block to a peer whose table is smaller than usual: ours is empty, and stays so."""


def _length(n: int) -> bytes:
    if n < 0x7F:
        return bytes((n,))
    found, n = bytearray((0x7F,)), n - 0x7F
    while n >= 0x80:
        found.append(n & 0x7F | 0x80)
        n >>= 7
    found.append(n)
    return bytes(found)
