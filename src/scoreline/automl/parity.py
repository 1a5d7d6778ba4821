"""Proof that the graph scores as the fitted pipelines do: on all training rows, and on rows made to be difficult."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from scoreline.automl.export import Members, blend
from scoreline.automl.problem import Problem
from scoreline.core.errors import ParityFailed
from scoreline.core.manifest import KindParity, Parity
from scoreline.core.schema import LARGEST_NUMBER, Column
from scoreline.scoring.graph import Graph
from scoreline.scoring.rows import Rows

TOLERANCE = 1e-5
"""Of a probability; of a prediction, in standard deviations of the target."""
CHUNK_ROWS = 20_000
N_BASES = 20
"""Training rows that each made-up value is put into."""
MOST_MADE_CELLS = 20_000_000
"""Cells of all rows of one kind: of wide tables fewer rows are made."""
MOST_THRESHOLDS = 400
"""Thresholds tried per number column, spread evenly over all there are."""
FEWEST_THRESHOLDS = 5
MOST_BOUNDARY_ROWS = 200_000
N_BOUNDARY_BASES = 3
POINTS_A_THRESHOLD = 14
"""Values of ``_beside``."""
EXTREME_NUMBERS = (LARGEST_NUMBER, -LARGEST_NUMBER, 1e30, -1e30, 1e-45, -1e-45, 0.0, -0.0, 16_777_217.0)
EXTREME_SECONDS = (-62_135_596_800.0, 253_402_300_799.0, -1.0, 0.0, 951_782_400.0, 4_107_542_399.0, 1e15)
"""First and last second of the calendar, around the epoch, 29 February 2000, the last second of February 2100."""
UNSEEN_TEXTS = ("never seen", " ", "\t\n", "\u00e9\u4e16\U0001f600", "!?;", "x" * 300, "0", "-1", "a, b. c/d-e")


def check_parity(
    members: Members,
    graph: Graph,
    problem: Problem,
    rows: Rows,
    y: NDArray[np.float64 | np.int64],
    seed: int = 0,
    *,
    most_boundary_rows: int = MOST_BOUNDARY_ROWS,
) -> Parity:
    """Compare on ``rows`` (all training rows) and on generated ones; raise ``ParityFailed`` above the tolerance."""
    unit = float(np.std(y)) or 1.0 if problem.task == "regression" else 1.0
    kinds: dict[str, list[tuple[int, float]]] = {}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        chunks = [
            (kind, part)
            for kind, block in _blocks(members, problem, rows, np.random.default_rng(seed), most_boundary_rows)
            for part in _chunks(block)
        ]
        for (kind, part), largest in zip(
            chunks, pool.map(lambda pair: _largest(members, graph, pair[1]), chunks), strict=True
        ):
            kinds.setdefault(kind, []).append((len(part), largest / unit))
    by_kind = {
        kind: KindParity(n_rows=sum(n for n, _ in found), largest=max(gap for _, gap in found))
        for kind, found in kinds.items()
    }
    worst = max(by_kind, key=lambda kind: by_kind[kind].largest)
    parity = Parity(
        tolerance=TOLERANCE,
        largest=by_kind[worst].largest,
        n_rows=sum(kind.n_rows for kind in by_kind.values()),
        by_kind=by_kind,
    )
    if not parity.passed:
        raise ParityFailed(
            f"the graph differs from the fitted model by {parity.largest:.2g} on {worst} rows, more than {TOLERANCE:g}",
            hint="this is a fault in the export, not in your data: exclude the learner with --learner and report it",
        )
    return parity


def _largest(members: Members, graph: Graph, rows: Rows) -> float:
    fitted, scored = blend(members, rows), graph.run(rows)
    gaps = np.abs(fitted - scored)
    return float("inf") if np.isnan(gaps).any() else float(gaps.max(initial=0.0))


def _chunks(rows: Rows) -> Iterator[Rows]:
    for start in range(0, len(rows), CHUNK_ROWS):
        yield Rows(rows.numbers[start : start + CHUNK_ROWS], rows.texts[start : start + CHUNK_ROWS])


def _blocks(
    members: Members, problem: Problem, rows: Rows, rng: np.random.Generator, most_boundary_rows: int
) -> Iterator[tuple[str, Rows]]:
    yield "training", rows
    bases = rng.choice(len(rows), N_BASES)
    schema = problem.schema
    n_columns = len(schema.columns)
    most_values = max(len(EXTREME_NUMBERS) + 4, len(UNSEEN_TEXTS))
    bases = bases[: max(1, MOST_MADE_CELLS // (n_columns * n_columns * most_values))]
    numbers = [(i, column) for i, column in enumerate(schema.numbers)]
    texts = [(i, column) for i, column in enumerate(schema.texts)]
    step = -(-n_columns * n_columns * most_values // MOST_MADE_CELLS)  # of very many columns not every one has its turn
    numbers, texts = numbers[::step], texts[::step]
    missing = [_put(rows, bases, number=(i, np.array([np.nan]))) for i, _ in numbers]
    missing += [_put(rows, bases, text=(i, ("",))) for i, _ in texts]
    missing.append(Rows(np.full((1, len(schema.numbers)), np.nan), np.full((1, len(schema.texts)), "", object)))
    yield "missing", _stacked(missing)
    if texts:
        yield "unseen", _stacked([_put(rows, bases, text=(i, UNSEEN_TEXTS)) for i, _ in texts])
    if numbers:
        yield "extreme", _stacked([_put(rows, bases, number=(i, _extremes(column))) for i, column in numbers])
    boundaries = _thresholds(members, most_boundary_rows // (N_BOUNDARY_BASES * POINTS_A_THRESHOLD))
    if boundaries:
        some = bases[:N_BOUNDARY_BASES]
        yield "boundary", _stacked([_put(rows, some, number=(i, _beside(t))) for i, t in boundaries.items()])


def _put(
    rows: Rows,
    bases: NDArray[np.int64],
    *,
    number: tuple[int, NDArray[np.float64]] | None = None,
    text: tuple[int, tuple[str, ...]] | None = None,
) -> Rows:
    """Each base row with each value in one column."""
    values: NDArray[np.float64] | tuple[str, ...] = number[1] if number else text[1] if text else ()
    chosen = np.repeat(bases, len(values))
    block, words = rows.numbers[chosen], rows.texts[chosen]
    if number:
        block[:, number[0]] = np.tile(number[1], len(bases))
    if text:
        words[:, text[0]] = np.array(list(text[1]) * len(bases), object)
    return Rows(block, words)


def _stacked(parts: list[Rows]) -> Rows:
    return Rows(np.vstack([part.numbers for part in parts]), np.vstack([part.texts for part in parts]))


def _extremes(column: Column) -> NDArray[np.float64]:
    if column.type == "datetime":
        return np.array(EXTREME_SECONDS)
    low, high = column.minimum or 0.0, column.maximum or 0.0
    values = np.array([*EXTREME_NUMBERS, low, high, low - (high - low), high + (high - low)])
    return np.asarray(np.clip(values, -LARGEST_NUMBER, LARGEST_NUMBER))


def _thresholds(members: Members, most: int) -> dict[int, NDArray[np.float64]]:
    """Index in the numbers block → thresholds of any tree of any member on that column; ``most`` over all columns."""
    found: dict[int, list[NDArray[np.float64]]] = {}
    for _, member in members:
        for index, values in member.thresholds().items():
            found.setdefault(index, []).append(values)
    thinned = {}
    most_each = int(np.clip(most // max(len(found), 1), FEWEST_THRESHOLDS, MOST_THRESHOLDS))
    for index, parts in found.items():
        values = np.unique(np.concatenate(parts))
        thinned[index] = values[np.linspace(0, len(values) - 1, min(len(values), most_each)).astype(int)]
    return thinned


def _beside(thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each threshold, the float32 numbers around it, and the doubles beside the points where rounding to them turns."""
    nearest = thresholds.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf)).astype(np.float64)
    above = np.nextafter(nearest, np.float32(np.inf)).astype(np.float64)
    exact = nearest.astype(np.float64)
    halves = [(exact + below) / 2, (exact + above) / 2]
    beside = [np.nextafter(point, way) for point in (*halves, thresholds) for way in (-np.inf, np.inf)]
    return np.concatenate([thresholds, exact, below, above, *halves, *beside])
