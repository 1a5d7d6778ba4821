"""Categories: each encoding is a table level → values; the graph looks every encoding of every column up at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scoreline.automl.graph import TEXTS, GraphWriter
from scoreline.automl.problem import Problem
from scoreline.scoring.rows import Rows

UNSEEN, MISSING, FIRST_LEVEL = 0, 1, 2
"""Codes of a column. A level seen too rarely in training is unseen, so that a fit learns what unseen means."""

FEWEST_ROWS = 2
"""Rows a level must have had to be a level."""
MOST_LEVELS = 10_000
SMOOTHING = 10.0
"""Rows' worth of belief in the overall mean: Micci-Barreca, "A preprocessing scheme for high-cardinality categorical
attributes", SIGKDD Explorations 3(1), 2001."""
N_CROSS_FITS = 5
MOST_CLASSES = 10
"""Target encoding has one value per class; with more classes than this it is left out."""
LARGEST_JOINT_TABLE = 65_536
"""Cells of the one table that small columns share; a column that would overflow it gets a table of its own."""


class Encoding(Protocol):
    """One way to turn the codes of a column into values."""

    def table(self, codes: NDArray[np.int64], y: NDArray[Any], n_codes: int) -> NDArray[np.float64]:
        """Values [n_codes, d] for transforming other rows."""
        ...

    def cross_fit(self, codes: NDArray[np.int64], y: NDArray[Any], n_codes: int) -> NDArray[np.float64] | None:
        """Values [n, d] of the fit's own rows where they must differ from the table's; None where they are the same."""
        ...


class OneHot:
    """One column per level; none for unseen."""

    def table(self, codes: NDArray[np.int64], y: NDArray[Any], n_codes: int) -> NDArray[np.float64]:
        used = [code for code in range(MISSING, n_codes) if code != MISSING or (codes == MISSING).any()]
        return np.asarray(np.eye(n_codes)[:, used], np.float64)

    def cross_fit(self, codes: NDArray[np.int64], y: NDArray[Any], n_codes: int) -> None:
        return None


class Ordinal:
    """The level's place in sorted order (numeric for integer codes); -1 for unseen, -2 for missing."""

    def table(self, codes: NDArray[np.int64], y: NDArray[Any], n_codes: int) -> NDArray[np.float64]:
        return np.concatenate([[-1.0, -2.0], np.arange(n_codes - FIRST_LEVEL)])[:, None]

    def cross_fit(self, codes: NDArray[np.int64], y: NDArray[Any], n_codes: int) -> None:
        return None


class Frequency:
    """The share of training rows with the level; 0 for unseen."""

    def table(self, codes: NDArray[np.int64], y: NDArray[Any], n_codes: int) -> NDArray[np.float64]:
        shares = np.bincount(codes, minlength=n_codes) / max(len(codes), 1)
        shares[UNSEEN] = 0.0
        return np.asarray(shares[:, None], np.float64)

    def cross_fit(self, codes: NDArray[np.int64], y: NDArray[Any], n_codes: int) -> None:
        return None


class TargetMean:
    """The smoothed mean of the target per level: per class, or of the number. Out of fold for the fit's own rows."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self._problem, self._seed = problem, seed

    def table(self, codes: NDArray[np.int64], y: NDArray[Any], n_codes: int) -> NDArray[np.float64]:
        goals = self._goals(y)
        sums = np.stack([np.bincount(codes, goal, n_codes) for goal in goals.T], axis=1)
        counts = np.bincount(codes, minlength=n_codes)[:, None]
        return np.asarray((sums + SMOOTHING * goals.mean(axis=0)) / (counts + SMOOTHING))

    def cross_fit(self, codes: NDArray[np.int64], y: NDArray[Any], n_codes: int) -> NDArray[np.float64]:
        fold = np.random.default_rng(self._seed).permutation(len(codes)) % N_CROSS_FITS
        values = np.empty((len(codes), self._goals(y[:1]).shape[1]))
        for k in range(N_CROSS_FITS):
            held = fold == k
            if held.any():
                rest = ~held if not held.all() else held
                values[held] = self.table(codes[rest], y[rest], n_codes)[codes[held]]
        return values

    def _goals(self, y: NDArray[Any]) -> NDArray[np.float64]:
        if self._problem.task == "multiclass":
            return np.asarray(np.eye(len(self._problem.labels))[y], np.float64)
        return y.astype(np.float64)[:, None]


Choice = Callable[[int, Problem, int], list[Encoding]]
"""Which encodings a column of so many levels gets."""


def for_trees(n_levels: int, problem: Problem, seed: int) -> list[Encoding]:
    """Few levels: one-hot and target mean; many: target mean, frequency and order."""
    target = [TargetMean(problem, seed)] if len(problem.labels) <= MOST_CLASSES else []
    if n_levels <= 2:
        return [Ordinal()]
    if n_levels <= 12:
        return [OneHot(), *target]
    return [*target, Frequency(), Ordinal()]


def for_linear(n_levels: int, problem: Problem, seed: int) -> list[Encoding]:
    """One-hot while that stays narrow, target mean where levels are many."""
    target = [TargetMean(problem, seed)] if len(problem.labels) <= MOST_CLASSES else []
    if n_levels <= 12:
        return [OneHot()]
    if n_levels <= 200:
        return [OneHot(), *target]
    return [*target, Frequency()]


class CategoryColumn:
    """One column, fitted: level → code, code → values."""

    def __init__(self, index: int, integer: bool) -> None:
        self.index, self._integer = index, integer
        self.codes: dict[str, int] = {"": MISSING}
        self.table = np.zeros((FIRST_LEVEL, 0), np.float32)

    def encode(self, rows: Rows) -> NDArray[np.int64]:
        get = self.codes.get
        return np.array([get(text, UNSEEN) for text in rows.texts[:, self.index].tolist()], np.int64)

    def fit_transform(
        self, rows: Rows, y: NDArray[Any], problem: Problem, seed: int, choice: Choice, scale: bool
    ) -> NDArray[np.float32]:
        levels, counts = np.unique(rows.texts[:, self.index].astype(str), return_counts=True)
        often = [
            (-n, level) for level, n in zip(levels.tolist(), counts.tolist(), strict=True) if level and n >= FEWEST_ROWS
        ]
        kept = sorted((level for _, level in sorted(often)[:MOST_LEVELS]), key=_numeric if self._integer else None)
        self.codes = {"": MISSING} | {level: code for code, level in enumerate(kept, FIRST_LEVEL)}
        codes, n_codes = self.encode(rows), len(kept) + FIRST_LEVEL
        tables, own = [], []
        for encoding in choice(len(kept), problem, seed):
            table = encoding.table(codes, y, n_codes)
            values = encoding.cross_fit(codes, y, n_codes)
            values = table[codes] if values is None else values
            if scale and not isinstance(encoding, OneHot):
                mean, spread = values.mean(axis=0), values.std(axis=0)
                table, values = ((part - mean) / np.where(spread > 0, spread, 1.0) for part in (table, values))
            tables.append(table)
            own.append(values)
        self.table = np.hstack(tables).astype(np.float32)
        if not (codes == MISSING).any():
            self.table[MISSING] = self.table[UNSEEN]
        return np.hstack(own).astype(np.float32)

    def to_onnx(self, graph: GraphWriter, width: int) -> str:
        """Look up this column alone."""
        texts = graph.columns(TEXTS, [self.index], width)
        keys, values = list(self.codes), list(self.codes.values())
        codes = graph.node(
            "LabelEncoder", texts, domain="ai.onnx.ml", keys_strings=keys, values_int64s=values, default_int64=UNSEEN
        )
        found = graph.node("Gather", graph.constant(self.table), codes, axis=0)
        return graph.node("Squeeze", found, graph.constant(np.array([1])))


def _numeric(level: str) -> tuple[float, str]:
    try:
        return float(level), level
    except ValueError:
        return float("inf"), level


class Categories:
    """Every category column with the encodings its number of levels asks for."""

    def __init__(self, problem: Problem, seed: int, choice: Choice, *, scale: bool = False) -> None:
        self._problem, self._seed, self._choice, self._scale = problem, seed, choice, scale
        self._width = len(problem.schema.texts)
        self._columns = [
            CategoryColumn(i, column.integer)
            for i, column in enumerate(problem.schema.texts)
            if column.type == "category"
        ]

    def fit_transform(self, rows: Rows, y: NDArray[Any]) -> NDArray[np.float32]:
        fitted = [
            (column, column.fit_transform(rows, y, self._problem, self._seed, self._choice, self._scale))
            for column in self._columns
        ]
        fitted = [pair for pair in fitted if pair[1].shape[1]]
        fitted.sort(key=lambda pair: len(pair[0].codes))  # stable: small columns first, they share one lookup
        n = _n_joint([column for column, _ in fitted])
        # In the schema's order the joint lookup needs no reordering of the texts.
        fitted[:n] = sorted(fitted[:n], key=lambda pair: pair[0].index)
        self._columns = [column for column, _ in fitted]
        return np.hstack([np.zeros((len(rows), 0), np.float32), *(block for _, block in fitted)])

    def transform(self, rows: Rows) -> NDArray[np.float32]:
        blocks = [column.table[column.encode(rows)] for column in self._columns]
        return np.hstack([np.zeros((len(rows), 0), np.float32), *blocks])

    def to_onnx(self, graph: GraphWriter) -> str:
        return look_up(graph, self._columns, self._width)


def look_up(graph: GraphWriter, columns: list[CategoryColumn], width: int) -> str:
    """Look up the features of all columns, side by side: in one table while that stays small, then each by itself."""
    n_joint = _n_joint(columns)
    joint, alone = columns[:n_joint], columns[n_joint:]
    blocks = [_joint_lookup(graph, joint, width)] if joint else []
    return graph.concat(blocks + [column.to_onnx(graph, width) for column in alone])


def _n_joint(columns: list[CategoryColumn]) -> int:
    """How many of the leading columns share the joint table."""
    levels: set[str] = set()
    n_features = 0
    for n, column in enumerate(columns):
        levels |= column.codes.keys()
        n_features += column.table.shape[1]
        if n_features * (len(levels) + 1) > LARGEST_JOINT_TABLE:
            return n
    return len(columns)


def _joint_lookup(graph: GraphWriter, columns: list[CategoryColumn], width: int) -> str:
    """One string lookup for all columns, one table for all features: four nodes, however many columns.

    Levels of all columns get joint numbers, the last of which stands for a level that no column knows; the table has a
    row per feature with its value for each joint level.
    """
    texts = graph.columns(TEXTS, [column.index for column in columns], width)
    levels = sorted({level for column in columns for level in column.codes})
    joint = graph.node(
        "LabelEncoder",
        texts,
        domain="ai.onnx.ml",
        keys_strings=levels,
        values_int64s=list(range(len(levels))),
        default_int64=len(levels),
    )
    table = np.vstack(
        [column.table[[column.codes.get(level, UNSEEN) for level in levels] + [UNSEEN]].T for column in columns]
    )
    of_feature = np.repeat(np.arange(len(columns)), [column.table.shape[1] for column in columns])
    picked = graph.node("Gather", joint, graph.constant(of_feature), axis=1)
    cells = graph.node("Add", picked, graph.constant(np.arange(len(table)) * table.shape[1]))
    return graph.node("Gather", graph.constant(table.ravel()), cells, axis=0)
