"""Columns that alone predict the target: too good to be known when a score is asked for."""

from __future__ import annotations

from collections.abc import Callable

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
Rows = NDArray[np.int64]


def alone(values: pl.Series, column: Column, outcome: Floats, task: Task) -> float | None:
    """Score ``values`` as the only predictor of ``outcome`` (float64 [n]; class indices for classification).

    Half of the rows give each bin of numbers or level of a category its mean outcome, which predicts the other half.
    The score is AUC (one class against the rest, weighted by class), or R² of the outcome or of its ranks, whichever is
    larger: ranks see a leak in an outcome of long tails. None where rows are too few or the column is free text.
    """
    if column.type == "text" or len(outcome) < FEWEST_ROWS:
        return None
    rows = np.random.default_rng(SEED).permutation(len(outcome))[:ROWS]
    predict = _by_level(values, rows) if column.type == "category" else _by_number(values, rows)
    known = outcome[rows]
    test = known[len(rows) // 2 :]
    if task == "regression":
        ranks = np.argsort(np.argsort(known, kind="stable"), kind="stable").astype(np.float64)
        return max(_r2(test, predict(known)), _r2(ranks[len(rows) // 2 :], predict(ranks)))
    classes = np.unique(known)
    scores, weights = [], []
    for label in classes[1:] if len(classes) == 2 else classes:
        is_label = (known == label).astype(np.float64)
        n_test = is_label[len(rows) // 2 :].sum()
        if 0 < n_test < len(test):
            scores.append(auc(is_label[len(rows) // 2 :], predict(is_label)))
            weights.append(n_test)
    return float(np.average(scores, weights=weights)) if scores else None


def auc(actual: Floats, predicted: Floats) -> float:
    """Area under the ROC curve of 0/1 ``actual`` by ``predicted``; equal predictions count half."""
    _, inverse, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n_true = actual.sum()
    n_false = len(actual) - n_true
    return float((ranks[actual > 0].sum() - n_true * (n_true + 1) / 2) / (n_true * n_false))


def _r2(actual: Floats, predicted: Floats) -> float:
    spread = float(((actual - actual.mean()) ** 2).sum())
    return 1 - float(((actual - predicted) ** 2).sum()) / spread if spread else 0.0


def _by_level(values: pl.Series, rows: Rows) -> Callable[[Floats], Floats]:
    """Predict the second half of ``rows`` from the means of each level in the first; missing is a level."""
    codes = values.gather(rows).rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    half, size = len(rows) // 2, int(codes.max()) + 1
    counts = np.bincount(codes[:half], minlength=size)

    def predict(outcome: Floats) -> Floats:
        sums = np.bincount(codes[:half], outcome[:half], size)
        means = (sums + PRIOR_ROWS * outcome[:half].mean()) / (counts + PRIOR_ROWS)
        predicted: Floats = means[codes[half:]]
        return predicted

    return predict


def _by_number(values: pl.Series, rows: Rows) -> Callable[[Floats], Floats]:
    """Predict the second half of ``rows`` by lines through the means of bins of equal counts in the first.

    A frequent number has a bin of its own; missing numbers have the mean of those that are missing.
    """
    taken = values.gather(rows)
    numbers = taken.dt.epoch("us") if taken.dtype.is_temporal() else taken
    x = numbers.cast(pl.Float64).fill_null(np.nan).to_numpy()
    half = len(rows) // 2
    learn, test = x[:half], x[half:]
    known = ~np.isnan(learn)
    n_bins = int(np.clip(known.sum() // ROWS_PER_BIN, 2, BINS))
    edges = np.unique(np.quantile(learn[known], np.linspace(0, 1, n_bins + 1)[1:-1])) if known.any() else np.empty(0)
    codes = np.searchsorted(edges, learn[known], side="right")
    counts = np.bincount(codes, minlength=1)
    filled = np.flatnonzero(counts)
    centres = np.bincount(codes, learn[known], len(counts))[filled] / counts[filled]

    def predict(outcome: Floats) -> Floats:
        absent = outcome[:half][~known]
        mean = absent.mean() if len(absent) else outcome[:half].mean()
        if not len(filled):
            return np.full(len(test), mean)
        means = np.bincount(codes, outcome[:half][known], len(counts))[filled] / counts[filled]
        predicted: Floats = np.interp(test, centres, means)
        predicted[np.isnan(test)] = mean
        return predicted

    return predict
