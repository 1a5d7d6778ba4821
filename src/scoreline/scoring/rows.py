"""Rows: what every dialect, file and frame is decoded into before it is scored."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

Row = tuple[Sequence[float | None], Sequence[str]]
"""The numbers of a row, and its texts. A number that is None is missing; none is infinite, also not as a float32."""
_listed = attrgetter("_listed")


class Rows:
    """Two blocks: ``numbers`` float64[n, k] (missing is NaN) and ``texts`` object[n, m] of str (missing is ``""``)."""

    __slots__ = ("_listed", "numbers", "texts")
    numbers: npt.NDArray[np.float64]
    texts: npt.NDArray[np.object_]

    def __init__(self, numbers: npt.NDArray[np.float64], texts: npt.NDArray[np.object_]) -> None:
        self.numbers = numbers
        self.texts = texts
        self._listed: list[Row] | None = None

    @classmethod
    def of(cls, listed: list[Row]) -> Rows:
        """Return these rows, at least one. They become arrays when one is asked for: after ``join``, many at once."""
        rows = cls.__new__(cls)
        rows._listed = listed
        return rows

    @classmethod
    def join(cls, parts: Sequence[Rows]) -> Rows:
        """Put these rows under one another."""
        if len(parts) == 1:
            return parts[0]
        try:
            return cls.of(list(chain.from_iterable(map(_listed, parts))))
        except TypeError:  # some are arrays
            return cls(np.concatenate([part.numbers for part in parts]), np.concatenate([part.texts for part in parts]))

    def __getattr__(self, name: str) -> Any:
        """Make the arrays out of the list when the first of them is asked for."""
        listed = self._listed if name in ("numbers", "texts") else None
        if listed is None:
            raise AttributeError(name)
        numbers, texts = zip(*listed, strict=True)
        if len(listed) == 1:
            self.numbers, self.texts = np.array(numbers, np.float64), np.array(texts, object)
        else:  # from two rows on it is faster
            self.numbers, self.texts = _block(numbers, np.float64), _block(texts, object)
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


def _block(rows: Sequence[Sequence[Any]], dtype: type) -> npt.NDArray[Any]:
    n, width = len(rows), len(rows[0])
    return np.fromiter(chain.from_iterable(rows), dtype, n * width).reshape(n, width)
