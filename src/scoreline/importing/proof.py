"""Proof that the graph scores as the original does: on the sample, and on rows made to be difficult."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scoreline.automl import difficult
from scoreline.automl.parity import TOLERANCE, proved
from scoreline.core.errors import ModelRefused
from scoreline.core.manifest import KindParity, Parity
from scoreline.core.schema import LARGEST_NUMBER, Column, Schema, Task
from scoreline.importing.original import CannotTake, first_line
from scoreline.importing.process import OriginalProcess
from scoreline.scoring.graph import Graph
from scoreline.scoring.rows import Rows

FAULT = "a fault in the conversion, not in your model: export it to ONNX with its own exporter, and report it"
MOST_SAMPLE_ROWS = 20_000
MOST_BOUNDARY_ROWS = 50_000
N_BASES = 10
MOST_COLUMNS = 500
"""Columns that are tried one by one."""
HUGE = 1e9
"""Times the range of a column; what is farther out is tried, and told where it differs, but refuses nothing."""

Floats = npt.NDArray[np.float64]


class Proof(NamedTuple):
    """What was compared, and what the original does not take."""

    parity: Parity
    required: frozenset[str]
    """Columns that must not be missing: the original does not take that, or the graph scores it otherwise."""
    n_differ: int
    """How many of them the original does take."""
    notes: tuple[str, ...]


class _Prover:
    """Compares, and remembers the largest difference of each kind of row."""

    def __init__(self, original: OriginalProcess, graph: Graph, unit: float) -> None:
        self._original, self._graph, self._unit = original, graph, unit
        self.kinds: dict[str, KindParity] = {}

    def gap(self, rows: Rows) -> float | None:
        """Return the largest difference; None: the original gives no number. Raises CannotTake."""
        expected = self._original.score(rows)
        try:
            found = np.asarray(self._graph.run(rows), np.float64)
        except Exception as error:  # onnxruntime's own exceptions share no base but this
            raise ModelRefused(f"the graph that was made of it cannot run: {first_line(error)}") from None
        if expected.shape != found.shape:
            raise ModelRefused(f"the original answers with {expected.shape}, the graph with {found.shape}")
        if np.isnan(expected).any():
            return None
        return difference(expected, found, self._unit)

    def count(self, kind: str, rows: Rows, gap: float) -> None:
        """Remember a comparison."""
        before = self.kinds.get(kind, KindParity(n_rows=0, largest=0.0))
        self.kinds[kind] = KindParity(n_rows=before.n_rows + len(rows), largest=max(before.largest, gap))


def difference(expected: Floats, found: Floats, unit: float) -> float:
    """Return the largest difference: of probabilities; of predictions in ``unit``, of larger ones in themselves."""
    with np.errstate(invalid="ignore", over="ignore"):
        gaps = np.abs(expected - found)
        if expected.ndim == 1:
            gaps = gaps / np.maximum(unit, np.abs(expected))
    gaps[expected == found] = 0.0  # also where both are infinite
    return float("inf") if np.isnan(gaps).any() else float(gaps.max(initial=0.0))


def prove(
    original: OriginalProcess,
    graph: Graph,
    schema: Schema,
    task: Task,
    rows: Rows,
    thresholds: Mapping[int, list[float]],
    *,
    seed: int = 0,
) -> Proof:
    """Compare the graph with the original. Raises ModelRefused, and ParityFailed above the tolerance."""
    sample = rows[:MOST_SAMPLE_ROWS]
    expected = _scores_of_sample(original, sample, task)
    prover = _Prover(original, graph, float(np.std(expected)) or 1.0)
    gap = prover.gap(sample)
    prover.count("sample", sample, float("inf") if gap is None else gap)
    one = [prover.gap(sample[i : i + 1]) or 0.0 for i in range(min(len(sample), N_BASES))]
    prover.count("single", sample[: len(one)], max(one))
    bases = np.random.default_rng(seed).choice(_whole(sample), N_BASES)
    required, n_differ, notes = _missing(prover, schema, sample, bases)
    notes += _unseen(prover, schema, sample, bases)
    notes += _extreme(prover, schema, sample, bases)
    found = {index: [np.array(values)] for index, values in thresholds.items() if values}
    for index, values in difficult.thinned(found, MOST_BOUNDARY_ROWS).items():
        points = difficult.beside(values)
        points = points[np.abs(points) <= LARGEST_NUMBER]
        made = difficult.put(sample, bases[:3], number=(index, points))
        gap = prover.gap(made)
        prover.count("boundary", made, float("inf") if gap is None else gap)
    return Proof(proved(prover.kinds, "the original", hint=FAULT), frozenset(required), n_differ, tuple(notes))


def _scores_of_sample(original: OriginalProcess, sample: Rows, task: Task) -> Floats:
    try:
        scores = original.score(sample)
    except CannotTake as error:
        raise ModelRefused(
            f"the original does not score the sample: {error}", hint="give rows as it was trained on"
        ) from None
    if np.isnan(scores).any():
        row = int(np.argwhere(np.isnan(scores))[0][0]) + 1
        raise ModelRefused(
            f"the original gives no number for row {row} of the sample", hint="give rows that it scores: none missing"
        )
    if task != "regression" and (scores.min() < -TOLERANCE or scores.max() > 1 + TOLERANCE):
        raise ModelRefused(
            f"its outputs are no probabilities: they go from {scores.min():.4g} to {scores.max():.4g}",
            hint="end the graph with Softmax, or with Sigmoid where it gives one number",
        )
    return scores


def _whole(rows: Rows) -> npt.NDArray[np.int64]:
    """Return the rows without a missing value, or all where there is none."""
    whole = ~np.isnan(rows.numbers).any(axis=1) & (rows.texts != "").all(axis=1)
    return np.flatnonzero(whole) if whole.any() else np.arange(len(rows))


def _missing(
    prover: _Prover, schema: Schema, rows: Rows, bases: npt.NDArray[np.int64]
) -> tuple[set[str], int, list[str]]:
    n_differ = 0
    required: set[str] = set()
    notes: list[str] = []
    gap: float | None
    for column, made in _each(schema, rows, bases, numbers=lambda _: np.array([np.nan]), texts=("",)):
        try:
            gap = prover.gap(made)
            reason = (
                "gives no number for such a row" if gap is None else "scores such a row in a way that no graph shows"
            )
        except CannotTake as error:
            gap, reason = None, f"refuses such a row: {error}"
        if gap is not None and gap <= TOLERANCE:
            prover.count("missing", made, gap)
            continue
        required.add(column.name)
        n_differ += gap is not None
        notes.append(f"column `{column.name}` must not be missing: the original {reason}")
    some_tried = len(schema.columns) > MOST_COLUMNS
    if not required:
        nothing = Rows(np.full((1, len(schema.numbers)), np.nan), np.full((1, len(schema.texts)), "", object))
        try:
            gap = prover.gap(nothing)
        except CannotTake:
            gap = None
        if gap is not None:
            prover.count("missing", nothing, gap)
        else:
            notes.append("a row of which everything is missing gets no answer from the original")
    if some_tried and (required or gap is None):
        required = set(schema.names)
        notes.append(f"it has more than {MOST_COLUMNS} columns, of which some may not be missing: so may none")
    return required, n_differ, notes


def _unseen(prover: _Prover, schema: Schema, rows: Rows, bases: npt.NDArray[np.int64]) -> list[str]:
    notes = []
    for column, made in _each(schema, rows, bases, numbers=None, texts=difficult.UNSEEN_TEXTS):
        try:
            gap = prover.gap(made)
        except CannotTake as error:
            notes.append(
                f"the original refuses levels of `{column.name}` that it never saw, the graph scores them: {error}"
            )
            continue
        prover.count("unseen", made, float("inf") if gap is None else gap)
    return notes


def _extreme(prover: _Prover, schema: Schema, rows: Rows, bases: npt.NDArray[np.int64]) -> list[str]:
    notes = []
    for far in (False, True):
        for column, made in _each(schema, rows, bases, numbers=partial(_ends, far=far), texts=()):
            try:
                gap = prover.gap(made)
            except CannotTake as error:
                notes.append(f"the original refuses extreme numbers in `{column.name}`, the graph scores them: {error}")
                continue
            if far and (gap is None or gap > TOLERANCE):
                what = "the original gives no number" if gap is None else "the graph differs from the original"
                notes.append(f"{what} where `{column.name}` is beyond {HUGE:g} times its range")
                continue
            prover.count("extreme", made, float("inf") if gap is None else gap)
    return notes


def _ends(column: Column, far: bool) -> Floats:
    """Return extreme values of a column, within ``HUGE`` times its range or beyond."""
    values = difficult.extremes(column)
    reach = HUGE * max(abs(column.minimum or 0.0), abs(column.maximum or 0.0), 1.0)
    return np.asarray(values[(np.abs(values) > reach) == far])


def _each(
    schema: Schema,
    rows: Rows,
    bases: npt.NDArray[np.int64],
    *,
    numbers: Callable[[Column], Floats] | None,
    texts: tuple[str, ...],
) -> Iterator[tuple[Column, Rows]]:
    """Give each column with rows that have these values in it, where there are any; of very many not every one."""
    step = -(-len(schema.columns) // MOST_COLUMNS)
    if numbers is not None:
        for i, column in list(enumerate(schema.numbers))[::step]:
            values = numbers(column)
            if len(values):
                yield column, difficult.put(rows, bases, number=(i, values))
    if texts:
        for i, column in list(enumerate(schema.texts))[::step]:
            yield column, difficult.put(rows, bases, text=(i, texts))
