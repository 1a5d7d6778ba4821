"""scikit-learn's trees for skl2onnx: it has no HistGradientBoosting, and of the others not where missing goes."""

from __future__ import annotations

from typing import Any

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
from sklearn import ensemble, tree

from scoreline.automl.learners import extra_trees
from scoreline.automl.learners.forest import Forest, Tree
from scoreline.core.errors import ModelRefused

DOUBLE, FLOAT, INT64, STRING = 11, 1, 7, 8
"""Element types of ONNX."""
EXPONENTIAL = ("poisson", "gamma")
CLASSIFIERS = (
    ensemble.HistGradientBoostingClassifier,
    ensemble.RandomForestClassifier,
    ensemble.ExtraTreesClassifier,
    tree.DecisionTreeClassifier,
    tree.ExtraTreeClassifier,
)
REGRESSORS = (
    ensemble.HistGradientBoostingRegressor,
    ensemble.RandomForestRegressor,
    ensemble.ExtraTreesRegressor,
    tree.DecisionTreeRegressor,
    tree.ExtraTreeRegressor,
)


def register() -> None:
    """Teach skl2onnx; again does no harm."""
    options = {
        "zipmap": [True, False, "columns"],
        "nocl": [True, False],
        "output_class_labels": [False, True],
        "raw_scores": [True, False],
        "decision_path": [True, False],
        "decision_leaf": [True, False],
    }
    for classifier in CLASSIFIERS:
        shapes, alias = calculate_linear_classifier_output_shapes, f"Scoreline{classifier.__name__}"
        update_registered_converter(classifier, alias, shapes, _convert_classifier, overwrite=True, options=options)
    for regressor in REGRESSORS:
        alias = f"Scoreline{regressor.__name__}"
        update_registered_converter(regressor, alias, _regressor_shapes, _convert_regressor, overwrite=True)


def _regressor_shapes(operator: Any) -> None:
    operator.outputs[0].type = DoubleTensorType([operator.inputs[0].get_first_dimension(), 1])


def _convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    model = operator.raw_operator
    raw = _raw(scope, operator, container)
    last = "Exp" if _boosts(model) and model.loss in EXPONENTIAL else "Identity"
    container.add_node(last, [raw], [operator.outputs[0].full_name], name=scope.get_unique_operator_name(last))


def _convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    wide = _raw(scope, operator, container)
    label, probability = (output.full_name for output in operator.outputs)
    if _boosts(operator.raw_operator):
        wide = _linked(scope, container, wide, operator.raw_operator.n_trees_per_iteration_)
    to = DOUBLE if isinstance(operator.outputs[1].type, DoubleTensorType) else FLOAT
    container.add_node("Cast", [wide], [probability], to=to, name=scope.get_unique_operator_name("Cast"))
    classes = operator.raw_operator.classes_
    whole = isinstance(operator.outputs[0].type, Int64TensorType)
    values = [int(c) for c in classes] if whole else [str(c).encode() for c in classes]
    known = _constant(scope, container, INT64 if whole else STRING, [len(classes)], values)
    chosen = _node(scope, container, "ArgMax", [wide], axis=1, keepdims=0)
    container.add_node("Gather", [known, chosen], [label], name=scope.get_unique_operator_name("Gather"))


def _linked(scope: Any, container: Any, raw: str, n_scores: int) -> str:
    if n_scores > 1:
        return _node(scope, container, "Softmax", [raw], axis=1)
    signs = _constant(scope, container, DOUBLE, [1, 2], [-1.0, 1.0])
    return _node(scope, container, "Sigmoid", [_node(scope, container, "Mul", [raw, signs])])


def _raw(scope: Any, operator: Any, container: Any) -> str:
    """Write the sum of the trees, double [n, n_scores]."""
    model = operator.raw_operator
    matrix = operator.inputs[0].full_name
    if not _boosts(model):  # which alone decides in doubles
        matrix = _node(scope, container, "Cast", [matrix], to=FLOAT)
    matrix = _node(scope, container, "Cast", [matrix], to=DOUBLE)
    name = scope.get_unique_variable_name("raw")
    container.add_node(
        "TreeEnsembleRegressor",
        [matrix],
        [name],
        op_domain="ai.onnx.ml",
        op_version=3,
        name=scope.get_unique_operator_name("Trees"),
        **_forest(model).attributes(),
    )
    return _node(scope, container, "Cast", [name], to=DOUBLE)


def _boosts(model: Any) -> bool:
    return isinstance(model, CLASSIFIERS[0] | REGRESSORS[0])


def _forest(model: Any) -> Forest:
    if not _boosts(model):
        n_scores = len(model.classes_) if hasattr(model, "classes_") else 1
        grown = [estimator.tree_ for estimator in getattr(model, "estimators_", [model])]
        trees = [extra_trees.tree_of(one, np.arange(n_scores), n_scores, len(grown)) for one in grown]
        return Forest(trees, n_scores, np.zeros(n_scores))
    if model.is_categorical_ is not None and np.any(model.is_categorical_):
        raise ModelRefused(
            "HistGradientBoosting decides by categories of its own",
            hint="encode categories before it (OrdinalEncoder) and leave categorical_features out",
        )
    n_scores = model.n_trees_per_iteration_
    trees = [_tree(grown.nodes, output) for iteration in model._predictors for output, grown in enumerate(iteration)]
    return Forest(trees, n_scores, np.broadcast_to(model._baseline_prediction.ravel(), n_scores).copy())


def _tree(nodes: Any, output: int) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]).astype(np.float64),
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        leaf=np.where(leaf, nodes["value"], 0.0).astype(np.float64),
        output=output,
    )


def _node(scope: Any, container: Any, op: str, inputs: list[str], **attributes: Any) -> str:
    name: str = scope.get_unique_variable_name(op.lower())
    container.add_node(op, inputs, [name], name=scope.get_unique_operator_name(op), **attributes)
    return name


def _constant(scope: Any, container: Any, kind: int, shape: list[int], values: list[Any]) -> str:
    name: str = scope.get_unique_variable_name("constant")
    container.add_initializer(name, kind, shape, values)
    return name
