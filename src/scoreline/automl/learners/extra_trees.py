"""Extremely randomised trees: many, deep, averaged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoreline.automl.graph import GraphWriter
from scoreline.automl.learners.fitted import Limits, Matrix
from scoreline.automl.learners.forest import Forest, Tree
from scoreline.automl.problem import Problem
from scoreline.core.schema import Task

TREES_A_STEP = 10
"""Trees grown between two looks at the clock."""
MANY_ROWS = 5_000
"""With more, half as many trees are grown: they are deeper, and what each adds is less."""
MOST_LEAVES = 4096
"""Leaves of one tree: an artifact of a few megabytes, not of hundreds."""


class ExtraTrees:
    """Extremely randomised trees: many, deep, averaged."""

    name = "extra_trees"
    tasks: frozenset[Task] = frozenset({"binary", "multiclass", "regression"})
    features = "tree"

    def portfolio(self, problem: Problem, n_rows: int) -> list[tuple[int, dict[str, Any]]]:
        first = {"n_trees": _n_trees(problem, n_rows), "max_features": 0.5}
        return [(6, first | {"min_leaf": 2}), (10, first | {"min_leaf": 10})]

    def space(self, trial: Any, problem: Problem, n_rows: int) -> dict[str, Any]:
        return {
            "n_trees": _n_trees(problem, n_rows),
            "min_leaf": trial.suggest_int("min_leaf", 1, 20, log=True),
            "max_features": trial.suggest_float("max_features", 0.1, 1.0),
        }

    def fit(
        self, matrix: Matrix, y: NDArray[Any], problem: Problem, params: dict[str, Any], seed: int, limits: Limits
    ) -> FittedExtraTrees:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        regression = problem.task == "regression"
        kind = ExtraTreesRegressor if regression else ExtraTreesClassifier
        n_scores = 1 if regression else len(problem.labels)
        model = kind(
            n_estimators=0,
            min_samples_leaf=params["min_leaf"],
            max_features=params["max_features"],
            max_leaf_nodes=MOST_LEAVES if len(y) > MOST_LEAVES else None,
            random_state=seed,
            warm_start=True,
            n_jobs=1,
        )
        while model.n_estimators < params["n_trees"]:
            model.n_estimators = min(model.n_estimators + TREES_A_STEP, params["n_trees"])
            model.fit(matrix, y)
            if limits.reached(model.n_estimators):
                break
        classes = np.arange(1) if regression else np.asarray(model.classes_)
        trees = [tree_of(estimator.tree_, classes, n_scores, model.n_estimators) for estimator in model.estimators_]
        return FittedExtraTrees(model, trees, problem)


def _n_trees(problem: Problem, n_rows: int) -> int:
    return 100 if len(problem.labels) > 10 or n_rows > MANY_ROWS else 200


class FittedExtraTrees:
    """scikit-learn's forest beside its trees as arrays."""

    n_iterations = None

    def __init__(self, model: Any, trees: list[Tree], problem: Problem) -> None:
        self._model, self._trees, self._task = model, trees, problem.task
        self._n_scores = 1 if problem.task == "regression" else len(problem.labels)

    def predict(self, matrix: Matrix) -> NDArray[np.float64]:
        if self._task == "regression":
            return np.asarray(self._model.predict(matrix), np.float64)
        probability = np.zeros((matrix.shape[0], self._n_scores))
        probability[:, self._model.classes_] = self._model.predict_proba(matrix)
        return probability

    def forest(self) -> Forest:
        return Forest(self._trees, self._n_scores, np.zeros(self._n_scores))

    def to_onnx(self, graph: GraphWriter, matrix: str) -> str:
        return self.forest().to_onnx(graph, matrix)


def tree_of(tree: Any, classes: NDArray[np.int64], n_scores: int, n_trees: int) -> Tree:
    """Flatten a scikit-learn tree; its leaf values (class shares, or a mean) are divided by the number of trees."""
    leaf = np.zeros((tree.node_count, n_scores))
    leaf[:, classes] = tree.value[:, 0, :]
    return Tree(
        feature=np.maximum(tree.feature, 0).astype(np.int64),
        threshold=np.asarray(tree.threshold, np.float64),
        left=np.asarray(tree.children_left, np.int64),
        right=np.asarray(tree.children_right, np.int64),
        missing_left=np.asarray(tree.missing_go_to_left, np.bool_),
        leaf=leaf / n_trees,
    )
