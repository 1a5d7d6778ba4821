"""Piecewise-linear features, which let a linear learner bend."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from scoreline.automl.features.numbers import Inner
from scoreline.automl.graph import GraphWriter
from scoreline.scoring.rows import Rows

QUANTILES = np.linspace(0.0, 1.0, 8)[1:-1]


class Hinges:
    """The value's position between neighbouring knots, cut to [0, 1], per pair of knots at the column's quantiles.

    A linear learner over these fits a continuous piecewise-linear curve per column; being bounded, no outlier decides
    alone. Missing is zero in each (the flag of ``Scaled`` tells it apart).
    """

    def __init__(self, inner: Inner) -> None:
        self._inner = inner
        self._column = np.zeros(0, np.int64)
        self._low = self._width = np.zeros(0)

    def fit_transform(self, rows: Rows, y: NDArray[Any]) -> NDArray[np.float32]:
        block = self._inner.fit_transform(rows, y)
        columns, lows, widths = [], [], []
        for index, column in enumerate(block.T.astype(np.float64)):
            seen = column[~np.isnan(column)]
            if len(seen) == 0:
                continue
            knots = np.unique(np.concatenate([[seen.min()], np.quantile(seen, QUANTILES), [seen.max()]]))
            columns += [index] * (len(knots) - 1)
            lows += list(knots[:-1])
            widths += list(np.diff(knots))
        self._column, self._low, self._width = np.array(columns, np.int64), np.array(lows), np.array(widths)
        self._inner_width = block.shape[1]
        return self._bent(block)

    def transform(self, rows: Rows) -> NDArray[np.float32]:
        return self._bent(self._inner.transform(rows))

    def to_onnx(self, graph: GraphWriter) -> str:
        block = graph.columns(self._inner.to_onnx(graph), self._column, self._inner_width)
        missing = graph.node("IsNaN", block)
        wide = graph.node("Sub", graph.cast(block, onnx.TensorProto.DOUBLE), graph.constant(self._low))
        wide = graph.node("Where", missing, graph.constant(np.zeros(1)), wide)
        position = graph.node("Div", wide, graph.constant(self._width))
        cut = graph.node("Clip", position, graph.constant(np.array(0.0)), graph.constant(np.array(1.0)))
        return graph.cast(cut, onnx.TensorProto.FLOAT)

    def _bent(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        wide = block[:, self._column].astype(np.float64) - self._low
        position = np.where(np.isnan(wide), 0.0, wide) / self._width
        return np.clip(position, 0.0, 1.0).astype(np.float32)
