"""Permutation importance: what is lost when a column's values are shuffled."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scoreline.automl.scorers import SCORERS, oriented
from scoreline.core.schema import Schema
from scoreline.scoring.graph import Graph
from scoreline.scoring.rows import Rows

MOST_REPEATS = 5


def permutation_importance(
    graph: Graph,
    schema: Schema,
    rows: Rows,
    actual: npt.NDArray[Any],
    *,
    scorer: str,
    positive: int | None,
    seed: int,
    most_rows: int,
) -> dict[str, float]:
    """Column → loss of score when its values are shuffled among ``rows``, scaled so that the largest is 1.

    A column whose shuffling loses nothing has 0. At most ``most_rows`` rows are used, drawn by ``seed``; fewer than
    2,000 are shuffled more than once. Breiman (2001), over the input columns of the whole pipeline.
    """
    rng = np.random.default_rng(seed)
    if len(rows) > most_rows:
        chosen = np.sort(rng.choice(len(rows), most_rows, replace=False))
        rows, actual = rows[chosen], actual[chosen]
    measure = SCORERS[scorer]
    sign = -1.0 if measure.greater_is_better else 1.0

    def loss(of: Rows) -> float:
        predicted = np.asarray(graph.run(of), np.float64)
        return sign * measure.score(*oriented(actual, predicted, positive))

    whole = loss(rows)
    lost = {column.name: 0.0 for column in schema.columns}
    for _ in range(min(MOST_REPEATS, max(1, most_rows // len(rows)))):
        for block, columns in (("numbers", schema.numbers), ("texts", schema.texts)):
            for k, column in enumerate(columns):
                shuffled = Rows(rows.numbers, rows.texts)
                values = getattr(rows, block).copy()
                values[:, k] = rng.permutation(values[:, k])
                setattr(shuffled, block, values)
                change = loss(shuffled) - whole
                lost[column.name] += change if np.isfinite(change) else 0.0
    largest = max(lost.values(), default=0.0)
    scaled = {name: max(0.0, value / largest) if largest > 0 else 0.0 for name, value in lost.items()}
    return dict(sorted(scaled.items(), key=lambda pair: -pair[1]))
