"""The weighted ensemble as one ONNX graph: features, learners, blend, label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scoreline.automl.candidate import FittedPipeline
from scoreline.automl.finish import finish
from scoreline.automl.graph import GraphWriter
from scoreline.automl.problem import Problem
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
    schema = problem.schema
    return finish(graph, blended, problem.task, problem.labels, len(schema.numbers), len(schema.texts))


def blend(members: Members, rows: Rows) -> NDArray[np.float64]:
    """Score rows with the fitted members themselves: probabilities [n, c], or predictions [n]."""
    return np.asarray(sum(weight * member.predict(rows) for weight, member in members))
