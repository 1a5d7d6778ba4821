"""Numbers [n] against numbers [n]."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoreline.core.errors import BadSetting
from scoreline.core.schema import Task

Floats = npt.NDArray[np.float64]
TASKS: frozenset[Task] = frozenset({"regression"})


class Rmse:
    """Root of the mean squared error."""

    name = "rmse"
    tasks = TASKS
    greater_is_better = False
    perfect = 0.0

    def score(self, actual: Floats, predicted: Floats) -> float:
        return float(np.sqrt(np.mean(np.square(actual - predicted))))


class Mae:
    """Mean absolute error."""

    name = "mae"
    tasks = TASKS
    greater_is_better = False
    perfect = 0.0

    def score(self, actual: Floats, predicted: Floats) -> float:
        return float(np.mean(np.abs(actual - predicted)))


class R2:
    """Share of the target's variance that is explained; a constant target gives 1 when hit exactly and 0 otherwise."""

    name = "r2"
    tasks = TASKS
    greater_is_better = True
    perfect = 1.0

    def score(self, actual: Floats, predicted: Floats) -> float:
        left = float(np.sum(np.square(actual - predicted)))
        total = float(np.sum(np.square(actual - np.mean(actual))))
        if total == 0.0:
            return 1.0 if left == 0.0 else 0.0
        return 1.0 - left / total


class Rmsle:
    """Root of the mean squared error of log(1 + value): relative errors of a target that is never negative."""

    name = "rmsle"
    tasks = TASKS
    greater_is_better = False
    perfect = 0.0

    def score(self, actual: Floats, predicted: Floats) -> float:
        """Score predictions clipped at 0. Raises ``BadSetting`` where an actual is negative."""
        if len(actual) and np.min(actual) < 0:
            raise BadSetting(
                f"scorer `rmsle` needs a target that is never negative, found {np.min(actual):g}",
                hint="choose rmse or mae",
            )
        return float(np.sqrt(np.mean(np.square(np.log1p(actual) - np.log1p(np.maximum(predicted, 0.0))))))


class Mape:
    """Mean absolute error as a share of the actual value."""

    name = "mape"
    tasks = TASKS
    greater_is_better = False
    perfect = 0.0

    def score(self, actual: Floats, predicted: Floats) -> float:
        """Score rows without a 0 among the actuals, for which no share exists. Raises ``BadSetting``."""
        if (zeros := int(np.sum(actual == 0))) > 0:
            raise BadSetting(
                f"scorer `mape` divides by the target, which is 0 in {zeros} of {len(actual)} rows",
                hint="choose smape or mae",
            )
        return float(np.mean(np.abs(actual - predicted) / np.abs(actual)))


class Smape:
    """Mean of 2 |error| / (|actual| + |predicted|), between 0 and 2; a row with both 0 counts 0."""

    name = "smape"
    tasks = TASKS
    greater_is_better = False
    perfect = 0.0

    def score(self, actual: Floats, predicted: Floats) -> float:
        size = np.abs(actual) + np.abs(predicted)
        shares = np.divide(2 * np.abs(actual - predicted), size, out=np.zeros(len(size)), where=size > 0)
        return float(np.mean(shares))
