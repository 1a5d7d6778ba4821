"""Rows for an original that came without any: made of what it knows about its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from scoreline.core.schema import NUMERIC_TYPES
from scoreline.importing.original import Described, Feature

N_ROWS = 50
LOW, HIGH = -2.0, 2.0
"""Where a number lies of which nothing is known."""
NO_LEVEL = "a"


def made_rows(described: Described, columns: Sequence[str], types: Mapping[str, str], seed: int = 0) -> pl.DataFrame:
    """Make rows up, named ``columns`` or as the original names its features."""
    rng = np.random.default_rng(seed)
    names = list(columns) or [feature.name for feature in described.features]
    return pl.DataFrame(
        [
            pl.Series(name, _values(feature, types.get(name), rng))
            for name, feature in zip(names, described.features, strict=False)
        ]
    )


def _values(feature: Feature, type_: str | None, rng: np.random.Generator) -> list[float] | list[str]:
    is_text = type_ is not None and type_.partition(":")[0] not in NUMERIC_TYPES
    if feature.kind == "text" or (feature.kind == "any" and is_text):
        levels = feature.levels or (NO_LEVEL,)
        return [levels[i] for i in rng.integers(0, len(levels), N_ROWS)]
    if type_ == "boolean":
        return [float(value) for value in rng.integers(0, 2, N_ROWS)]
    low = LOW if feature.low is None else feature.low
    high = HIGH if feature.high is None else feature.high
    return [round(float(value), 4) for value in rng.uniform(low, max(high, low), N_ROWS)]
