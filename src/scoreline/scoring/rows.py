"""Rows: what every dialect, file and frame is decoded into before it is scored."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Rows:
    """Two blocks: ``numbers`` float64[n, k] (missing is NaN) and ``texts`` object[n, m] of str (missing is ``""``)."""

    __slots__ = ("numbers", "texts")

    def __init__(self, numbers: npt.NDArray[np.float64], texts: npt.NDArray[np.object_]) -> None:
        self.numbers = numbers
        self.texts = texts

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, chosen: slice | npt.NDArray[np.integer | np.bool_]) -> Rows:
        """Take the rows of a slice, of indices or of a mask; both blocks stay C-contiguous."""
        return Rows(np.ascontiguousarray(self.numbers[chosen]), np.ascontiguousarray(self.texts[chosen]))


class Decoded(NamedTuple):
    """Rows of a request, and how its columns differed from the schema."""

    rows: Rows
    ignored: tuple[str, ...]
    """Columns that the schema does not know, in the order met."""
    absent: tuple[str, ...]
    """Columns of the schema that at least one row lacks, in schema order; they scored as missing."""
