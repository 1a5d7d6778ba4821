"""Header blocks: those that come are read once for all that are alike, those that leave are bytes made beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from scoreline.web.http2.frames import Code, StreamFault
from scoreline.web.http2.hpack import Decoder, Header

N_KEPT, LONGEST_KEPT = 16, 2048
"""Heads of a connection that are kept, and the bytes of their names and values: there may be many connections."""

HeadT = TypeVar("HeadT")
_K = TypeVar("_K")
_V = TypeVar("_V")


class Heads(Generic[HeadT]):
    """What the header blocks of a connection mean, as ``read`` makes it of their names and values.

    A client sends the same block for each request, once its names and values are in HPACK's table. A block that is the
    same bytes means the same as long as the table does not change. Where a request has headers of its ``own``, such as
    a deadline, ``vary`` makes its head of one that has the same others, and of these.
    """

    def __init__(
        self,
        read: Callable[[list[Header]], HeadT],
        vary: Callable[[HeadT, list[Header]], HeadT],
        own: frozenset[bytes],
    ) -> None:
        self._read, self._vary, self._own = read, vary, own
        self._decoder = Decoder()
        self._blocks: dict[bytes, HeadT] = {}
        self._once: dict[bytes, None] = {}
        """Blocks that came once."""
        self._kept: dict[tuple[Header, ...], HeadT] = {}

    def of(self, block: bytes) -> HeadT:
        """Return what a block means. Raises ConnectionFault; StreamFault where it is no request.

        Each block must come here, in order: others build upon it.
        """
        found = self._blocks.get(block)
        if found is not None:
            return found
        before = self._decoder.n_changes
        headers = self.skip(block)
        found = self._head(headers)
        if self._decoder.n_changes == before and _size(headers) <= LONGEST_KEPT:
            self._keep(block, found)
        return found

    def _keep(self, block: bytes, found: HeadT) -> None:
        """Keep what a block means that comes again: many have something of their own, and never do."""
        if block in self._once:
            _put(self._blocks, block, found)
        else:
            _put(self._once, block, None)

    def _head(self, headers: list[Header]) -> HeadT:
        names = self._own
        own = [header for header in headers if header[0] in names]
        shared = tuple([header for header in headers if header[0] not in names] if own else headers)
        head = self._kept.get(shared)
        if head is None:
            check(headers)
            head = self._read(list(shared))
            if _size(headers) <= LONGEST_KEPT:
                _put(self._kept, shared, head)
        elif own:
            check_fields(own)
            if any(name.startswith(b":") for name, _ in headers[headers.index(own[0]) :]):
                raise StreamFault(Code.PROTOCOL_ERROR)
        return self._vary(head, own) if own else head

    def skip(self, block: bytes) -> list[Header]:
        """Read a block that begins no request, for what it does to those that follow."""
        before = self._decoder.n_changes
        headers = self._decoder.decode(block)
        if self._decoder.n_changes != before:
            self._blocks.clear()
            self._once.clear()
        return headers


def _put(kept: dict[_K, _V], key: _K, value: _V) -> None:
    if len(kept) >= N_KEPT:
        kept.clear()
    kept[key] = value


def _size(headers: list[Header]) -> int:
    return sum([len(name) + len(value) for name, value in headers])


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
            _check_name(name, value)
        _check_value(value)
    if not _NEEDED.issubset(pseudo) and (b":method", b"CONNECT") not in headers:
        raise StreamFault(Code.PROTOCOL_ERROR)


def check_fields(headers: list[Header]) -> None:
    """Raise StreamFault for what is no header, or one of HTTP/2's own, which trailers may not have."""
    for name, value in headers:
        _check_name(name, value)
        _check_value(value)


def _check_value(value: bytes) -> None:
    if not _NO_VALUE.isdisjoint(value) or value.startswith(_SPACE) or value.endswith(_SPACE):
        raise StreamFault(Code.PROTOCOL_ERROR)


def _check_name(name: bytes, value: bytes) -> None:
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
