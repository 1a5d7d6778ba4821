"""Measures of quality: predictions against actuals.

Classification: ``actual`` [n] holds label indices, ``predicted`` [n, c] probabilities, columns in label order; binary:
label 1 is the positive one (``oriented`` turns the table when it is label 0). Regression: both are [n].
A scorer that the rows do not define (one class only, say) gives ``nan``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from scoreline.automl.scorers.classification import (
    Accuracy,
    Auc,
    AucPr,
    BalancedAccuracy,
    FScore,
    Gini,
    LogLoss,
    Mcc,
)
from scoreline.automl.scorers.regression import R2, Mae, Mape, Rmse, Rmsle, Smape
from scoreline.core.errors import BadSetting
from scoreline.core.extensions import Extensions
from scoreline.core.schema import Task

Actual = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


class Scorer(Protocol):
    """One measure of quality."""

    @property
    def name(self) -> str: ...
    @property
    def tasks(self) -> frozenset[Task]: ...
    @property
    def greater_is_better(self) -> bool: ...
    @property
    def perfect(self) -> float: ...
    def score(self, actual: Actual, predicted: Floats) -> float: ...


SCORERS: Extensions[Scorer] = Extensions(
    "scorer",
    [
        LogLoss(),
        Auc(),
        AucPr(),
        Accuracy(),
        BalancedAccuracy(),
        FScore(1.0),
        FScore(0.5),
        FScore(2.0),
        Mcc(),
        Gini(),
        Rmse(),
        Mae(),
        R2(),
        Rmsle(),
        Mape(),
        Smape(),
    ],
)


def scorers_for(task: Task) -> list[Scorer]:
    """List the scorers that know ``task``, in their order."""
    return [scorer for scorer in SCORERS if task in scorer.tasks]


def score_each(scorers: Iterable[Scorer], score: Callable[[Scorer], float]) -> dict[str, float]:
    """Scorer → what ``score`` gives for it, of those that the rows define: no rmsle of negative numbers."""
    scores = {}
    for scorer in scorers:
        try:
            found = float(score(scorer))
        except BadSetting:
            continue
        if np.isfinite(found):
            scores[scorer.name] = found
    return scores


def default_scorer(task: Task) -> str:
    """Name the scorer of those who choose none: ``rmse`` for regression, ``log_loss`` otherwise."""
    return "rmse" if task == "regression" else "log_loss"


def oriented(actual: Actual, predicted: Floats, positive: int | None) -> tuple[Actual, Floats]:
    """Swap the labels of a binary problem whose positive one is label 0; anything else stays as it is."""
    if positive != 0 or predicted.ndim != 2 or predicted.shape[1] != 2:
        return actual, predicted
    return 1 - actual, predicted[:, ::-1]
