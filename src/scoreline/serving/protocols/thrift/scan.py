"""Where a value ends, found out while its bytes come: messages that are not framed do not say how long they are.

No length is believed before as many bytes are there.
"""

from __future__ import annotations

from struct import Struct

from scoreline.serving.protocols.thrift.wire import (
    DOUBLE,
    I32,
    LIST,
    MAP,
    SET,
    SIZES,
    STOP,
    STRING,
    STRUCT,
    Truncated,
    broken,
)

DEEPEST = 16
"""Structs, lists and maps within one another; the arguments of a call are four."""
MESSAGE = (STRUCT, I32, STRING, I32)
"""What a message holds, the last first: version, name, sequence number, arguments."""
_ELEMENTS = -1
_sizeless = frozenset((STRING, STRUCT, MAP, SET, LIST))
FIELD_BYTES = 3
"""The head of a field: its type and its number."""
_i32, _list, _map = Struct(">i"), Struct(">bi"), Struct(">bbi")
_text_field = Struct(">3xi").unpack_from


class Scanner:
    """Looks through values as they come; goes on where it stopped, so that each byte is looked at once."""

    def __init__(self, at: int = 0, kinds: tuple[int, ...] = MESSAGE) -> None:
        self.at = at
        """So far it has looked; where the values end, once ``scan`` says so."""
        self._todo: list[list[int]] = [[kind] for kind in kinds]
        """What is still to come, the next last: a type, or ``_ELEMENTS``, how many, and their types."""

    def scan(self, data: bytes | bytearray) -> bool:
        """Look as far as ``data`` goes; return whether the values end in it. Raises BadRequest."""
        todo, n_bytes = self._todo, len(data)
        while todo:
            next_ = todo[-1]
            if next_[0] == STRUCT:
                if not self._pass_fields(data, n_bytes):
                    return False
            elif next_[0] == _ELEMENTS:
                if next_[1]:
                    next_[1] -= 1
                    for kind in next_[:1:-1]:
                        self._add(kind)
                else:
                    todo.pop()
            elif not self._pass(next_[0], data, n_bytes):
                return False
        return True

    def _pass_fields(self, data: bytes | bytearray, n_bytes: int) -> bool:
        """Pass the fields of a struct up to its end, or to one that has to be looked into, if all of them are there."""
        at = self.at
        try:
            while (kind := data[at]) != STOP:
                if kind == DOUBLE:
                    end = at + FIELD_BYTES + 8
                elif kind == STRING:
                    (n,) = _text_field(data, at)
                    if n < 0:
                        raise broken(f"a text of {n} bytes")
                    end = at + FIELD_BYTES + 4 + n
                elif kind in SIZES:
                    end = at + FIELD_BYTES + SIZES[kind]
                else:
                    break
                if end > n_bytes:
                    return False
                self.at = at = end
        except Truncated:
            return False
        if kind == STOP:
            self.at += 1
            self._todo.pop()
            return True
        if self.at + FIELD_BYTES > n_bytes:
            return False
        self.at += FIELD_BYTES
        self._add(kind)
        return True

    def _add(self, kind: int) -> None:
        if kind not in SIZES and kind not in _sizeless:
            raise broken(f"there is no type {kind}")
        if len(self._todo) > 2 * DEEPEST:
            raise broken("it is nested too deeply")
        self._todo.append([kind])

    def _pass(self, kind: int, data: bytes | bytearray, n_bytes: int) -> bool:
        """Pass a value, or the head of a list or map, if all of it is there."""
        size = SIZES.get(kind)
        if size is None:
            head = _i32 if kind == STRING else _map if kind == MAP else _list
            if self.at + head.size > n_bytes:
                return False
            *kinds, n = head.unpack_from(data, self.at)
            if n < 0:
                raise broken(f"something has {n} elements")
            if kind != STRING and not all(each in SIZES for each in kinds):
                self.at += head.size
                self._todo[-1] = [_ELEMENTS, n, *kinds]
                return True
            size = head.size + n * (sum(SIZES[each] for each in kinds) if kinds else 1)
        if self.at + size > n_bytes:
            return False
        self.at += size
        self._todo.pop()
        return True


def skip(data: bytes, at: int, kind: int) -> int:
    """Return where a value ends. Raises BadRequest where it does not."""
    scanner = Scanner(at, (kind,))
    if (kind not in SIZES and kind not in _sizeless) or not scanner.scan(data):
        raise broken("it ends too early" if kind in SIZES or kind in _sizeless else f"there is no type {kind}")
    return scanner.at
