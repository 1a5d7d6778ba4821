"""A small table, and models that others' libraries made of it, for tests that import them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoreline.core.schema import Task

N_ROWS = 300


class Table(NamedTuple):
    """Features as a frame, and what is to be predicted."""

    features: pl.DataFrame
    y: NDArray[np.generic]

    @property
    def sample(self) -> pl.DataFrame:
        return self.features.with_columns(pl.Series("y", self.y))

    @property
    def numbers(self) -> pl.DataFrame:
        return self.features.select("age", "amount")


def table(task: Task, *, missing: bool = True) -> Table:
    """Ages, amounts (some missing), purposes and grades; ``y`` depends on all of them."""
    rng = np.random.default_rng(7)
    age, amount = rng.integers(18, 80, N_ROWS).astype(float), rng.lognormal(5, 1, N_ROWS)
    purpose, grade = rng.choice(["boat", "car", "radio", "tv"], N_ROWS), rng.integers(0, 4, N_ROWS)
    raw = age / 40 + np.log(amount) / 5 + (purpose == "car") - 0.7 * (grade == 2) + rng.normal(0, 0.2, N_ROWS)
    holes = (rng.random(N_ROWS) < 0.1) & missing
    features = pl.DataFrame(
        {
            "age": age,
            "amount": [None if hole else value for hole, value in zip(holes, amount, strict=True)],
            "purpose": purpose,
            "grade": grade,
        }
    )
    if task == "regression":
        return Table(features, raw)
    cuts = [2.2] if task == "binary" else [1.8, 2.4]
    return Table(features, np.digitize(raw, cuts))
