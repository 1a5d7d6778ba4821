"""XGBoost: gradient boosted trees, level by level."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from scoreline.automl.graph import GraphWriter
from scoreline.automl.learners.fitted import Limits, Matrix, smallest_gain
from scoreline.automl.learners.forest import Forest, Tree, link, link_numpy
from scoreline.automl.learners.lightgbm import MANY_ROWS, PATIENCE, first_step, most_iterations
from scoreline.automl.problem import Problem
from scoreline.core.schema import Task


class XgBoost:
    """Gradient boosted trees, level by level."""

    name = "xgboost"
    tasks: frozenset[Task] = frozenset({"binary", "multiclass", "regression"})
    features = "tree"

    def portfolio(self, problem: Problem, n_rows: int) -> list[tuple[int, dict[str, Any]]]:
        small, large = n_rows < 5_000, n_rows > MANY_ROWS
        step = first_step(problem) * (2 if large else 1)
        first = {"eta": step, "max_depth": 4 if small else 9 if large else 6, "min_child_weight": 1.0}
        sampled = {"subsample": 0.8, "colsample_bytree": 0.6, "lambda": 1.0}
        return [
            (3, first | sampled),
            (7, first | sampled | {"max_depth": 8, "min_child_weight": 5.0, "eta": 0.6 * step}),
        ]

    def space(self, trial: Any, problem: Problem, n_rows: int) -> dict[str, Any]:
        return {
            "eta": trial.suggest_float("eta", 0.01, 0.2, log=True),
            "max_depth": trial.suggest_int("max_depth", 2, 6 if n_rows < 5_000 else 10),
            "min_child_weight": trial.suggest_float("min_child_weight", 0.05, 30.0, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.2, 1.0),
            "lambda": trial.suggest_float("lambda", 1e-2, 30.0, log=True),
            "alpha": trial.suggest_float("alpha", 1e-3, 10.0, log=True),
        }

    def fit(
        self, matrix: Matrix, y: NDArray[Any], problem: Problem, params: dict[str, Any], seed: int, limits: Limits
    ) -> FittedXgBoost:
        import xgboost

        shift = float(np.mean(y)) if problem.task == "regression" else 0.0
        # The base score is set to what adds nothing: 0, which for a probability is 0.5.
        base_score = 0.0 if problem.task == "regression" else 0.5
        settings = OBJECTIVES[problem.task] | params
        settings |= {"seed": seed, "nthread": 1, "verbosity": 0, "tree_method": "hist", "base_score": base_score}
        if problem.task == "multiclass":
            settings["num_class"] = len(problem.labels)
        if problem.task == "regression" and problem.scorer == "mae":
            settings |= {"objective": "reg:absoluteerror", "eval_metric": "mae"}

        class OutOfTime(xgboost.callback.TrainingCallback):  # type: ignore[misc,unused-ignore]
            def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
                return limits.reached(epoch)

        callbacks: list[Any] = [OutOfTime()]
        watched = []
        if limits.validation is not None:
            gain = smallest_gain(y, problem.task)
            watched = [(xgboost.DMatrix(limits.validation[0], limits.validation[1] - shift), "validation")]
            callbacks.append(xgboost.callback.EarlyStopping(rounds=PATIENCE, save_best=True, min_delta=gain))
        # A tree rarely fills its depth.
        rounds = limits.n_iterations or most_iterations(problem, 2 ** min(params["max_depth"], 6))
        train = xgboost.DMatrix(matrix, y - shift)
        booster = xgboost.train(settings, train, rounds, evals=watched, callbacks=callbacks, verbose_eval=False)
        return FittedXgBoost(bytes(booster.save_raw("json")), booster.num_boosted_rounds(), shift, problem)


OBJECTIVES: dict[Task, dict[str, Any]] = {
    "binary": {"objective": "binary:logistic", "eval_metric": "logloss"},
    "multiclass": {"objective": "multi:softprob", "eval_metric": "mlogloss"},
    "regression": {"objective": "reg:squarederror", "eval_metric": "rmse"},
}


class FittedXgBoost:
    """An XGBoost model, kept as its own JSON."""

    def __init__(self, text: bytes, n_iterations: int, shift: float, problem: Problem) -> None:
        self._text, self.n_iterations, self._shift = text, n_iterations, shift
        self._task, self._n_scores = problem.task, problem.n_scores

    @cached_property
    def _booster(self) -> Any:
        import xgboost

        return xgboost.Booster({"nthread": 1}, model_file=bytearray(self._text))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_booster"}

    def predict(self, matrix: Matrix) -> NDArray[np.float64]:
        import xgboost

        raw = self._booster.predict(xgboost.DMatrix(matrix), output_margin=True)
        wide = np.asarray(raw, np.float64).reshape(len(raw), self._n_scores) + self._shift
        return link_numpy(wide, self._task)

    def forest(self) -> Forest:
        learner = msgspec.json.decode(self._text)["learner"]
        model = learner["gradient_booster"]["model"]
        trees = [tree_of(tree, output) for tree, output in zip(model["trees"], model["tree_info"], strict=True)]
        base = np.full(self._n_scores, self._shift)
        return Forest(trees, self._n_scores, base, single=True)

    def to_onnx(self, graph: GraphWriter, matrix: str) -> str:
        return link(graph, self.forest().to_onnx(graph, matrix), self._task)


def tree_of(tree: dict[str, Any], output: int) -> Tree:
    """Make one tree of XGBoost's JSON: ``split_conditions`` holds thresholds, and in leaves their values."""
    left = np.array(tree["left_children"], np.int64)
    conditions = np.array(tree["split_conditions"], np.float32)
    return Tree(
        feature=np.array(tree["split_indices"], np.int64),
        threshold=conditions.astype(np.float64),
        left=left,
        right=np.array(tree["right_children"], np.int64),
        missing_left=np.array(tree["default_left"], np.bool_),
        leaf=np.where(left < 0, conditions, 0).astype(np.float64),
        output=int(output),
    )
