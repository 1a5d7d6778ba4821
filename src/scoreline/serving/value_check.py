"""Missing and unseen values by column, counted for many rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from scoreline.core.schema import Schema
from scoreline.scoring.rows import Rows


class Oddity(NamedTuple):
    """How many values of a column are missing, or are no level that training saw."""

    column: str
    unseen: bool
    n: int


class ValueCheck:
    """Knows the levels of a schema. A column without levels in the schema has no unseen values."""

    def __init__(self, schema: Schema) -> None:
        self._numbers = [column.name for column in schema.numbers]
        self._texts = [(column.name, frozenset({*column.levels, ""})) for column in schema.texts]

    def find(self, parts: Sequence[Rows]) -> Iterator[Oddity]:
        """Yield what is odd in these rows, for the columns where there is any."""
        missing = np.isnan(np.concatenate([part.numbers for part in parts])).sum(axis=0)
        for j in missing.nonzero()[0].tolist():
            yield Oddity(self._numbers[j], False, int(missing[j]))
        if not self._texts:
            return
        texts = np.concatenate([part.texts for part in parts])
        for j, (name, known) in enumerate(self._texts):
            values = texts[:, j].tolist()
            if n_missing := values.count(""):
                yield Oddity(name, False, n_missing)
            if len(known) > 1 and not known.issuperset(values):
                yield Oddity(name, True, sum(value not in known for value in values))
