"""LightGBM's model text, as ``Booster.save_model`` writes it."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from scoreline.automl.finish import finish
from scoreline.automl.graph import GraphWriter
from scoreline.automl.learners.forest import Forest, Tree
from scoreline.automl.learners.lightgbm import MISSING_TYPE_SHIFT, ZERO, tree_fields, tree_of
from scoreline.core.errors import ModelRefused
from scoreline.core.schema import Column, Label, Task
from scoreline.importing.links import Link, write_link
from scoreline.importing.original import Described, Feature, Plan, values_of
from scoreline.importing.trees import (
    AS_IT_COMES,
    HALF,
    ZERO_IS_MISSING,
    Questions,
    SetKey,
    codes_of,
    thresholds_of,
    write_matrix,
)
from scoreline.scoring.rows import Rows
from scoreline.scoring.values import text_reader

CATEGORICAL, MISSING_IS_ZERO = 1, 1
"""The lowest bit of ``decision_type``, and a value of its bits of missing (``include/LightGBM/tree.h``)."""
LINKS: dict[str, tuple[Link, Task]] = {
    "binary": ("sigmoid", "binary"),
    "multiclass": ("softmax", "multiclass"),
    "multiclassova": ("sigmoids", "multiclass"),
    "cross_entropy": ("sigmoid", "regression"),
    "cross_entropy_lambda": ("log1p_exp", "regression"),
    "poisson": ("exp", "regression"),
    "gamma": ("exp", "regression"),
    "tweedie": ("exp", "regression"),
}
PLAIN = ("regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", "custom")
LINKS |= dict.fromkeys(PLAIN, ("identity", "regression"))
_as_text = text_reader(Column(name="", type="category"))


class _Objective(NamedTuple):
    link: Link
    task: Task
    scale: float


class LightGbmText:
    """A model text, read here for its trees and by LightGBM itself for its scores."""

    n_variants = 1

    def __init__(self, text: str, labels: tuple[Label, ...] | None = None) -> None:
        self._text, self._labels = text.replace("\r\n", "\n"), labels
        head, *self._sections = self._text.split("\nTree=")
        self._head = dict(line.partition("=")[::2] for line in head.split("\n"))
        if "feature_names" not in self._head or "feature_infos" not in self._head:
            raise ModelRefused("the LightGBM model has no features", hint="save it with Booster.save_model")
        self._names = self._head["feature_names"].split()
        self._infos = self._head["feature_infos"].split()
        self._n_scores = int(self._head.get("num_tree_per_iteration", "1"))
        self._objective = self._read_objective()
        self._levels = self._read_levels()
        if any(fields.get("is_linear", "0") != "0" for fields in self._fields):
            raise ModelRefused(
                "its leaves hold linear models, which no ONNX tree has",
                hint="train without linear_tree",
            )

    @cached_property
    def _fields(self) -> list[dict[str, str]]:
        return [tree_fields(section) for section in self._sections]

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self._text)

    @cached_property
    def described(self) -> Described:
        import lightgbm

        ranges = [_range(info) for info in self._infos]
        features = tuple(
            Feature(name=name, kind="text", levels=self._levels[i], integer=self._is_integer(i))
            if i in self._levels
            else Feature(name=name, kind="number", low=low, high=high)
            for i, (name, (low, high)) in enumerate(zip(self._names, ranges, strict=True))
        )
        task, notes = self._objective.task, []
        if self._head.get("objective", "").startswith(("lambdarank", "rank")):
            notes.append("it ranks: its prediction is a score that is higher for what comes first")
        if "objective" not in self._head or self._head["objective"].startswith("custom"):
            notes.append("its objective is its maker's own: the raw score is the prediction")
        return Described(
            format="LightGBM",
            features=features,
            named=any(name != f"Column_{i}" for i, name in enumerate(self._names)),
            task=task,
            labels=self._labels,
            n_labels=None if task == "regression" else 2 if task == "binary" else self._n_scores,
            notes=tuple(notes),
            libraries={"lightgbm": lightgbm.__version__},
        )

    def graph(self, plan: Plan) -> bytes:
        graph = GraphWriter()
        forest, questions = self._forest()
        matrix, order = write_matrix(graph, questions, plan, self._levels, ZERO)
        questions.resolve(forest, order)
        raw = forest.to_onnx(graph, matrix)
        link, task, scale = self._objective
        answer = write_link(graph, raw, link, scale=scale, both=task == "binary")
        return finish(graph, answer, plan.task, plan.labels, plan.n_numbers, plan.n_texts)

    def thresholds(self, plan: Plan) -> dict[int, npt.NDArray[np.float64]]:
        return thresholds_of(*self._forest(), plan)

    def score(self, rows: Rows, plan: Plan) -> npt.NDArray[np.float64]:
        matrix = np.empty((len(rows), len(self._names)))
        for i, source in enumerate(plan.sources):
            column = values_of(rows, source)
            # LightGBM's own reader of data frames makes levels that it does not know missing.
            matrix[:, i] = (
                codes_of(column, self._levels[i], missing=np.nan, unseen=np.nan) if i in self._levels else column
            )
        answer = np.asarray(self._booster.predict(matrix, num_threads=1), np.float64)
        return np.stack([1.0 - answer, answer], axis=1) if self._objective.task == "binary" else answer

    def _forest(self) -> tuple[Forest, Questions]:
        questions, trees = Questions(), []
        for number, fields in enumerate(self._fields):
            tree = tree_of(fields)
            _ask(tree, fields, questions)
            tree.output = number % self._n_scores
            if "average_output" in self._head:
                tree.leaf = tree.leaf / (len(self._fields) / self._n_scores)
            trees.append(tree)
        if not trees:
            raise ModelRefused("the LightGBM model has no trees", hint="save it after it was trained")
        return Forest(trees, self._n_scores, np.zeros(self._n_scores)), questions

    def _read_objective(self) -> _Objective:
        name, *parameters = self._head.get("objective", "custom").split()
        if name not in LINKS:
            raise ModelRefused(f"its objective {name!r} is not known", hint=f"known are {', '.join(LINKS)}")
        link, task = LINKS[name]
        given = dict(parameter.partition(":")[::2] for parameter in parameters)
        if "sqrt" in given:
            link = "signed_square"
        return _Objective(link, task, float(given.get("sigmoid", "1")))

    def _read_levels(self) -> dict[int, tuple[str, ...]]:
        """Feature → its levels in the order of their codes: those of pandas, or the codes themselves."""
        line = self._text.rpartition("\npandas_categorical:")[2].partition("\n")[0]
        of_pandas = msgspec.json.decode(line) if "\npandas_categorical:" in self._text else None
        coded = [i for i, info in enumerate(self._infos) if info != "none" and not info.startswith("[")]
        if not of_pandas:
            return {i: tuple(str(code) for code in range(max(map(int, self._infos[i].split(":"))) + 1)) for i in coded}
        if len(coded) != len(of_pandas):  # a category that was left out of training looks like any other such column
            raise ModelRefused(
                f"it knows the levels of {len(of_pandas)} categories, and not which of its columns they are",
                hint="train without categories of one level only",
            )
        return {i: tuple(map(_as_text, levels)) for i, levels in zip(coded, of_pandas, strict=True)}

    def _is_integer(self, feature: int) -> bool:
        return all(level.isdecimal() for level in self._levels[feature])


def _range(info: str) -> tuple[float | None, float | None]:
    low, colon, high = info.strip("[]").partition(":")
    return (float(low), float(high)) if colon and info.startswith("[") else (None, None)


def _ask(tree: Tree, fields: dict[str, str], questions: Questions) -> None:
    """Let the nodes of ``tree`` name questions instead of features."""
    decision = np.array(fields.get("decision_type", "").split(), np.int64)
    bounds = np.array(fields.get("cat_boundaries", "").split(), np.int64)
    words = np.array(fields.get("cat_threshold", "").split(), np.uint32)
    thresholds = fields.get("threshold", "").split()
    for node in np.flatnonzero(tree.left >= 0):
        feature, kind = int(tree.feature[node]), int(decision[node])
        if not kind & CATEGORICAL:
            is_zero = (kind >> MISSING_TYPE_SHIFT) & 3 == MISSING_IS_ZERO
            tree.feature[node] = questions.number(feature, ZERO_IS_MISSING if is_zero else AS_IT_COMES)
            if is_zero:
                tree.missing_left[node] = bool(kind & 2)
            continue
        place = int(float(thresholds[node]))
        bits = np.unpackbits(words[bounds[place] : bounds[place + 1]].view(np.uint8), bitorder="little")
        key: SetKey = (feature, frozenset(np.flatnonzero(bits).tolist()))
        tree.feature[node] = questions.level_in(*key)
        # What is in the set goes left, all else right; a level's 1 or 0 is compared the other way round.
        tree.left[node], tree.right[node] = tree.right[node], tree.left[node]
        tree.threshold[node], tree.missing_left[node] = HALF, True
