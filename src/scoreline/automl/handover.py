"""Hands the training rows to worker processes through one anonymous file that all of them map into memory.

Texts travel as codes into each column's list of distinct texts. The file has no name, so nothing is left behind when
the process is killed.
"""

from __future__ import annotations

import mmap
from typing import Any, BinaryIO, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from scoreline.scoring.rows import Rows

_ALIGNMENT_BYTES = 64


class _Place(msgspec.Struct, frozen=True):
    offset: int
    dtype: str
    shape: tuple[int, ...]


class Layout(msgspec.Struct, frozen=True):
    """Where everything lies in the file."""

    places: dict[str, _Place]
    texts: list[list[str]]
    """For each text column, its distinct texts."""
    n_folds: int


class Handover(NamedTuple):
    """What a worker reads."""

    rows: Rows
    y: npt.NDArray[Any]
    folds: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]


def write(file: BinaryIO, handover: Handover) -> Layout:
    """Write everything to ``file`` and say where it lies."""
    texts = handover.rows.texts
    codes = np.empty((texts.shape[1], texts.shape[0]), dtype=np.int32)
    distinct: list[list[str]] = []
    for k in range(texts.shape[1]):
        known: dict[str, int] = {}
        codes[k] = [known.setdefault(text, len(known)) for text in texts[:, k]]
        distinct.append(list(known))
    arrays: dict[str, npt.NDArray[Any]] = {"numbers": handover.rows.numbers, "codes": codes, "y": handover.y}
    for k, (trains, validates) in enumerate(handover.folds):
        arrays |= {f"trains {k}": trains, f"validates {k}": validates}
    places = {}
    for name, array in arrays.items():
        offset = -(-file.tell() // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES
        file.seek(offset)
        file.write(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
        places[name] = _Place(offset, array.dtype.str, array.shape)
    file.write(bytes(_ALIGNMENT_BYTES))  # an empty file could not be mapped
    file.flush()
    return Layout(places, distinct, len(handover.folds))


def read(descriptor: int, layout: Layout) -> Handover:
    """Map what ``write`` wrote; the arrays of numbers are read-only views of the file."""
    mapped = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)

    def array(name: str) -> npt.NDArray[Any]:
        place = layout.places[name]
        count = int(np.prod(place.shape))
        return np.frombuffer(mapped, place.dtype, count, place.offset).reshape(place.shape)

    codes = array("codes")
    texts = np.empty((codes.shape[1], codes.shape[0]), dtype=object)
    for k, distinct in enumerate(layout.texts):
        texts[:, k] = np.array(distinct, dtype=object)[codes[k]] if distinct else ""
    folds = [(array(f"trains {k}"), array(f"validates {k}")) for k in range(layout.n_folds)]
    return Handover(Rows(array("numbers"), texts), array("y"), folds)
