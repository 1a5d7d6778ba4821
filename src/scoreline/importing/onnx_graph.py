"""A foreign graph rewritten: our two blocks at its beginning, our answer at its end, what lies between as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnx.compose import add_prefix

from scoreline.automl.finish import label_values
from scoreline.automl.graph import NUMBERS, TEXTS
from scoreline.importing.onnx_answer import Answer
from scoreline.importing.onnx_inputs import NUMBER_KINDS, Given
from scoreline.importing.original import Plan

THEIRS, OURS = "m_", "s_"
"""Prefixes of names, so that none of theirs is one of ours."""
FIRST_IR_VERSION, DEFAULT_OPSET = 8, 17


def rewritten(model: ModelProto, inputs: Sequence[Given], answer: Answer, plan: Plan) -> bytes:
    """Give the graph of a scoring pipeline. Its nodes keep their versions of the operators."""
    inner = add_prefix(model, THEIRS).graph
    parts = _Parts()
    for given in inputs:
        parts.feed(given, plan)
    outputs = parts.answer(THEIRS + answer.tensor, answer, plan)
    declared = {NUMBERS: (TensorProto.DOUBLE, plan.n_numbers), TEXTS: (TensorProto.STRING, plan.n_texts)}
    given_now = [helper.make_tensor_value_info(name, kind, ["n", k]) for name, (kind, k) in declared.items() if k]
    kept = [node for node in inner.node if node.op_type != "ZipMap"]
    graph = helper.make_graph(
        [*parts.before, *kept, *parts.after],
        "scoring_pipeline",
        given_now,
        outputs,
        [*inner.initializer, *parts.constants],
    )
    graph.sparse_initializer.extend(inner.sparse_initializer)
    opsets = list(model.opset_import)
    if not any(opset.domain in ("", "ai.onnx") for opset in opsets):
        opsets.append(helper.make_opsetid("", DEFAULT_OPSET))
    version = max(model.ir_version, FIRST_IR_VERSION)
    written = helper.make_model(graph, opset_imports=opsets, ir_version=version, producer_name="scoreline")
    onnx.checker.check_model(written)
    return bytes(written.SerializeToString(deterministic=True))


class _Parts:
    """What is put before and after their nodes."""

    def __init__(self) -> None:
        self.before: list[NodeProto] = []
        self.after: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def feed(self, given: Given, plan: Plan) -> None:
        """Make one of their inputs out of a block."""
        number = given.type in NUMBER_KINDS
        block, width = (NUMBERS, plan.n_numbers) if number else (TEXTS, plan.n_texts)
        indices = [plan.sources[feature].index for feature in given.features]
        value = block
        if indices != list(range(width)):
            value = self._node(self.before, "Gather", value, self._constant(np.array(indices, np.int64)), axis=1)
        if number and given.type != "tensor(double)":
            value = self._node(
                self.before, "Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(NUMBER_KINDS[given.type]))
            )
        if given.rank == 1:
            value = self._node(self.before, "Reshape", value, self._constant(np.array([-1], np.int64)))
        self.before.append(helper.make_node("Identity", [value], [THEIRS + given.name]))

    def answer(self, tensor: str, answer: Answer, plan: Plan) -> list[onnx.ValueInfoProto]:
        """Make our outputs out of the tensor that holds probabilities or predictions."""
        if plan.task == "regression":
            wide = self._node(self.after, "Cast", tensor, to=TensorProto.DOUBLE)
            flat = self._constant(np.array([-1], np.int64))
            self.after.append(helper.make_node("Reshape", [wide, flat], ["prediction"]))
            return [helper.make_tensor_value_info("prediction", TensorProto.DOUBLE, ["n"])]
        n_labels = len(plan.labels)
        probability = self._node(self.after, "Cast", tensor, to=TensorProto.FLOAT)
        shape = self._constant(np.array([-1, answer.width or n_labels], np.int64))
        probability = self._node(self.after, "Reshape", probability, shape)
        if answer.width == 1:
            other = self._node(self.after, "Sub", self._constant(np.ones((1, 1), np.float32)), probability)
            probability = self._node(self.after, "Concat", other, probability, axis=1)
        self.after.append(helper.make_node("Identity", [probability], ["probability"]))
        values, kind = label_values(plan.labels)
        chosen = self._node(self.after, "ArgMax", "probability", axis=1, keepdims=0)
        self.after.append(helper.make_node("Gather", [self._constant(values), chosen], ["label"]))
        return [
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["n", n_labels]),
            helper.make_tensor_value_info("label", kind, ["n"]),
        ]

    def _node(self, where: list[NodeProto], op: str, *inputs: str, **attributes: Any) -> str:
        name = f"{OURS}{op.lower()}{len(self.before) + len(self.after)}"
        where.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def _constant(self, value: Any) -> str:
        name = f"{OURS}c{len(self.constants)}"
        array = np.array(value, object) if isinstance(value, list) else value
        self.constants.append(numpy_helper.from_array(array, name))
        return name
