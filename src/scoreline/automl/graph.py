"""Write an ONNX graph node by node. What is there is not written again, so members of an ensemble share features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
"""First opset with ``StringSplit``; understood by ONNX Runtime since 1.17."""
OPSET_ML = 3
IR_VERSION = 9

NUMBERS = "numbers"
TEXTS = "texts"


class GraphWriter:
    """Collects nodes and constants, and names them."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], onnx.TensorProto] = {}
        self._outputs: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def constant(self, value: Any, dtype: str | None = None) -> str:
        """Add a constant tensor; strings are given as an object array or a list of str."""
        array = np.asarray(value, dtype=dtype)
        if array.dtype.kind in "UO":
            content = "\x00".join(array.ravel().tolist()).encode()
            key = ("string", array.shape, content)
        else:
            key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._constants:
            name = f"c{len(self._constants)}"
            if key[0] == "string":
                flat = [text.encode() for text in array.ravel().tolist()]
                self._constants[key] = helper.make_tensor(name, TensorProto.STRING, array.shape, flat)
            else:
                self._constants[key] = numpy_helper.from_array(np.array(array, order="C"), name)
        return str(self._constants[key].name)

    def node(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output and return the output's name."""
        return self.nodes(op, *inputs, n_outputs=1, domain=domain, **attributes)[0]

    def nodes(self, op: str, *inputs: str, n_outputs: int, domain: str = "", **attributes: Any) -> tuple[str, ...]:
        """Add a node with ``n_outputs`` outputs and return their names."""
        # The attributes go through protobuf, not through hash(): lists of thousands of thresholds are common.
        proto = helper.make_node(op, list(inputs), [], domain=domain, **attributes)
        key = (proto.SerializeToString(deterministic=True), n_outputs)
        if key not in self._outputs:
            names = tuple(f"{op.lower()}{len(self._nodes)}" + (f"_{k}" if k else "") for k in range(n_outputs))
            proto.output.extend(names)
            self._nodes.append(proto)
            self._outputs[key] = names
        return self._outputs[key]

    def cast(self, name: str, to: int) -> str:
        return self.node("Cast", name, to=to)

    def concat(self, names: Sequence[str]) -> str:
        """Join blocks side by side."""
        return names[0] if len(names) == 1 else self.node("Concat", *names, axis=1)

    def columns(self, name: str, indices: Sequence[int] | NDArray[np.int64], width: int) -> str:
        """Pick columns of a block of ``width`` columns; all of them in order cost nothing."""
        if list(indices) == list(range(width)):
            return name
        return self.node("Gather", name, self.constant(np.asarray(indices, "int64")), axis=1)

    def model(self, outputs: Mapping[str, tuple[str, int, Sequence[Any]]], n_numbers: int, n_texts: int) -> bytes:
        """Close the graph: output name → (node output, element type, shape)."""
        for name, (source, _, _) in outputs.items():
            for node in self._nodes:
                node.input[:] = [name if used == source else used for used in node.input]
                node.output[:] = [name if made == source else made for made in node.output]
        declared = {NUMBERS: (TensorProto.DOUBLE, n_numbers), TEXTS: (TensorProto.STRING, n_texts)}
        # A block is declared whenever the schema has columns for it, used or not: callers feed blocks, not features.
        inputs = [helper.make_tensor_value_info(name, kind, ["n", k]) for name, (kind, k) in declared.items() if k]
        graph = helper.make_graph(
            self._nodes,
            "scoring_pipeline",
            inputs,
            [helper.make_tensor_value_info(name, kind, shape) for name, (_, kind, shape) in outputs.items()],
            list(self._constants.values()),
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", OPSET_ML)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="scoreline")
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))


class Tensor:
    """A graph value with arithmetic, so that a formula is written once and runs in NumPy and in ONNX."""

    def __init__(self, graph: GraphWriter, name: str, dtype: str = "float64") -> None:
        self.graph, self.name, self.dtype = graph, name, dtype

    def _binary(self, op: str, other: Tensor | float) -> Tensor:
        right = other.name if isinstance(other, Tensor) else self.graph.constant(np.array(other, self.dtype))
        return Tensor(self.graph, self.graph.node(op, self.name, right), self.dtype)

    def __add__(self, other: Tensor | float) -> Tensor:
        return self._binary("Add", other)

    def __sub__(self, other: Tensor | float) -> Tensor:
        return self._binary("Sub", other)

    def __mul__(self, other: Tensor | float) -> Tensor:
        return self._binary("Mul", other)

    def __truediv__(self, other: Tensor | float) -> Tensor:
        return self._binary("Div", other)

    def floor(self) -> Tensor:
        return Tensor(self.graph, self.graph.node("Floor", self.name), self.dtype)
