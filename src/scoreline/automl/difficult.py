"""Rows made to be difficult: missing, unseen, extreme, and at and beside the thresholds of trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from scoreline.core.schema import LARGEST_NUMBER, Column, Schema
from scoreline.scoring.rows import Rows

N_BASES = 20
"""Training rows that each made-up value is put into."""
MOST_MADE_CELLS = 20_000_000
"""Cells of all rows of one kind: of wide tables fewer rows are made."""
MOST_THRESHOLDS = 400
"""Thresholds tried per number column, spread evenly over all there are."""
FEWEST_THRESHOLDS = 5
N_BOUNDARY_BASES = 3
POINTS_A_THRESHOLD = 14
"""Values of ``beside``."""
EXTREME_NUMBERS = (LARGEST_NUMBER, -LARGEST_NUMBER, 1e30, -1e30, 1e-45, -1e-45, 0.0, -0.0, 16_777_217.0)
EXTREME_SECONDS = (-62_135_596_800.0, 253_402_300_799.0, -1.0, 0.0, 951_782_400.0, 4_107_542_399.0, 1e15)
"""First and last second of the calendar, around the epoch, 29 February 2000, the last second of February 2100."""
UNSEEN_TEXTS = ("never seen", " ", "\t\n", "\u00e9\u4e16\U0001f600", "!?;", "x" * 300, "0", "-1", "a, b. c/d-e")


def difficult_rows(
    schema: Schema, rows: Rows, thresholds: Mapping[int, NDArray[np.float64]], rng: np.random.Generator
) -> Iterator[tuple[str, Rows]]:
    """Make rows of each kind out of ``rows``, by putting a value into one column of some of them.

    ``thresholds``: index in the numbers block → values at which the model decides.
    """
    bases = rng.choice(len(rows), N_BASES)
    n_columns = len(schema.columns)
    most_values = max(len(EXTREME_NUMBERS) + 4, len(UNSEEN_TEXTS))
    bases = bases[: max(1, MOST_MADE_CELLS // (n_columns * n_columns * most_values))]
    numbers = [(i, column) for i, column in enumerate(schema.numbers)]
    texts = [(i, column) for i, column in enumerate(schema.texts)]
    step = -(-n_columns * n_columns * most_values // MOST_MADE_CELLS)  # of very many columns not every one has its turn
    numbers, texts = numbers[::step], texts[::step]
    missing = [put(rows, bases, number=(i, np.array([np.nan]))) for i, _ in numbers]
    missing += [put(rows, bases, text=(i, ("",))) for i, _ in texts]
    missing.append(Rows(np.full((1, len(schema.numbers)), np.nan), np.full((1, len(schema.texts)), "", object)))
    yield "missing", stacked(missing)
    if texts:
        yield "unseen", stacked([put(rows, bases, text=(i, UNSEEN_TEXTS)) for i, _ in texts])
    if numbers:
        yield "extreme", stacked([put(rows, bases, number=(i, extremes(column))) for i, column in numbers])
    if thresholds:
        some = bases[:N_BOUNDARY_BASES]
        yield "boundary", stacked([put(rows, some, number=(i, beside(t))) for i, t in thresholds.items()])


def put(
    rows: Rows,
    bases: NDArray[np.int64],
    *,
    number: tuple[int, NDArray[np.float64]] | None = None,
    text: tuple[int, tuple[str, ...]] | None = None,
) -> Rows:
    """Put each value into one column of each base row."""
    values: NDArray[np.float64] | tuple[str, ...] = number[1] if number else text[1] if text else ()
    chosen = np.repeat(bases, len(values))
    block, words = rows.numbers[chosen], rows.texts[chosen]
    if number:
        block[:, number[0]] = np.tile(number[1], len(bases))
    if text:
        words[:, text[0]] = np.array(list(text[1]) * len(bases), object)
    return Rows(block, words)


def stacked(parts: list[Rows]) -> Rows:
    """Put rows under one another."""
    return Rows(np.vstack([part.numbers for part in parts]), np.vstack([part.texts for part in parts]))


def extremes(column: Column) -> NDArray[np.float64]:
    """Give the ends of what a number may be, and of what this column's were."""
    if column.type == "datetime":
        return np.array(EXTREME_SECONDS)
    low, high = column.minimum or 0.0, column.maximum or 0.0
    values = np.array([*EXTREME_NUMBERS, low, high, low - (high - low), high + (high - low)])
    return np.asarray(np.clip(values, -LARGEST_NUMBER, LARGEST_NUMBER))


def thinned(parts: Mapping[int, Iterable[NDArray[np.float64]]], most_rows: int) -> dict[int, NDArray[np.float64]]:
    """Choose of each column's thresholds so many, evenly, that their rows are some ``most_rows`` at most."""
    most = most_rows // (N_BOUNDARY_BASES * POINTS_A_THRESHOLD)
    most_each = int(np.clip(most // max(len(parts), 1), FEWEST_THRESHOLDS, MOST_THRESHOLDS))
    chosen = {}
    for index, several in parts.items():
        values = np.unique(np.concatenate(list(several)))
        chosen[index] = values[np.linspace(0, len(values) - 1, min(len(values), most_each)).astype(int)]
    return chosen


def beside(thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give each threshold, the float32 values around it, and doubles beside where rounding to them turns."""
    nearest = thresholds.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf)).astype(np.float64)
    above = np.nextafter(nearest, np.float32(np.inf)).astype(np.float64)
    exact = nearest.astype(np.float64)
    halves = [(exact + below) / 2, (exact + above) / 2]
    beside = [np.nextafter(point, way) for point in (*halves, thresholds) for way in (-np.inf, np.inf)]
    return np.concatenate([thresholds, exact, below, above, *halves, *beside])
