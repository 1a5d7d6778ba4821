"""XGBoost's own files: JSON and UBJSON, as ``Booster.save_model`` writes them."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import onnx
import xgboost

from scoreline.automl.finish import finish
from scoreline.automl.graph import GraphWriter
from scoreline.automl.learners.forest import Forest, Tree
from scoreline.automl.learners.xgboost import tree_of
from scoreline.core.errors import ModelRefused
from scoreline.core.schema import Label, Task
from scoreline.importing.links import Link, write_link
from scoreline.importing.original import Described, Feature, Plan, values_of
from scoreline.importing.originals.xgboost_levels import levels_of
from scoreline.importing.trees import HALF, Questions, codes_of, thresholds_of, write_matrix
from scoreline.scoring.rows import Rows

CATEGORICAL = 1
"""Of ``split_type``."""
LINKS: dict[str, tuple[Link, Task]] = {
    "binary:logistic": ("sigmoid", "binary"),
    "multi:softprob": ("softmax", "multiclass"),
    "multi:softmax": ("softmax", "multiclass"),
    "reg:logistic": ("sigmoid", "regression"),
}
EXPONENTIAL = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft")
PLAIN = (
    *("reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror"),
    *("reg:quantileerror", "binary:logitraw", "rank:pairwise", "rank:ndcg", "rank:map"),
)
LINKS |= dict.fromkeys(EXPONENTIAL, ("exp", "regression")) | dict.fromkeys(PLAIN, ("identity", "regression"))


class _Parameters(NamedTuple):
    objective: str
    link: Link
    task: Task
    n_scores: int
    base: npt.NDArray[np.float64]
    """[n_scores] raw score that the sum begins with."""


class XgBoostModel:
    """A model, read here for its trees and by XGBoost itself for its scores."""

    n_variants = 1

    def __init__(self, content: bytes, labels: tuple[Label, ...] | None = None, wrapped: bool = False) -> None:
        self._labels, self._wrapped = labels, wrapped
        self._booster = xgboost.Booster({"nthread": 1}, model_file=bytearray(content))
        self._learner = msgspec.json.decode(bytes(self._booster.save_raw("json")))["learner"]
        booster = self._learner["gradient_booster"]
        if booster["name"] not in ("gbtree", "dart"):
            raise ModelRefused(
                f"it was trained with booster={booster['name']}, which has no trees", hint="train with gbtree or dart"
            )
        self._parameters = _parameters(self._learner)
        self._model = booster["gbtree"]["model"] if booster["name"] == "dart" else booster["model"]
        self._weights = booster.get("weight_drop")
        kinds = self._learner.get("feature_types") or []
        n_features = int(self._learner["learner_model_param"]["num_feature"])
        self._names = self._learner.get("feature_names") or [f"f{i}" for i in range(n_features)]
        self._kinds = kinds or ["float"] * n_features
        self._levels, self._notes = levels_of(self._model, [i for i, kind in enumerate(self._kinds) if kind == "c"])
        self._n_rounds = self._rounds()

    @cached_property
    def described(self) -> Described:
        task, n_scores = self._parameters.task, self._parameters.n_scores
        notes = list(self._notes)
        if self._parameters.objective.startswith("rank:"):
            notes.append("it ranks: its prediction is a score that is higher for what comes first")
        return Described(
            format="XGBoost",
            features=tuple(
                Feature(
                    name=name,
                    kind="text",
                    levels=self._levels[i],
                    integer=all(level.isdecimal() for level in self._levels[i]),
                )
                if i in self._levels
                else Feature(name=name, kind="number")
                for i, name in enumerate(self._names)
            ),
            named=bool(self._learner.get("feature_names")),
            task=task,
            labels=self._labels,
            n_labels=None if task == "regression" else 2 if task == "binary" else n_scores,
            notes=tuple(notes),
            libraries={"xgboost": xgboost.__version__},
        )

    def graph(self, plan: Plan) -> bytes:
        graph = GraphWriter()
        forest, questions = self._forest()
        matrix, order = write_matrix(graph, questions, plan, self._levels)
        questions.resolve(forest, order)
        raw = forest.to_onnx(graph, graph.cast(matrix, onnx.TensorProto.FLOAT))
        answer = write_link(graph, raw, self._parameters.link, both=self._parameters.task == "binary")
        return finish(graph, answer, plan.task, plan.labels, plan.n_numbers, plan.n_texts)

    def thresholds(self, plan: Plan) -> dict[int, npt.NDArray[np.float64]]:
        return thresholds_of(*self._forest(), plan)

    def score(self, rows: Rows, plan: Plan) -> npt.NDArray[np.float64]:
        matrix = np.empty((len(rows), len(self._names)), np.float64)
        for i, source in enumerate(plan.sources):
            column, levels = values_of(rows, source), self._levels.get(i)
            matrix[:, i] = (
                column if levels is None else codes_of(column, levels, missing=np.nan, unseen=float(len(levels)))
            )
        table = xgboost.DMatrix(
            matrix,
            feature_names=self._learner.get("feature_names") or None,
            feature_types=self._kinds,
            enable_categorical=True,
            nthread=1,
        )
        if self._parameters.objective == "multi:softmax":  # which alone answers with classes
            self._booster.set_param({"objective": "multi:softprob"})
        answer = np.asarray(self._booster.predict(table, iteration_range=(0, self._n_rounds)), np.float64)
        return np.stack([1.0 - answer, answer], axis=1) if self._parameters.task == "binary" else answer

    def _rounds(self) -> int:
        """Return how many rounds count: of scikit-learn's wrapper those up to the best, else all."""
        attributes = self._learner.get("attributes") or {}
        if (self._wrapped or "scikit_learn" in attributes) and "best_iteration" in attributes:
            return int(attributes["best_iteration"]) + 1
        return len(self._model["iteration_indptr"]) - 1

    def _forest(self) -> tuple[Forest, Questions]:
        questions, trees = Questions(), []
        n_trees = self._model["iteration_indptr"][self._n_rounds]
        for number, (found, output) in enumerate(zip(self._model["trees"], self._model["tree_info"], strict=True)):
            if number == n_trees:
                break
            if int(found["tree_param"].get("size_leaf_vector", "1")) > 1:
                raise ModelRefused("its leaves hold a number for each class", hint="train with one_output_per_tree")
            tree = tree_of(found, output)
            _ask(tree, found, questions)
            if self._weights is not None:
                tree.leaf = tree.leaf * np.float32(self._weights[number])
            trees.append(tree)
        if not trees:
            raise ModelRefused("the XGBoost model has no trees", hint="save it after it was trained")
        return Forest(trees, self._parameters.n_scores, self._parameters.base, single=True), questions


def _parameters(learner: dict[str, Any]) -> _Parameters:
    objective = learner["objective"]["name"]
    if objective not in LINKS:
        raise ModelRefused(f"its objective {objective!r} is not known", hint=f"known are {', '.join(LINKS)}")
    link, task = LINKS[objective]
    given = learner["learner_model_param"]
    if int(given.get("num_target", "1")) > 1:
        raise ModelRefused("it predicts more than one target", hint="train a model for each")
    n_scores = max(1, int(given["num_class"]))
    base = np.array([float(part) for part in str(given["base_score"]).strip("[]").split(",")], np.float64)
    if link == "sigmoid":
        base = np.log(base) - np.log1p(-base)
    elif link == "exp":
        base = np.log(base)
    return _Parameters(objective, link, task, n_scores, np.broadcast_to(base, n_scores).copy())


def _ask(tree: Tree, found: dict[str, Any], questions: Questions) -> None:
    """Let the nodes of ``tree`` name questions instead of features."""
    kinds = found.get("split_type") or []
    sets = {
        node: frozenset(found["categories"][start : start + size])
        for node, start, size in zip(
            found.get("categories_nodes", ()),
            found.get("categories_segments", ()),
            found.get("categories_sizes", ()),
            strict=True,
        )
    }
    for node in np.flatnonzero(tree.left >= 0).tolist():
        feature = int(tree.feature[node])
        if not kinds or kinds[node] != CATEGORICAL:
            tree.feature[node] = questions.number(feature)
            continue
        # What is in the set goes right, and so does the 1 that says so.
        tree.feature[node] = questions.level_in(feature, sets[node])
        tree.threshold[node] = HALF
