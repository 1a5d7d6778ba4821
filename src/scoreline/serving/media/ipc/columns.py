"""The buffers of a column to its values. Nothing in the buffers is believed: every length and place is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scoreline.serving.media.ipc.flat import Malformed
from scoreline.serving.media.ipc.schema import TEXTS, Field

INLINE_BYTES = 12
"""Texts of up to so many bytes stand in their view."""
VIEW = "<i4,<i4,<i4,<i4"
"""Size, first bytes, number of the buffer, offset in it."""

Mask = npt.NDArray[np.bool_]


class Part(NamedTuple):
    """Some values of a column: an array of the column's own dtype, or texts, or Decimals."""

    values: npt.NDArray[Any] | list[Any]
    missing: Mask | None
    """Where an array has none; a list has None there."""


class Dictionary(NamedTuple):
    """The distinct values of a column that holds only their places."""

    part: Part
    lengths: npt.NDArray[np.int64] | None
    """Of texts."""

    @classmethod
    def of(cls, part: Part) -> Dictionary:
        """Keep these values."""
        texts = isinstance(part.values, list) and all(isinstance(value, str | None) for value in part.values)
        lengths = np.array([len(value or "") for value in part.values], np.int64) if texts else None
        return cls(part, lengths)


class Room:
    """How much may still be read. Columns may share their bytes, so that a small stream could hold endless texts."""

    def __init__(self, rows: int, text_bytes: int) -> None:
        self.rows = rows
        self.text_bytes = text_bytes

    def take_rows(self, n: int) -> None:
        """Make room for rows. Raises Overflow."""
        self.rows -= n
        if self.rows < 0:
            raise Overflow

    def take_text(self, n_bytes: int) -> None:
        """Make room for texts. Raises Overflow."""
        self.text_bytes -= n_bytes
        if self.text_bytes < 0:
            raise Overflow


class Overflow(Exception):
    """There is more than may be read."""


class NotUnicode(Malformed):
    """A text is not UTF-8: value ``i`` of its part of the column, or of the whole column once its name is known."""

    def __init__(self, i: int, column: str = "") -> None:
        super().__init__(f"a text of column `{column}` is not UTF-8")
        self.i = i
        self.column = column


def read_part(
    field: Field,
    n: int,
    n_missing: int,
    buffers: Sequence[memoryview],
    dictionaries: Mapping[int, Dictionary],
    room: Room,
) -> Part:
    """Read ``n`` values of a column. Raises Malformed and Overflow."""
    kind = field.type.kind
    if kind == "null":
        return Part(np.full(n, np.nan), np.ones(n, bool))
    missing = None if n_missing == 0 or not len(buffers[0]) else ~_bits(buffers[0], n)
    if field.dictionary is not None:
        return _look_up(dictionaries.get(field.dictionary), _array(buffers[1], field.places, n), missing, room)
    if kind in TEXTS:
        read = _views if kind == "utf8 view" else _large_texts if kind == "large utf8" else _small_texts
        return Part(read(buffers, n, missing, room), missing)
    if kind == "bool":
        return Part(_bits(buffers[1], n), missing)
    if kind == "decimal":
        return Part(_decimals(_array(buffers[1], field.type.dtype, n), field.type.scale, missing), missing)
    return Part(_array(buffers[1], field.type.dtype, n), missing)


def join(parts: Sequence[Part]) -> Part:
    """Put the values of these parts under one another."""
    if len(parts) < 2:
        return parts[0] if parts else Part([], None)
    missing = None
    if any(part.missing is not None for part in parts):
        masks = [np.zeros(len(part.values), bool) if part.missing is None else part.missing for part in parts]
        missing = np.concatenate(masks)
    if any(isinstance(part.values, list) for part in parts):
        return Part([value for part in parts for value in part.values], missing)
    return Part(np.concatenate([part.values for part in parts]), missing)


def _array(buffer: memoryview, dtype: str, n: int) -> npt.NDArray[Any]:
    if len(buffer) < n * np.dtype(dtype).itemsize:
        raise Malformed("a column has fewer values than rows")
    return np.frombuffer(buffer, dtype, n)


def _bits(buffer: memoryview, n: int) -> Mask:
    if len(buffer) < (n + 7) // 8:
        raise Malformed("a column has fewer values than rows")
    return np.unpackbits(np.frombuffer(buffer, np.uint8), count=n, bitorder="little").view(bool)


def _look_up(dictionary: Dictionary | None, places: npt.NDArray[Any], missing: Mask | None, room: Room) -> Part:
    if dictionary is None:
        raise Malformed("a column comes before its dictionary")
    values, absent = dictionary.part
    n = len(places)
    if not len(values) and missing is not None and missing.all():
        return Part([None] * n if isinstance(values, list) else np.zeros(n, values.dtype), missing)
    if missing is not None:
        places = np.where(missing, 0, places)
    if n and not (places.min() >= 0 and places.max() < len(values)):
        raise Malformed("a value is not in its dictionary")
    if dictionary.lengths is not None:
        room.take_text(int(dictionary.lengths[places].sum()))
    if absent is not None:
        missing = absent[places] if missing is None else missing | absent[places]
    if not isinstance(values, list):
        return Part(values[places], missing)
    return Part(_without([values[place] for place in places.tolist()], missing), missing)


def _small_texts(buffers: Sequence[memoryview], n: int, missing: Mask | None, room: Room) -> list[str | None]:
    return _texts(_array(buffers[1], "<i4", n + 1) if n else None, buffers[2], missing, room)


def _large_texts(buffers: Sequence[memoryview], n: int, missing: Mask | None, room: Room) -> list[str | None]:
    return _texts(_array(buffers[1], "<i8", n + 1) if n else None, buffers[2], missing, room)


def _texts(
    offsets: npt.NDArray[np.integer] | None, data: memoryview, missing: Mask | None, room: Room
) -> list[str | None]:
    if offsets is None:
        return []
    first, last = int(offsets[0]), int(offsets[-1])
    if first < 0 or last > len(data) or (offsets[1:] < offsets[:-1]).any():
        raise Malformed("a column's texts lie outside of it")
    room.take_text(last - first)
    octets, places = bytes(data[first:last]), (offsets - first).tolist()
    if octets.isascii():
        text = octets.decode()
        return _without([text[begin:end] for begin, end in pairwise(places)], missing)
    return _decoded([octets[begin:end] for begin, end in pairwise(places)], missing)


def _views(buffers: Sequence[memoryview], n: int, missing: Mask | None, room: Room) -> list[str | None]:
    views, rest = _array(buffers[1], VIEW, n), buffers[2:]
    room.take_text(int(np.maximum(views["f0"], 0).sum(dtype=np.int64)))
    found: list[bytes] = []
    for i, (size, _, buffer, offset) in enumerate(views.tolist()):
        if missing is not None and missing[i]:
            found.append(b"")
        elif 0 <= size <= INLINE_BYTES:
            found.append(bytes(buffers[1][16 * i + 4 : 16 * i + 4 + size]))
        elif size > 0 and 0 <= buffer < len(rest) and 0 <= offset <= len(rest[buffer]) - size:
            found.append(bytes(rest[buffer][offset : offset + size]))
        else:
            raise Malformed("a column's texts lie outside of it")
    return _decoded(found, missing)


def _decoded(found: list[bytes], missing: Mask | None) -> list[str | None]:
    if missing is not None:
        for i in np.flatnonzero(missing).tolist():
            found[i] = b""  # what stands where nothing is meant may be anything
    try:
        return _without([octets.decode() for octets in found], missing)
    except UnicodeDecodeError:
        raise NotUnicode(next(i for i, octets in enumerate(found) if not _is_unicode(octets))) from None


def _is_unicode(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decimals(octets: npt.NDArray[Any], scale: int, missing: Mask | None) -> list[Decimal | None]:
    numbers = [int.from_bytes(value, "little", signed=True) for value in octets.tolist()]
    return _without([Decimal(f"{number}e{-scale}") for number in numbers], missing)


def _without(values: list[Any], missing: Mask | None) -> list[Any]:
    if missing is not None:
        for i in np.flatnonzero(missing).tolist():
            values[i] = None
    return values
