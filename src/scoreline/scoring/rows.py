"""Rows: what every dialect, file and frame is decoded into before it is scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Listed = tuple[list[Sequence[float]], list[Sequence[str]]]


class Rows:
    """Two blocks: ``numbers`` float64[n, k] (missing is NaN) and ``texts`` object[n, m] of str (missing is ``""``)."""

    __slots__ = ("_listed", "numbers", "texts")
    numbers: npt.NDArray[np.float64]
    texts: npt.NDArray[np.object_]

    def __init__(self, numbers: npt.NDArray[np.float64], texts: npt.NDArray[np.object_]) -> None:
        self.numbers = numbers
        self.texts = texts
        self._listed: Listed | None = None

    @classmethod
    def of(cls, numbers: list[Sequence[float]], texts: list[Sequence[str]]) -> Rows:
        """Return the rows of these lists. They become arrays when one is asked for: after ``join``, many at once."""
        rows = cls.__new__(cls)
        rows._listed = numbers, texts
        return rows

    @classmethod
    def join(cls, parts: Sequence[Rows]) -> Rows:
        """Put these rows under one another."""
        listed = [part._listed for part in parts]
        if None not in listed:
            numbers = [row for part in listed if part for row in part[0]]
            return cls.of(numbers, [row for part in listed if part for row in part[1]])
        return cls(np.concatenate([part.numbers for part in parts]), np.concatenate([part.texts for part in parts]))

    def __getattr__(self, name: str) -> Any:
        """Make the arrays out of the lists when the first of them is asked for."""
        listed = self._listed if name in ("numbers", "texts") else None
        if listed is None:
            raise AttributeError(name)
        numbers, texts = listed
        self.numbers, self.texts = np.array(numbers, dtype=np.float64), np.array(texts, dtype=object)
        self._listed = None
        return self.numbers if name == "numbers" else self.texts

    def __len__(self) -> int:
        return len(self.numbers if self._listed is None else self._listed[0])

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
