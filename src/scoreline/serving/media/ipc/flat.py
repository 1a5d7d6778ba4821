"""Flatbuffers, in which Arrow writes what its messages hold: tables read where they lie, and written."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

_OFFSET = struct.Struct("<I")
_SIGNED = struct.Struct("<i")
_SLOT = struct.Struct("<H")
_FORMATS = {form: struct.Struct("<" + form) for form in "?Bhiq"}


class Malformed(ValueError):
    """The bytes are not what they should be."""


class Table:
    """A table at a place in ``data``. Every access is checked, so that damaged bytes are ``Malformed`` and no more."""

    __slots__ = ("_at", "_data", "_slots", "_slots_at")

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at
        self._slots_at = at - _read(_SIGNED, data, at)
        self._slots = (_read(_SLOT, data, self._slots_at) - 4) // 2

    @classmethod
    def root(cls, data: bytes) -> Table:
        """Return the table that ``data`` is."""
        return cls(data, _read(_OFFSET, data, 0))

    def number(self, slot: int, form: str, default: int = 0) -> int:
        """Return a number; ``form`` is its letter in ``struct``."""
        at = self._place(slot)
        return default if at is None else int(_read(_FORMATS[form], self._data, at))

    def text(self, slot: int) -> str:
        """Return a text; empty where there is none."""
        at = self._target(slot)
        if at is None:
            return ""
        size = _read(_OFFSET, self._data, at)
        found = self._data[at + 4 : at + 4 + size]
        if len(found) < size:
            raise Malformed("a text ends too soon")
        try:
            return found.decode()
        except UnicodeDecodeError:
            raise Malformed("a name is not UTF-8") from None

    def table(self, slot: int) -> Table | None:
        """Return a table within this one."""
        at = self._target(slot)
        return None if at is None else Table(self._data, at)

    def tables(self, slot: int) -> list[Table]:
        """Return a list of tables."""
        at = self._target(slot)
        if at is None:
            return []
        places = [at + 4 + 4 * i for i in range(self._count(at, 4))]
        return [Table(self._data, place + _read(_OFFSET, self._data, place)) for place in places]

    def numbers(self, slot: int, n_columns: int) -> npt.NDArray[np.int64]:
        """Return a list of groups of ``n_columns`` long numbers, int64[n, n_columns]."""
        at = self._target(slot)
        if at is None:
            return np.empty((0, n_columns), np.int64)
        n = self._count(at, 8 * n_columns)
        return np.frombuffer(self._data, "<i8", n * n_columns, at + 4).reshape(n, n_columns)

    def _count(self, at: int, size: int) -> int:
        n = _read(_OFFSET, self._data, at)
        if at + 4 + n * size > len(self._data):
            raise Malformed("a list ends too soon")
        return n

    def _place(self, slot: int) -> int | None:
        if slot >= self._slots:
            return None
        offset = _read(_SLOT, self._data, self._slots_at + 4 + 2 * slot)
        return self._at + offset if offset else None

    def _target(self, slot: int) -> int | None:
        at = self._place(slot)
        return None if at is None else at + _read(_OFFSET, self._data, at)


def _read(form: struct.Struct, data: bytes, at: int) -> int:
    if not 0 <= at <= len(data) - form.size:
        raise Malformed("an offset leads out of the message")
    value: int = form.unpack_from(data, at)[0]
    return value


class Number(NamedTuple):
    """A number to write; ``form`` is its letter in ``struct``."""

    value: int
    form: str


Draft = dict[int, Any]
"""A table to write: slot → a Number, a text, groups of long numbers (int64[n, k]), a Draft, a list of Drafts."""


def write(draft: Draft) -> bytes:
    """Write a table; the length of the result is a multiple of 8."""
    data = bytearray(8)
    _OFFSET.pack_into(data, 0, _write_table(data, draft))
    _pad(data, 8)
    return bytes(data)


def _write_table(data: bytearray, draft: Draft) -> int:
    """Append a table, then what it refers to: offsets only lead forward."""
    n_slots = max(draft, default=-1) + 1
    slots, size = [0] * n_slots, 4
    for slot, value in draft.items():
        width = _FORMATS[value.form].size if isinstance(value, Number) else 4
        size += -size % width
        slots[slot] = size
        size += width
    data += bytes(-(len(data) + 4 + 2 * n_slots) % 8)  # so that the table, which follows its slots, is aligned
    slots_at = len(data)
    data += struct.pack(f"<{2 + n_slots}H", 4 + 2 * n_slots, size, *slots)
    at = len(data)
    data += _SIGNED.pack(at - slots_at) + bytes(size - 4)
    for slot, value in draft.items():
        place = at + slots[slot]
        if isinstance(value, Number):
            _FORMATS[value.form].pack_into(data, place, value.value)
        else:
            _OFFSET.pack_into(data, place, _write_value(data, value) - place)
    return at


def _write_value(data: bytearray, value: str | npt.NDArray[np.int64] | Draft | list[Draft]) -> int:
    if isinstance(value, dict):
        return _write_table(data, value)
    if isinstance(value, np.ndarray):
        data += bytes((4 - len(data)) % 8)
        at = len(data)
        data += _OFFSET.pack(len(value)) + value.astype("<i8").tobytes()
        return at
    _pad(data, 4)
    at = len(data)
    if isinstance(value, str):
        text = value.encode()
        data += _OFFSET.pack(len(text)) + text + b"\0"
        return at
    data += bytes(4 + 4 * len(value))
    _OFFSET.pack_into(data, at, len(value))
    for i, item in enumerate(value):
        place = at + 4 + 4 * i
        _OFFSET.pack_into(data, place, _write_table(data, item) - place)
    return at


def _pad(data: bytearray, width: int) -> None:
    data += bytes(-len(data) % width)
