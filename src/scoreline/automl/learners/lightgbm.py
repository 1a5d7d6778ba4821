"""LightGBM: gradient boosted trees, leaf by leaf."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoreline.automl.graph import GraphWriter
from scoreline.automl.learners.fitted import Limits, Matrix, smallest_gain
from scoreline.automl.learners.forest import Forest, Tree, link, link_numpy
from scoreline.automl.problem import Problem
from scoreline.core.schema import Task

MOST_ITERATIONS = 3000
MOST_LEAVES = 400_000
"""Leaves of all trees of a model: 400,000 are some 16 MB."""
MOST_TREES = 6_000
"""Trees of a model, over all classes: each is a walk through memory for every row. 13,000 took 2.4 ms a row."""
PATIENCE = 60
"""Rounds without a better validation score before a fit stops."""
DEFAULT_LEFT, MISSING_TYPE_SHIFT, MISSING_IS_NAN = 2, 2, 2
"""Bits of a node's ``decision_type`` in LightGBM's model text (``include/LightGBM/tree.h``)."""
ZERO = float(np.float32(1e-35))
"""``kZeroThreshold`` of ``include/LightGBM/meta.h``."""


MANY_ROWS = 100_000
"""With so many, large trees do in 9 seconds what small ones do in 38 (flights: 336 of 127 leaves, 2,519 of 31)."""


class LightGbm:
    """Gradient boosted trees, leaf by leaf."""

    name = "lightgbm"
    tasks: frozenset[Task] = frozenset({"binary", "multiclass", "regression"})
    features = "tree"

    def portfolio(self, problem: Problem, n_rows: int) -> list[tuple[int, dict[str, Any]]]:
        small, large = n_rows < 5_000, n_rows > MANY_ROWS
        step = first_step(problem) * (2 if large else 1)
        leaves = 15 if small else 127 if large else 31
        first = {"learning_rate": step, "num_leaves": leaves, "min_child_samples": 10 if small else 20}
        sampled = {"feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1}
        return [
            (1, first | sampled | {"lambda_l2": 1.0}),
            (4, first | sampled | {"extra_trees": True, "lambda_l2": 1.0}),
            (
                6,
                first
                | sampled
                | {"num_leaves": 7 if small else 2 * leaves, "learning_rate": 0.6 * step, "lambda_l2": 5.0},
            ),
            (8, first | sampled | {"num_leaves": 4, "learning_rate": 1.6 * step, "feature_fraction": 0.5}),
        ]

    def space(self, trial: Any, problem: Problem, n_rows: int) -> dict[str, Any]:
        most_leaves = int(np.clip(n_rows / 20, 8, 255))
        return {
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
            "num_leaves": trial.suggest_int("num_leaves", 3, most_leaves, log=True),
            "min_child_samples": trial.suggest_int(
                "min_child_samples", 2, int(np.clip(n_rows / 20, 10, 200)), log=True
            ),
            "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 1.0),
            "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
            "bagging_freq": 1,
            "lambda_l1": trial.suggest_float("lambda_l1", 1e-3, 10.0, log=True),
            "lambda_l2": trial.suggest_float("lambda_l2", 1e-3, 30.0, log=True),
            "extra_trees": trial.suggest_categorical("extra_trees", [False, True]),
        }

    def fit(
        self, matrix: Matrix, y: NDArray[Any], problem: Problem, params: dict[str, Any], seed: int, limits: Limits
    ) -> FittedLightGbm:
        import lightgbm

        settings = OBJECTIVES[problem.task] | params | {"verbosity": -1, "num_threads": 1, "seed": seed}
        settings |= {"deterministic": True, "force_row_wise": True, "feature_pre_filter": False}
        if problem.task == "multiclass":
            settings["num_class"] = len(problem.labels)
        if problem.task == "regression" and problem.scorer == "mae":
            settings |= {"objective": "regression_l1", "metric": "l1"}
        train = lightgbm.Dataset(matrix, y, params={"verbosity": -1, "feature_pre_filter": False})

        def out_of_time(env: Any) -> None:
            if limits.reached(env.iteration):
                raise lightgbm.callback.EarlyStopException(env.iteration, env.evaluation_result_list)

        callbacks: list[Any] = [out_of_time]
        watched = []
        if limits.validation is not None:
            gain = smallest_gain(y, problem.task)
            stopping = lightgbm.early_stopping(PATIENCE, first_metric_only=True, verbose=False, min_delta=gain)
            watched = [lightgbm.Dataset(limits.validation[0], limits.validation[1], reference=train)]
            callbacks.insert(0, stopping)
        rounds = limits.n_iterations or most_iterations(problem, params["num_leaves"])
        booster = lightgbm.train(settings, train, rounds, valid_sets=watched, callbacks=callbacks)
        n_iterations = booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()
        return FittedLightGbm(booster.model_to_string(num_iteration=n_iterations), n_iterations, problem)


def first_step(problem: Problem) -> float:
    """Learning rate to begin with: a round of many classes grows many trees, so rounds are fewer."""
    return 0.05 if problem.n_scores <= 3 else 0.1 if problem.n_scores <= 10 else 0.15


def most_iterations(problem: Problem, n_leaves: int) -> int:
    """Bound the rounds so that the artifact stays within ``MOST_LEAVES`` and ``MOST_TREES``."""
    rounds = min(MOST_TREES, MOST_LEAVES // n_leaves) // problem.n_scores
    return max(1, min(MOST_ITERATIONS, rounds))


OBJECTIVES: dict[Task, dict[str, Any]] = {
    "binary": {"objective": "binary", "metric": "binary_logloss"},
    "multiclass": {"objective": "multiclass", "metric": "multi_logloss"},
    "regression": {"objective": "regression", "metric": "rmse"},
}


class FittedLightGbm:
    """A LightGBM model, kept as its own text."""

    def __init__(self, text: str, n_iterations: int, problem: Problem) -> None:
        self._text, self.n_iterations = text, n_iterations
        self._task, self._n_scores = problem.task, problem.n_scores

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self._text)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_booster"}

    def predict(self, matrix: Matrix) -> NDArray[np.float64]:
        raw = self._booster.predict(matrix, raw_score=True, num_threads=1)
        return link_numpy(np.asarray(raw, np.float64).reshape(len(raw), self._n_scores), self._task)

    def forest(self) -> Forest:
        trees = [tree_of(tree_fields(section)) for section in self._text.split("\nTree=")[1:]]
        for number, tree in enumerate(trees):
            tree.output = number % self._n_scores
        return Forest(trees, self._n_scores, np.zeros(self._n_scores))

    def to_onnx(self, graph: GraphWriter, matrix: str) -> str:
        return link(graph, self.forest().to_onnx(graph, matrix), self._task)


def _around_zero(threshold: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move thresholds so that a value within ``ZERO`` of 0 counts as 0, as in LightGBM, whichever side it is on."""
    tiny = np.where(threshold < 0, np.nextafter(-ZERO, -np.inf), ZERO)
    return np.where(np.abs(threshold) <= ZERO, tiny, threshold)


def tree_fields(section: str) -> dict[str, str]:
    """Read the lines of one ``Tree=`` section of LightGBM's model text."""
    return dict(line.split("=", 1) for line in section.split("\n\n", 1)[0].split("\n") if "=" in line)


def tree_of(fields: dict[str, str]) -> Tree:
    """Make a tree whose splits are all on numbers; children are ``>= 0`` for nodes and ``~leaf`` for leaves."""

    def numbers(name: str, dtype: str) -> NDArray[Any]:
        return np.array(fields.get(name, "").split(), dtype)

    leaves = numbers("leaf_value", "float64")
    n_splits, n_leaves = len(leaves) - 1, len(leaves)
    threshold = numbers("threshold", "float64")
    decision = numbers("decision_type", "int64")
    # Where a feature had no missing value in training, LightGBM reads NaN as 0.
    nan_is_missing = (decision >> MISSING_TYPE_SHIFT) & 3 == MISSING_IS_NAN
    missing_left = np.where(nan_is_missing, decision & DEFAULT_LEFT != 0, threshold >= 0.0)

    def child(name: str) -> NDArray[np.int64]:
        index = numbers(name, "int64")
        return np.where(index < 0, n_splits + ~index, index)

    def padded(values: NDArray[Any], fill: Any) -> NDArray[Any]:
        return np.concatenate([values[:n_splits], np.full(n_leaves, fill, values.dtype)])

    return Tree(
        feature=padded(numbers("split_feature", "int64"), 0),
        threshold=padded(_around_zero(threshold), 0),
        left=padded(child("left_child"), -1),
        right=padded(child("right_child"), -1),
        missing_left=padded(missing_left, False),
        leaf=np.concatenate([np.zeros(n_splits), leaves]),
    )
