"""Which file and row a row of a table came from, and what was found there."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from scoreline.core.entities import GuardrailResult


class Origin:
    """The files that rows were stacked from."""

    def __init__(self, parts: Sequence[tuple[str, int]]) -> None:
        self.names = [name for name, _ in parts]
        self.ends = list(itertools.accumulate(n_rows for _, n_rows in parts))

    def row(self, index: int) -> str:
        """Name the place of a row: its file, if it has one, and its 1-based number there."""
        part = bisect.bisect_right(self.ends, index)
        name = self.names[part]
        number = index - (self.ends[part - 1] if part else 0) + 1
        return f"{name}, row {number}" if name else f"row {number}"

    def first(self, mask: pl.Series) -> str:
        """Name the place of the first row that ``mask`` marks."""
        return self.row(int(mask.arg_max() or 0))


class Finding(NamedTuple):
    """Something a guardrail tells that only the raw table shows."""

    guardrail: str
    result: GuardrailResult
    sentence: str
    column: str | None = None
