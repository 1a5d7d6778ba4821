"""Parts of dates, computed from seconds since 1970-01-01 UTC by one formula in NumPy and in the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from scoreline.automl.graph import NUMBERS, GraphWriter, Tensor
from scoreline.automl.problem import Problem
from scoreline.scoring.rows import Rows

SECONDS_A_DAY = 86400.0
PARTS = ("days", "year", "month", "day", "day_of_year", "weekday", "hour")


def date_parts(seconds: Any) -> list[Any]:
    """``PARTS`` of ``seconds``, a float64 array or a graph ``Tensor``; weekday 0 is Monday, missing stays NaN.

    The civil calendar from a day number, after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", in arithmetic
    that has no branches: floor, +, -, x, / of doubles are exact for these integers on both sides.
    """
    days = _floor(seconds / SECONDS_A_DAY)
    hour = _floor((seconds - days * SECONDS_A_DAY) / 3600.0)
    weekday = _remainder(days + 3.0, 7.0)
    shifted = days + 719468.0  # days since 0000-03-01: years begin in March, so leap days come last
    era = _floor(shifted / 146097.0)
    of_era = shifted - era * 146097.0
    leap = _floor(of_era / 1460.0) - _floor(of_era / 36524.0) + _floor(of_era / 146096.0)
    year_of_era = _floor((of_era - leap) / 365.0)
    march_based = of_era - (year_of_era * 365.0 + _floor(year_of_era / 4.0) - _floor(year_of_era / 100.0))
    march_month = _floor((march_based * 5.0 + 2.0) / 153.0)
    day = march_based - _floor((march_month * 153.0 + 2.0) / 5.0) + 1.0
    wrapped = _floor((march_month + 2.0) / 12.0)  # 1 for January and February, which belong to the next year
    month = march_month + 3.0 - wrapped * 12.0
    year = year_of_era + era * 400.0 + wrapped
    day_of_year = days - _days_before(year) + 1.0
    return [days, year, month, day, day_of_year, weekday, hour]


def _days_before(year: Any) -> Any:
    """Day number of 1 January of ``year``."""
    past = year - 1.0
    leap_days = _floor(past / 4.0) - _floor(past / 100.0) + _floor(past / 400.0)
    return past * 365.0 + leap_days - 719162.0


def _remainder(value: Any, divisor: float) -> Any:
    return value - _floor(value / divisor) * divisor


def _floor(value: Any) -> Any:
    return value.floor() if isinstance(value, Tensor) else np.floor(value)


class DateParts:
    """Year, month, day, weekday and so on of each datetime column; those that never vary in training are left out."""

    def __init__(self, problem: Problem) -> None:
        self._width = len(problem.schema.numbers)
        self._indices = [i for i, column in enumerate(problem.schema.numbers) if column.type == "datetime"]
        self._kept: list[int] = []
        self._fill = np.zeros(0, np.float32)

    def fit_transform(self, rows: Rows, y: NDArray[Any]) -> NDArray[np.float32]:
        block = self._parts(rows)
        self._kept = [i for i, column in enumerate(block.T) if len(np.unique(column[~np.isnan(column)])) > 1]
        kept = block[:, self._kept]
        incomplete = np.isnan(kept).any(axis=0)
        middle = np.median(np.where(np.isnan(kept), 0.0, kept), axis=0) if len(kept) else np.zeros(kept.shape[1])
        self._fill = np.where(incomplete, np.nan, middle).astype(np.float32)
        return kept

    def transform(self, rows: Rows) -> NDArray[np.float32]:
        block = self._parts(rows)[:, self._kept]
        return np.where(np.isnan(block), self._fill, block)

    def to_onnx(self, graph: GraphWriter) -> str:
        seconds = Tensor(graph, graph.columns(NUMBERS, self._indices, self._width))
        parts = [part.name for part in date_parts(seconds)]
        block = graph.cast(graph.concat(parts), onnx.TensorProto.FLOAT)
        block = graph.columns(block, self._kept, len(PARTS) * len(self._indices))
        return graph.node("Where", graph.node("IsNaN", block), graph.constant(self._fill[None, :]), block)

    def _parts(self, rows: Rows) -> NDArray[np.float32]:
        parts = date_parts(rows.numbers[:, self._indices])
        return np.hstack(parts).astype(np.float32)
