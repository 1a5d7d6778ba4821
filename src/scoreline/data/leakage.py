"""Columns that alone predict the target: too good to be known when a score is asked for."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoreline.core.schema import Column, Task

ROWS = 50_000
"""A sample of this many rows is enough: the score of one column is not a close call."""
FEWEST_ROWS = 60
BINS = 200
ROWS_PER_BIN = 10
PRIOR_ROWS = 1.0
"""A level's mean is drawn to the overall mean as if by this many rows."""
SEED = 20

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def alone(values: pl.Series, column: Column, outcome: Floats, task: Task) -> float | None:
    """Score ``values`` as the only predictor of ``outcome`` (float64 [n]; class indices for classification).

    Half of the rows give each bin or level its mean outcome, which predicts the other half: AUC (the mean of one class
    against the rest, weighted by class) or R². None where there are too few rows or the column is free text.
    """
    if column.type == "text" or len(outcome) < FEWEST_ROWS:
        return None
    random = np.random.default_rng(SEED)
    rows = random.permutation(len(outcome))[:ROWS]
    learn, test = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    codes = _codes(values, column, learn)
    if task == "regression":
        predicted = _means(codes, outcome, learn)[codes[test]]
        return _r2(outcome[test], predicted)
    classes = np.unique(outcome)
    scores, weights = [], []
    for label in classes[1:] if len(classes) == 2 else classes:
        is_label = (outcome == label).astype(np.float64)
        if 0 < is_label[test].sum() < len(test) and is_label[learn].any():
            scores.append(auc(is_label[test], _means(codes, is_label, learn)[codes[test]]))
            weights.append(is_label[test].sum())
    return float(np.average(scores, weights=weights)) if scores else None


def auc(actual: Floats, predicted: Floats) -> float:
    """Area under the ROC curve of 0/1 ``actual`` by ``predicted``; equal predictions count half."""
    _, inverse, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n_true = actual.sum()
    n_false = len(actual) - n_true
    return float((ranks[actual > 0].sum() - n_true * (n_true + 1) / 2) / (n_true * n_false))


def _r2(actual: Floats, predicted: Floats) -> float | None:
    spread = float(((actual - actual.mean()) ** 2).sum())
    return 1 - float(((actual - predicted) ** 2).sum()) / spread if spread else None


def _codes(values: pl.Series, column: Column, learn: Codes) -> Codes:
    """Give each row the number of its level, or of its bin of equal counts; missing is a bin of its own, number 0."""
    if column.type == "category":
        return values.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    numbers = values.dt.epoch("us").cast(pl.Float64) if column.type == "datetime" else values.cast(pl.Float64)
    array = numbers.fill_null(np.nan).to_numpy()
    known = array[learn][~np.isnan(array[learn])]
    if not len(known):
        return np.zeros(len(array), np.int64)
    n_bins = int(np.clip(len(known) // ROWS_PER_BIN, 2, BINS))
    edges = np.unique(np.quantile(known, np.linspace(0, 1, n_bins + 1)[1:-1]))
    # Values at an edge share the bin above it, so that a frequent value has a bin of its own.
    codes: Codes = np.searchsorted(edges, array, side="right") + 1
    codes[np.isnan(array)] = 0
    return codes


def _means(codes: Codes, outcome: Floats, learn: Codes) -> Floats:
    size = int(codes.max()) + 1
    sums = np.bincount(codes[learn], outcome[learn], size)
    counts = np.bincount(codes[learn], minlength=size)
    means: Floats = (sums + PRIOR_ROWS * outcome[learn].mean()) / (counts + PRIOR_ROWS)
    return means
