"""Regularised linear models, over scaled features and over piecewise-linear ones."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from scipy import sparse

from scoreline.automl.graph import GraphWriter
from scoreline.automl.learners.fitted import Limits, Matrix
from scoreline.automl.learners.forest import link, link_numpy
from scoreline.automl.problem import Problem
from scoreline.core.schema import Task

MOST_STEPS = 300
SLOW_FROM_ROWS = 100_000
"""So many rows take longer than trees do, for less: others go first."""


class Linear:
    """Ridge: logistic regression, or least squares, with an L2 penalty."""

    name = "linear"
    tasks: frozenset[Task] = frozenset({"binary", "multiclass", "regression"})
    features: Literal["linear", "spline"] = "linear"

    def portfolio(self, problem: Problem, n_rows: int) -> list[tuple[int, dict[str, Any]]]:
        if any(column.type == "text" for column in problem.schema.columns):
            return [(2, {"strength": 0.1}), (3, {"strength": 0.01})]
        return [(2 if n_rows < SLOW_FROM_ROWS else 9, {"strength": 1.0}), (11, {"strength": 0.01})]

    def space(self, trial: Any, problem: Problem, n_rows: int) -> dict[str, Any]:
        return {"strength": trial.suggest_float("strength", 1e-4, 100.0, log=True)}

    def fit(
        self, matrix: Matrix, y: NDArray[Any], problem: Problem, params: dict[str, Any], seed: int, limits: Limits
    ) -> FittedLinear:
        """``strength`` is the weight of the penalty against one row's loss."""
        wide = matrix.astype(np.float64) if sparse.issparse(matrix) else np.asarray(matrix, np.float64)
        if problem.task == "regression":
            from sklearn.linear_model import Ridge

            model: Any = Ridge(alpha=params["strength"], random_state=seed).fit(wide, y)
            return FittedLinear(np.atleast_2d(model.coef_).T, np.atleast_1d(model.intercept_), problem)
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1.0 / params["strength"], max_iter=MOST_STEPS, random_state=seed).fit(wide, y)
        weights = np.zeros((matrix.shape[1], problem.n_scores))
        bias = np.full(problem.n_scores, ABSENT_CLASS if problem.task == "multiclass" else 0.0)
        if problem.task == "multiclass" and len(model.classes_) == 2:
            # With two classes scikit-learn has one score, for the second.
            weights[:, model.classes_[1]], bias[model.classes_[1]] = model.coef_[0], model.intercept_[0]
            bias[model.classes_[0]] = 0.0
        else:
            columns = model.classes_ if problem.task == "multiclass" else [0]
            weights[:, columns], bias[columns] = model.coef_.T, model.intercept_
        return FittedLinear(weights, bias, problem)


ABSENT_CLASS = -50.0
"""Raw score of a class that the rows of a fit do not have: its probability is as good as zero."""


class Spline(Linear):
    """Ridge over piecewise-linear features: each number gets a curve instead of a slope."""

    name = "spline"
    features = "spline"

    def portfolio(self, problem: Problem, n_rows: int) -> list[tuple[int, dict[str, Any]]]:
        if not problem.schema.numbers:
            return []
        return [(2 if n_rows < SLOW_FROM_ROWS else 9, {"strength": 1.0})]


class FittedLinear:
    """Weights [d, n_scores] and bias [n_scores]."""

    n_iterations = None

    def __init__(self, weights: NDArray[np.float64], bias: NDArray[np.float64], problem: Problem) -> None:
        self._weights, self._bias, self._task = weights, bias, problem.task

    def predict(self, matrix: Matrix) -> NDArray[np.float64]:
        return link_numpy(np.asarray(matrix @ self._weights) + self._bias, self._task)

    def forest(self) -> None:
        return None

    def to_onnx(self, graph: GraphWriter, matrix: str) -> str:
        wide = graph.cast(matrix, onnx.TensorProto.DOUBLE)
        raw = graph.node("MatMul", wide, graph.constant(self._weights))
        return link(graph, graph.node("Add", raw, graph.constant(self._bias)), self._task)
