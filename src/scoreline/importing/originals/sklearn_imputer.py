"""SimpleImputer in doubles for skl2onnx, which writes one that ONNX Runtime has in float32 only."""

from __future__ import annotations

from typing import Any

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import DoubleTensorType
from skl2onnx.operator_converters.imputer_op import convert_sklearn_imputer
from skl2onnx.shape_calculators.imputer import calculate_sklearn_imputer_output_shapes
from sklearn.impute import SimpleImputer

DOUBLE = 11


def register() -> None:
    """Teach skl2onnx; again does no harm."""
    shapes = calculate_sklearn_imputer_output_shapes
    update_registered_converter(SimpleImputer, "ScorelineSimpleImputer", shapes, _convert, overwrite=True)


def _convert(scope: Any, operator: Any, container: Any) -> None:
    model = operator.raw_operator
    is_plain = np.asarray(model.statistics_).dtype.kind == "f" and np.isreal(model.missing_values)
    is_double = all(isinstance(variable.type, DoubleTensorType) for variable in operator.inputs)
    if model.add_indicator or not is_double or not is_plain or not np.isnan(model.missing_values):
        convert_sklearn_imputer(scope, operator, container)
        return
    names = [variable.full_name for variable in operator.inputs]
    block = names[0]
    if len(names) > 1:
        block = scope.get_unique_variable_name("block")
        container.add_node("Concat", names, [block], axis=1, name=scope.get_unique_operator_name("Concat"))
    filling, empty = scope.get_unique_variable_name("filling"), scope.get_unique_variable_name("empty")
    container.add_initializer(filling, DOUBLE, [1, len(model.statistics_)], model.statistics_.tolist())
    container.add_node("IsNaN", [block], [empty], name=scope.get_unique_operator_name("IsNaN"))
    filled = [operator.outputs[0].full_name]
    container.add_node("Where", [empty, filling, block], filled, name=scope.get_unique_operator_name("Where"))
