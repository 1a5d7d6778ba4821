"""A small neural network over piecewise-linear features."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from scipy import sparse

from scoreline.automl.graph import GraphWriter
from scoreline.automl.learners.fitted import Limits, Matrix, smallest_gain
from scoreline.automl.learners.forest import link, link_numpy
from scoreline.automl.problem import Problem
from scoreline.core.schema import Task

MOST_EPOCHS = 150
PATIENCE = 12
"""Epochs without a better validation loss before a fit stops."""
FEWEST_BATCH_ROWS, MOST_BATCH_ROWS = 64, 1024
BATCHES_AN_EPOCH = 100


class Neural:
    """Two hidden layers of rectified units, trained by Adam.

    The piecewise-linear features are what makes a plain network competitive on tables: Gorishniy et al., "On Embeddings
    for Numerical Features in Tabular Deep Learning", NeurIPS 2022.
    """

    name = "neural"
    tasks: frozenset[Task] = frozenset({"binary", "multiclass", "regression"})
    features = "spline"

    def portfolio(self, problem: Problem, n_rows: int) -> list[tuple[int, dict[str, Any]]]:
        return [
            (5, {"width": 64 if n_rows < 5_000 else 128, "penalty": 1e-2 if n_rows < 5_000 else 1e-4, "step": 1e-3})
        ]

    def space(self, trial: Any, problem: Problem, n_rows: int) -> dict[str, Any]:
        return {
            "width": trial.suggest_int("width", 16, 64 if n_rows < 5_000 else 256, log=True),
            "penalty": trial.suggest_float("penalty", 1e-5, 1.0, log=True),
            "step": trial.suggest_float("step", 3e-4, 5e-3, log=True),
        }

    def fit(
        self, matrix: Matrix, y: NDArray[Any], problem: Problem, params: dict[str, Any], seed: int, limits: Limits
    ) -> FittedNeural:
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        regression = problem.task == "regression"
        shift, scale = (float(np.mean(y)), float(np.std(y)) or 1.0) if regression else (0.0, 1.0)
        kind = MLPRegressor if regression else MLPClassifier
        model: Any = kind(
            hidden_layer_sizes=(params["width"], params["width"] // 2),
            alpha=params["penalty"],
            learning_rate_init=params["step"],
            batch_size=min(int(np.clip(len(y) // BATCHES_AN_EPOCH, FEWEST_BATCH_ROWS, MOST_BATCH_ROWS)), len(y)),
            random_state=seed,
        )
        goal = (y - shift) / scale if regression else y
        classes = {} if regression else {"classes": np.arange(len(problem.labels))}
        best, best_loss, best_epoch = None, np.inf, 0
        gain = smallest_gain(goal, problem.task)
        for epoch in range(1, (limits.n_iterations or MOST_EPOCHS) + 1):
            model.partial_fit(matrix, goal, **classes)
            fitted = FittedNeural(model, epoch, shift, scale, problem)
            loss = fitted.loss(*limits.validation) if limits.validation is not None else -epoch
            if loss < best_loss - gain:
                best, best_loss, best_epoch = fitted, loss, epoch
            if limits.reached(epoch) or epoch - best_epoch >= PATIENCE:
                break
        if best is None:
            raise ValueError("the network's loss is not a number: its step is too large for these features")
        return best


class FittedNeural:
    """Weights and biases, layer by layer."""

    def __init__(self, model: Any, epochs: int, shift: float, scale: float, problem: Problem) -> None:
        self.n_iterations: int | None = epochs
        self._layers = [
            (np.array(weights, np.float64), np.array(bias, np.float64))
            for weights, bias in zip(model.coefs_, model.intercepts_, strict=True)
        ]
        weights, bias = self._layers[-1]
        self._layers[-1] = weights * scale, bias * scale + shift
        self._task = problem.task

    def predict(self, matrix: Matrix) -> NDArray[np.float64]:
        values = matrix.astype(np.float64) if sparse.issparse(matrix) else np.asarray(matrix, np.float64)
        for weights, bias in self._layers[:-1]:
            values = np.maximum(np.asarray(values @ weights) + bias, 0.0)
        weights, bias = self._layers[-1]
        return link_numpy(values @ weights + bias, self._task)

    def loss(self, matrix: Matrix, y: NDArray[Any]) -> float:
        """Mean squared error, or mean negative log-likelihood."""
        predicted = self.predict(matrix)
        if self._task == "regression":
            return float(np.mean((predicted - y) ** 2))
        return float(-np.mean(np.log(np.maximum(predicted[np.arange(len(y)), y], 1e-15))))

    def forest(self) -> None:
        return None

    def to_onnx(self, graph: GraphWriter, matrix: str) -> str:
        values = graph.cast(matrix, onnx.TensorProto.DOUBLE)
        for weights, bias in self._layers[:-1]:
            product = graph.node("MatMul", values, graph.constant(weights))
            values = graph.node("Max", graph.node("Add", product, graph.constant(bias)), graph.constant(np.zeros(1)))
        weights, bias = self._layers[-1]
        raw = graph.node("Add", graph.node("MatMul", values, graph.constant(weights)), graph.constant(bias))
        return link(graph, raw, self._task)
