"""Numbers as they are, and numbers imputed, flagged and scaled for learners that need it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray

from scoreline.automl.graph import NUMBERS, GraphWriter
from scoreline.automl.problem import Problem
from scoreline.scoring.rows import Rows

LARGEST_DEVIATION = 8.0
"""Scaled values are cut here: an outlier must not decide a linear score alone."""


class Numbers:
    """Number and boolean columns as float32; missing stays NaN where training had missing values, else is the median.

    A learner knows what to do with a missing value only in columns where it saw one.
    """

    def __init__(self, problem: Problem) -> None:
        self._width = len(problem.schema.numbers)
        self.indices = [i for i, column in enumerate(problem.schema.numbers) if column.type != "datetime"]
        self._fill = np.zeros(0, np.float32)

    def fit_transform(self, rows: Rows, y: NDArray[Any]) -> NDArray[np.float32]:
        block = self._cast(rows)
        self._fill = np.array([_median_if_complete(column) for column in block.T], np.float32)
        return block

    def transform(self, rows: Rows) -> NDArray[np.float32]:
        block = self._cast(rows)
        return np.where(np.isnan(block), self._fill, block)

    def to_onnx(self, graph: GraphWriter) -> str:
        block = graph.cast(graph.columns(NUMBERS, self.indices, self._width), onnx.TensorProto.FLOAT)
        if np.isnan(self._fill).all():
            return block
        return graph.node("Where", graph.node("IsNaN", block), graph.constant(self._fill[None, :]), block)

    def _cast(self, rows: Rows) -> NDArray[np.float32]:
        return rows.numbers[:, self.indices].astype(np.float32)


def _median_if_complete(column: NDArray[np.float32]) -> float:
    return float("nan") if len(column) == 0 or np.isnan(column).any() else float(np.median(column))


class Inner(Protocol):
    """A step that gives numbers, with NaN for missing."""

    def fit_transform(self, rows: Rows, y: NDArray[Any]) -> NDArray[np.float32]: ...

    def transform(self, rows: Rows) -> NDArray[np.float32]: ...

    def to_onnx(self, graph: GraphWriter) -> str: ...


class Scaled:
    """Standardised numbers with the mean for missing, and a flag per column that had missing values in training."""

    def __init__(self, inner: Inner) -> None:
        self._inner = inner
        self._flagged: list[int] = []
        self._mean = self._scale = np.zeros(0)

    def fit_transform(self, rows: Rows, y: NDArray[Any]) -> NDArray[np.float32]:
        block = self._inner.fit_transform(rows, y)
        missing = np.isnan(block)
        self._flagged = [int(i) for i in np.flatnonzero(missing.any(axis=0))]
        seen = np.maximum((~missing).sum(axis=0), 1)
        wide = np.where(missing, 0.0, block.astype(np.float64))
        self._mean = wide.sum(axis=0) / seen
        spread = np.sqrt((np.where(missing, 0.0, wide - self._mean) ** 2).sum(axis=0) / seen)
        self._scale = np.where(spread > 0, spread, 1.0)
        return self._scaled(block)

    def transform(self, rows: Rows) -> NDArray[np.float32]:
        return self._scaled(self._inner.transform(rows))

    def to_onnx(self, graph: GraphWriter) -> str:
        block = self._inner.to_onnx(graph)
        missing = graph.node("IsNaN", block)
        wide = graph.cast(block, onnx.TensorProto.DOUBLE)
        wide = graph.node("Where", missing, graph.constant(self._mean[None, :]), wide)
        scaled = graph.node("Div", graph.node("Sub", wide, graph.constant(self._mean)), graph.constant(self._scale))
        limit = np.array(LARGEST_DEVIATION)
        cut = graph.node("Clip", scaled, graph.constant(-limit), graph.constant(limit))
        output = graph.cast(cut, onnx.TensorProto.FLOAT)
        if not self._flagged:
            return output
        flags = graph.cast(graph.columns(missing, self._flagged, len(self._mean)), onnx.TensorProto.FLOAT)
        return graph.concat([output, flags])

    def _scaled(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        missing = np.isnan(block)
        wide = np.where(missing, self._mean, block.astype(np.float64))
        scaled = np.clip((wide - self._mean) / self._scale, -LARGEST_DEVIATION, LARGEST_DEVIATION)
        return np.hstack([scaled, missing[:, self._flagged]]).astype(np.float32)
