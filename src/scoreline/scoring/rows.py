"""Rows: what every dialect, file and frame is decoded into before it is scored."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from scoreline.core.schema import LARGEST_NUMBER

Row = tuple[Any, ...]
"""A row of the blocks: its numbers (int, float, bool; None is missing), then its texts (str; None is missing)."""

_listed = attrgetter("_listed")


class Rows:
    """Two blocks: ``numbers`` float64[n, k] (missing is NaN) and ``texts`` object[n, m] of str (missing is ``""``)."""

    __slots__ = ("_listed", "_n_numbers", "numbers", "texts")
    _n_numbers: int
    numbers: npt.NDArray[np.float64]
    texts: npt.NDArray[np.object_]

    def __init__(self, numbers: npt.NDArray[np.float64], texts: npt.NDArray[np.object_]) -> None:
        self.numbers = numbers
        self.texts = texts
        self._listed: list[Row] | None = None

    @classmethod
    def of(cls, listed: list[Row], n_numbers: int) -> Rows:
        """Return these rows, at least one. They become arrays when one is asked for: after ``join``, many at once.

        Numbers that are infinite or would be as a float32 are missing in the arrays.
        """
        rows = cls.__new__(cls)
        rows._listed = listed
        rows._n_numbers = n_numbers
        return rows

    @classmethod
    def join(cls, parts: Sequence[Rows]) -> Rows:
        """Put these rows under one another."""
        if len(parts) == 1:
            return parts[0]
        try:
            return cls.of(list(chain.from_iterable(map(_listed, parts))), parts[0]._n_numbers)
        except TypeError:  # some are arrays
            return cls(np.concatenate([part.numbers for part in parts]), np.concatenate([part.texts for part in parts]))

    def __getattr__(self, name: str) -> Any:
        """Make the arrays out of the list when the first of them is asked for."""
        listed = self._listed if name in ("numbers", "texts") else None
        if listed is None:
            raise AttributeError(name)
        k = self._n_numbers
        if len(listed[0]) == k:
            self.texts = np.empty((len(listed), 0), dtype=object)
            self.numbers = _numbers(listed, k)
        else:
            self.texts = _texts([row[k:] for row in listed])
            self.numbers = _numbers([row[:k] for row in listed], k)
        self._listed = None
        return self.numbers if name == "numbers" else self.texts

    def __len__(self) -> int:
        return len(self.numbers if self._listed is None else self._listed)

    def __getitem__(self, chosen: slice | npt.NDArray[np.integer | np.bool_]) -> Rows:
        """Take the rows of a slice, of indices or of a mask; both blocks stay C-contiguous."""
        return Rows(np.ascontiguousarray(self.numbers[chosen]), np.ascontiguousarray(self.texts[chosen]))


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """Rows of a request, and how its columns differed from the schema."""

    rows: Rows
    ignored: tuple[str, ...] = ()
    """Columns that the schema does not know, in the order met."""
    absent: tuple[str, ...] = ()
    """Columns of the schema that at least one row lacks, in schema order; they scored as missing."""


def _numbers(listed: list[Row], k: int) -> npt.NDArray[np.float64]:
    n = len(listed) * k
    try:
        flat = np.fromiter(chain.from_iterable(listed), np.float64, n)
    except OverflowError:  # an integer beyond float64
        flat = np.fromiter(map(_to_float, chain.from_iterable(listed)), np.float64, n)
    # The place of a NaN is that of the largest and of the smallest.
    if n and not (flat[flat.argmax()] <= LARGEST_NUMBER and flat[flat.argmin()] >= -LARGEST_NUMBER):
        flat[~(np.abs(flat) <= LARGEST_NUMBER)] = np.nan
    return flat.reshape(len(listed), k)


def _to_float(value: Any) -> float:
    try:
        return np.nan if value is None else float(value)
    except OverflowError:
        return np.nan


def _texts(listed: list[Row]) -> npt.NDArray[np.object_]:
    try:
        "".join(chain.from_iterable(listed))
    except TypeError:  # one is None
        listed = [tuple(["" if text is None else text for text in row]) for row in listed]
    n, m = len(listed), len(listed[0])
    return np.fromiter(chain.from_iterable(listed), object, n * m).reshape(n, m)
