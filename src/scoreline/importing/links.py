"""Links: how the raw scores of trees become probabilities or predictions."""

from __future__ import annotations

from typing import Literal

import numpy as np

from scoreline.automl.graph import GraphWriter

Link = Literal["identity", "sigmoid", "softmax", "sigmoids", "exp", "log1p_exp", "signed_square"]


def write_link(graph: GraphWriter, raw: str, link: Link, *, scale: float = 1.0, both: bool = False) -> str:
    """Write ``link`` over double raw scores [n, c].

    ``scale`` multiplies the raw scores of a sigmoid; ``both`` gives the probabilities of both labels from the one
    score of the second.
    """
    if link in ("sigmoid", "sigmoids"):
        factors = np.array([[-scale, scale]]) if both else np.array([[scale]])
        if (factors == 1.0).all():
            return graph.node("Sigmoid", raw)
        return graph.node("Sigmoid", graph.node("Mul", raw, graph.constant(factors)))
    if link == "softmax":
        return graph.node("Softmax", raw, axis=1)
    if link == "exp":
        return graph.node("Exp", raw)
    if link == "log1p_exp":
        return graph.node("Log", graph.node("Add", graph.node("Exp", raw), graph.constant(np.array([[1.0]]))))
    if link == "signed_square":
        return graph.node("Mul", raw, graph.node("Abs", raw))
    return raw
