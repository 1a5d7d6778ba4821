"""Probabilities [n, c] against label indices [n]."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from scoreline.automl.scorers import thresholds
from scoreline.automl.scorers.thresholds import Curve
from scoreline.core.schema import Task

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
TASKS: frozenset[Task] = frozenset({"binary", "multiclass"})


class LogLoss:
    """Mean negative log-likelihood of the true label."""

    name = "log_loss"
    tasks = TASKS
    greater_is_better = False
    perfect = 0.0

    def score(self, actual: Labels, predicted: Floats) -> float:
        """Score probabilities clipped to [1e-15, 1]."""
        chosen = predicted[np.arange(len(actual)), actual]
        return float(-np.mean(np.log(np.clip(chosen, 1e-15, 1.0))))


class Auc:
    """Area under the ROC curve; multiclass: the mean over one label against the rest."""

    name = "auc"
    tasks = TASKS
    greater_is_better = True
    perfect = 1.0

    def score(self, actual: Labels, predicted: Floats) -> float:
        """Labels that are absent, or the only one, are left out of the mean; with none left the score is ``nan``."""
        return _one_against_rest(actual, predicted, thresholds.area_under_roc)


class AucPr:
    """Average precision, below the precision-recall steps; multiclass: the mean over one label against the rest."""

    name = "aucpr"
    tasks = TASKS
    greater_is_better = True
    perfect = 1.0

    def score(self, actual: Labels, predicted: Floats) -> float:
        """Labels that are absent, or the only one, are left out of the mean; with none left the score is ``nan``."""
        return _one_against_rest(actual, predicted, thresholds.average_precision)


class Gini:
    """Normalised Gini coefficient: 2 AUC - 1."""

    name = "gini"
    tasks = TASKS
    greater_is_better = True
    perfect = 1.0

    def score(self, actual: Labels, predicted: Floats) -> float:
        """Score as ``auc`` does."""
        return 2 * _one_against_rest(actual, predicted, thresholds.area_under_roc) - 1


class Accuracy:
    """Share of rows whose most probable label is the true one."""

    name = "accuracy"
    tasks = TASKS
    greater_is_better = True
    perfect = 1.0

    def score(self, actual: Labels, predicted: Floats) -> float:
        return float(np.mean(predicted.argmax(axis=1) == actual))


class BalancedAccuracy:
    """Recall of the most probable label, averaged over the labels that occur."""

    name = "balanced_accuracy"
    tasks = TASKS
    greater_is_better = True
    perfect = 1.0

    def score(self, actual: Labels, predicted: Floats) -> float:
        table = _confusion(actual, predicted)
        rows = table.sum(axis=1)
        occur = rows > 0
        return float(np.mean(np.diag(table)[occur] / rows[occur]))


class FScore:
    """Weighted harmonic mean of precision and recall; ``beta`` > 1 favours recall.

    Binary: at the best threshold of the rows scored. Multiclass: of the most probable label, averaged over the labels
    that occur or are predicted.
    """

    tasks = TASKS
    greater_is_better = True
    perfect = 1.0

    def __init__(self, beta: float) -> None:
        self.beta = beta
        self.name = f"f{beta:g}"

    def score(self, actual: Labels, predicted: Floats) -> float:
        if predicted.shape[1] == 2:
            return float(self.along(thresholds.curve(actual == 1, predicted[:, 1])).max(initial=0.0))
        table = _confusion(actual, predicted)
        weight = self.beta * self.beta
        below = weight * table.sum(axis=1) + table.sum(axis=0)
        occur = below > 0
        return float(np.mean((1 + weight) * np.diag(table)[occur] / below[occur]))

    def along(self, curve: Curve) -> Floats:
        """Score every threshold of ``curve``."""
        return thresholds.f_scores(curve, self.beta)


class Mcc:
    """Matthews correlation. Binary: at the best threshold of the rows scored. Multiclass: Gorodkin (2004)."""

    name = "mcc"
    tasks = TASKS
    greater_is_better = True
    perfect = 1.0

    def score(self, actual: Labels, predicted: Floats) -> float:
        if predicted.shape[1] == 2:
            return float(self.along(thresholds.curve(actual == 1, predicted[:, 1])).max(initial=-1.0))
        table = _confusion(actual, predicted)
        true, called, n = table.sum(axis=1), table.sum(axis=0), table.sum()
        covariance = np.trace(table) * n - true @ called
        spread = np.sqrt((n * n - called @ called) * (n * n - true @ true))
        return float(covariance / spread) if spread > 0 else 0.0

    def along(self, curve: Curve) -> Floats:
        """Score every threshold of ``curve``."""
        return thresholds.matthews(curve)


def _one_against_rest(actual: Labels, predicted: Floats, measure: Callable[[Curve], float]) -> float:
    if predicted.shape[1] == 2:
        curve = thresholds.curve(actual == 1, predicted[:, 1])
        return measure(curve) if curve.n_positives and curve.n_negatives else float("nan")
    curves = [thresholds.curve(actual == label, predicted[:, label]) for label in np.unique(actual)]
    values = [measure(curve) for curve in curves if curve.n_positives and curve.n_negatives]
    return float(np.mean(values)) if values else float("nan")


def _confusion(actual: Labels, predicted: Floats) -> Floats:
    n_labels = predicted.shape[1]
    cells = actual * n_labels + predicted.argmax(axis=1)
    return np.bincount(cells, minlength=n_labels * n_labels).reshape(n_labels, n_labels).astype(np.float64)
