"""Recipes of features: transformers side by side, fitted on the rows of a fit and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from scoreline.automl.features.categories import Categories, for_linear, for_trees
from scoreline.automl.features.dates import DateParts
from scoreline.automl.features.hinges import Hinges
from scoreline.automl.features.numbers import Numbers, Scaled
from scoreline.automl.features.texts import TextCounts, TfIdf
from scoreline.automl.graph import GraphWriter
from scoreline.automl.problem import Problem
from scoreline.scoring.rows import Rows

Recipe = Literal["tree", "linear", "spline"]
Block = Any
"""float32 [n, d]: a NumPy array, or a SciPy CSR matrix."""


class Transformer(Protocol):
    """One step from rows to features, in NumPy and as a graph. Missing and unseen mean the same on both sides."""

    def fit_transform(self, rows: Rows, y: NDArray[Any]) -> Block:
        """Fit, and transform the very rows of the fit; what looks at ``y`` is out of fold here."""
        ...

    def transform(self, rows: Rows) -> Block: ...

    def to_onnx(self, graph: GraphWriter) -> str:
        """Write the step; the output is float32 [n, d], equal to ``transform``."""
        ...


RECIPES: dict[Recipe, Callable[[Problem, int], list[Transformer]]] = {
    "tree": lambda problem, seed: [
        Numbers(problem),
        DateParts(problem),
        Categories(problem, seed, for_trees),
        TextCounts(problem),
    ],
    "linear": lambda problem, seed: [
        Scaled(Numbers(problem)),
        Scaled(DateParts(problem)),
        Categories(problem, seed, for_linear, scale=True),
        TfIdf(problem),
    ],
    "spline": lambda problem, seed: [
        Scaled(Numbers(problem)),
        Hinges(Numbers(problem)),
        Hinges(DateParts(problem)),
        Categories(problem, seed, for_linear, scale=True),
        TfIdf(problem),
    ],
}


class Features:
    """A recipe, fitted to a problem's rows."""

    def __init__(self, recipe: Recipe, problem: Problem, seed: int) -> None:
        self._steps = RECIPES[recipe](problem, seed)

    def fit_transform(self, rows: Rows, y: NDArray[Any]) -> Block:
        """Fit every step; steps without a column of their kind are left out."""
        blocks = [(step, step.fit_transform(rows, y)) for step in self._steps]
        self._steps = [step for step, block in blocks if block.shape[1]]
        return _side_by_side([block for _, block in blocks if block.shape[1]], len(rows))

    def transform(self, rows: Rows) -> Block:
        return _side_by_side([step.transform(rows) for step in self._steps], len(rows))

    @property
    def number_columns(self) -> list[int]:
        """Index in the numbers block of each leading feature that is such a number unchanged."""
        first = self._steps[0] if self._steps else None
        return first.indices if isinstance(first, Numbers) else []

    def to_onnx(self, graph: GraphWriter) -> str:
        return graph.concat([step.to_onnx(graph) for step in self._steps])


def _side_by_side(blocks: list[Block], n_rows: int) -> Block:
    if not blocks:
        return np.zeros((n_rows, 0), np.float32)
    if any(sparse.issparse(block) for block in blocks):
        return sparse.hstack([sparse.csr_matrix(block) for block in blocks], format="csr", dtype=np.float32)
    return np.ascontiguousarray(np.hstack(blocks))
