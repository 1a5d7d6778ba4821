"""A table of plain columns as an Arrow stream."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from scoreline.serving.media.ipc.flat import Draft, Number, write
from scoreline.serving.media.ipc.stream import RECORDS, SCHEMA

ROWS_PER_BATCH = 1 << 16
VERSION = 4
"""Metadata version 5, of Arrow 1.0 and later."""
END = b"\xff\xff\xff\xff\0\0\0\0"
_TYPES: dict[str, tuple[int, Draft]] = {
    "f4": (3, {0: Number(1, "h")}),
    "f8": (3, {0: Number(2, "h")}),
    "i8": (2, {0: Number(64, "i"), 1: Number(1, "?")}),
    "b1": (6, {}),
    "O": (5, {}),
}
"""By NumPy's name: which type it is in a union, and its table."""


def write_stream(columns: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Write columns of float32, float64, int64, bool or objects, which are texts. None has missing values."""
    fields = [_field(name, *_TYPES[_type_name(values)]) for name, values in columns.items()]
    n_rows = len(next(iter(columns.values())))
    starts = range(0, n_rows, ROWS_PER_BATCH)
    batches = [_batch([values[start : start + ROWS_PER_BATCH] for values in columns.values()]) for start in starts]
    return b"".join([_message(SCHEMA, {1: fields}, b""), *batches, END])


def _type_name(values: npt.NDArray[Any]) -> str:
    return "O" if values.dtype.kind == "O" else values.dtype.str[1:]


def _field(name: str, kind: int, type_: Draft) -> Draft:
    return {0: name, 1: Number(0, "?"), 2: Number(kind, "B"), 3: type_, 5: []}


def _batch(columns: list[npt.NDArray[Any]]) -> bytes:
    buffers = [buffer for values in columns for buffer in (b"", *_buffers(values))]
    n = len(columns[0])
    places, body = [], []
    at = 0
    for buffer in buffers:
        padded = buffer + bytes(-len(buffer) % 8)
        places.append((at, len(buffer)))
        body.append(padded)
        at += len(padded)
    header = {
        0: Number(n, "q"),
        1: np.array([(n, 0)] * len(columns), np.int64),
        2: np.array(places, np.int64),
    }
    return _message(RECORDS, header, b"".join(body))


def _buffers(values: npt.NDArray[Any]) -> tuple[bytes, ...]:
    if values.dtype.kind == "b":
        return (np.packbits(values, bitorder="little").tobytes(),)
    if values.dtype.kind != "O":
        return (np.ascontiguousarray(values).tobytes(),)
    texts = [text.encode() for text in values]
    offsets = np.zeros(len(texts) + 1, "<i4")
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    return offsets.tobytes(), b"".join(texts)


def _message(kind: int, header: Draft, body: bytes) -> bytes:
    draft = {0: Number(VERSION, "h"), 1: Number(kind, "B"), 2: header, 3: Number(len(body), "q")}
    metadata = write(draft)
    return struct.pack("<iI", -1, len(metadata)) + metadata + body
