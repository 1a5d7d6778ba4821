"""What learners agree on: limits of a fit, and what a fitted learner can do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scoreline.automl.graph import GraphWriter
from scoreline.automl.learners.forest import Forest
from scoreline.automl.problem import Problem
from scoreline.core.schema import Task

Matrix = Any
"""float32 [n, d]: a NumPy array, or a SciPy CSR matrix where text makes it sparse."""


@dataclass(frozen=True)
class Limits:
    """When a fit ends."""

    validation: tuple[Matrix, NDArray[Any]] | None = None
    n_iterations: int | None = None
    seconds: float | None = None
    on_progress: Callable[[int], None] | None = None
    started: float = field(default_factory=time.monotonic)

    def reached(self, iteration: int) -> bool:
        """Tell of an iteration, and whether the time is over."""
        if self.on_progress is not None:
            self.on_progress(iteration)
        return self.seconds is not None and time.monotonic() - self.started > self.seconds


def smallest_gain(y: NDArray[Any], task: Task) -> float:
    """How much validation loss must fall for a fit to go on: on separable data it would fall for ever.

    In units of log loss, or of the target's spread.
    """
    return LEAST_GAIN * (float(np.std(y)) if task == "regression" else 1.0)


LEAST_GAIN = 1e-5


class FittedLearner(Protocol):
    """A fitted learner: matrix → probabilities or predictions, in the library and as a graph."""

    @property
    def n_iterations(self) -> int | None: ...

    def predict(self, matrix: Matrix) -> NDArray[np.float64]:
        """Probabilities [n, c], or predictions [n]."""
        ...

    def forest(self) -> Forest | None:
        """Give the trees of a learner that has trees."""
        ...

    def to_onnx(self, graph: GraphWriter, matrix: str) -> str:
        """Double [n, c] or [n, 1] from the float32 matrix ``matrix``."""
        ...


class Learner(Protocol):
    """An algorithm with its first parameters and its search space."""

    @property
    def name(self) -> str: ...

    @property
    def tasks(self) -> frozenset[Task]: ...

    @property
    def features(self) -> Any:
        """The recipe of features it wants."""
        ...

    def portfolio(self, problem: Problem, n_rows: int) -> list[tuple[int, dict[str, Any]]]:
        """Parameters to begin with, each with its rank among those of all learners (lower is tried earlier)."""
        ...

    def space(self, trial: Any, problem: Problem, n_rows: int) -> dict[str, Any]:
        """Parameters an Optuna trial chooses."""
        ...

    def fit(
        self, matrix: Matrix, y: NDArray[Any], problem: Problem, params: dict[str, Any], seed: int, limits: Limits
    ) -> FittedLearner: ...
