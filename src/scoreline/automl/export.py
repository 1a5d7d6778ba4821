"""The weighted ensemble as one ONNX graph: features, learners, blend, label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from scoreline.automl.candidate import FittedPipeline
from scoreline.automl.graph import GraphWriter
from scoreline.automl.problem import Problem
from scoreline.core.schema import Label
from scoreline.scoring.rows import Rows

Members = Sequence[tuple[float, FittedPipeline]]
"""Weights, which sum to 1, with their fitted pipelines."""


def build_graph(members: Members, problem: Problem) -> bytes:
    """Write the ensemble: outputs ``probability`` float [n, c] and ``label`` [n], or ``prediction`` double [n].

    Features that members share are written, and computed, once.
    """
    graph = GraphWriter()
    outputs = [(weight, member.to_onnx(graph)) for weight, member in members]
    blended = outputs[0][1]
    if len(outputs) > 1:
        parts = [graph.node("Mul", output, graph.constant(np.array(weight))) for weight, output in outputs]
        blended = graph.node("Sum", *parts)
    n_numbers, n_texts = len(problem.schema.numbers), len(problem.schema.texts)
    if problem.task == "regression":
        flat = graph.node("Squeeze", blended, graph.constant(np.array([1])))
        return graph.model({"prediction": (flat, TensorProto.DOUBLE, ["n"])}, n_numbers, n_texts)
    probability = graph.cast(blended, TensorProto.FLOAT)
    chosen = graph.node("ArgMax", probability, axis=1, keepdims=0)
    values, kind = _labels(problem.labels)
    label = graph.node("Gather", graph.constant(values), chosen)
    return graph.model(
        {
            "probability": (probability, TensorProto.FLOAT, ["n", len(problem.labels)]),
            "label": (label, kind, ["n"]),
        },
        n_numbers,
        n_texts,
    )


def blend(members: Members, rows: Rows) -> NDArray[np.float64]:
    """Score rows with the fitted members themselves: probabilities [n, c], or predictions [n]."""
    return np.asarray(sum(weight * member.predict(rows) for weight, member in members))


def _labels(labels: tuple[Label, ...]) -> tuple[NDArray[np.generic] | list[str], int]:
    """Turn the labels into a constant and its ONNX type: strings, integers (booleans are 0 and 1) or doubles."""
    if all(isinstance(label, str) for label in labels):
        return [str(label) for label in labels], TensorProto.STRING
    if all(isinstance(label, int) for label in labels):
        return np.array([int(label) for label in labels], np.int64), TensorProto.INT64
    return np.array([float(label) for label in labels]), TensorProto.DOUBLE
