"""Values of the binary protocol, read and written."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct, error
from typing import Any

from scoreline.core.errors import BadRequest
from scoreline.serving.protocols.thrift.scan import skip
from scoreline.serving.protocols.thrift.wire import BOOL, BYTE, DOUBLE, I16, I32, I64, SIZES, STOP, STRING, broken

_i32, _field, _list = map(Struct, (">i", ">bh", ">bi"))
_number_field, _text_field = Struct(">hd").unpack_from, Struct(">hi").unpack_from
_readers = {
    kind: Struct(form).unpack_from
    for kind, form in ((BOOL, ">?"), (BYTE, ">b"), (DOUBLE, ">d"), (I16, ">h"), (I32, ">i"), (I64, ">q"))
}


def read_text(data: bytes, at: int) -> tuple[str, int]:
    """Read a text; return it and where it ends."""
    (n,) = _i32.unpack_from(data, at)
    begin, end = at + 4, at + 4 + n
    if n < 0 or end > len(data):
        raise broken(f"a text of {n} bytes does not fit in it")
    try:
        return data[begin:end].decode(), end
    except UnicodeDecodeError:
        raise not_utf_8() from None


def read_scalar(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    """Read a value of any type; None for one that is neither number, text nor true or false."""
    read = _readers.get(kind)
    if read is not None:
        return read(data, at)[0], at + SIZES[kind]
    if kind == STRING:
        return read_text(data, at)
    return None, skip(data, at, kind)


def read_field(data: bytes, at: int) -> tuple[int, int, int]:
    """Read the head of a field: its type, its number, and where its value begins. The type STOP ends the struct."""
    if data[at] == STOP:
        return STOP, 0, at + 1
    kind, number = _field.unpack_from(data, at)
    return kind, number, at + 3


def read_fields(data: bytes, at: int, found: list[Any]) -> int:
    """Read a struct; put the value of the field number i at ``found[i - 1]``, where there is such a place.

    Returns where it ends. Numbers and texts, which nearly all fields are, are read without a step between.
    """
    n_bytes, n_places = len(data), len(found)
    while True:
        kind = data[at]
        if kind == DOUBLE:
            number, value = _number_field(data, at + 1)
            at += 11
        elif kind == STRING:
            number, n = _text_field(data, at + 1)
            begin = at + 7
            at = begin + n
            if n < 0 or at > n_bytes:
                raise broken(f"a text of {n} bytes does not fit in it")
            try:
                value = data[begin:at].decode()
            except UnicodeDecodeError:
                raise not_utf_8() from None
        elif kind == STOP:
            return at + 1
        else:
            _, number, at = read_field(data, at)
            value, at = read_scalar(data, at, kind)
        if 0 < number <= n_places:
            found[number - 1] = value


def read_numbers(data: bytes, at: int, n: int) -> list[float] | None:
    """Read a struct of ``n`` numbers, each in its place, behind which no flag is raised; None: it is another one."""
    try:
        found = _numbers(n).unpack_from(data, at)
    except error:
        return None
    if found[::3] != (*(DOUBLE,) * n, STOP) or found[1::3] != tuple(range(1, n + 1)):
        return None
    return list(found[2::3]) if data[at + 11 * n + 1 :] in _ENDS else None


@lru_cache(maxsize=64)
def _numbers(n: int) -> Struct:
    return Struct(">" + n * "bhd" + "b")


def not_utf_8() -> BadRequest:
    """Return the error for a text of other bytes."""
    return BadRequest("a text in the message is not UTF-8", hint="encode texts as UTF-8")


def read_list(data: bytes, at: int, expected: int) -> tuple[int, int]:
    """Read the head of a list of ``expected`` elements; return how many, and where the first begins."""
    kind, n = _list.unpack_from(data, at)
    if not 0 <= n <= len(data):  # each takes a byte at least
        raise broken(f"a list of {n} does not fit in it")
    if n and kind != expected:
        raise broken(f"a list holds type {kind} where type {expected} is expected")
    return n, at + 5


def text(value: str) -> bytes:
    """Write a text."""
    data = value.encode()
    return _i32.pack(len(data)) + data


def field(kind: int, number: int) -> bytes:
    """Write the head of a field."""
    return _field.pack(kind, number)


_ENDS = (bytes((STOP,)), field(BOOL, 2) + b"\0" + field(BOOL, 3) + b"\0" + bytes((STOP,)))
"""How arguments end that ask for nothing but scores: without flags, and with both lowered."""


def list_of(kind: int, n: int) -> bytes:
    """Write the head of a list."""
    return _list.pack(kind, n)


def i32(value: int) -> bytes:
    """Write a number."""
    return _i32.pack(value)
