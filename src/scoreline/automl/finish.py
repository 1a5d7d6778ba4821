"""The end of every graph: probabilities with their label, or predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from scoreline.automl.graph import GraphWriter
from scoreline.core.schema import Label, Task


def finish(
    graph: GraphWriter, answer: str, task: Task, labels: tuple[Label, ...], n_numbers: int, n_texts: int
) -> bytes:
    """Close the graph over ``answer``: double probabilities [n, c], or predictions [n, 1]."""
    if task == "regression":
        flat = graph.node("Squeeze", answer, graph.constant(np.array([1])))
        return graph.model({"prediction": (flat, TensorProto.DOUBLE, ["n"])}, n_numbers, n_texts)
    probability = graph.cast(answer, TensorProto.FLOAT)
    chosen = graph.node("ArgMax", probability, axis=1, keepdims=0)
    values, kind = label_values(labels)
    label = graph.node("Gather", graph.constant(values), chosen)
    outputs: dict[str, tuple[str, int, list[Any]]] = {
        "probability": (probability, TensorProto.FLOAT, ["n", len(labels)]),
        "label": (label, kind, ["n"]),
    }
    return graph.model(outputs, n_numbers, n_texts)


def label_values(labels: tuple[Label, ...]) -> tuple[NDArray[np.generic] | list[str], int]:
    """Turn the labels into a constant and its ONNX type: strings, integers (booleans are 0 and 1) or doubles."""
    if all(isinstance(label, str) for label in labels):
        return [str(label) for label in labels], TensorProto.STRING
    if all(isinstance(label, int) for label in labels):
        return np.array([int(label) for label in labels], np.int64), TensorProto.INT64
    return np.array([float(label) for label in labels]), TensorProto.DOUBLE
