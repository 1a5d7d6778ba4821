"""Forest: trees as flat arrays, whichever library grew them, and their way into the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from scoreline.automl.graph import GraphWriter
from scoreline.core.schema import Task


@dataclass
class Tree:
    """One tree. Node 0 is the root; a leaf has ``left`` -1.

    A value goes left when it is at most ``threshold`` (below it, in a ``single`` forest), and where
    ``missing_left`` says when it is NaN.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    leaf: NDArray[np.float64]
    """[n_nodes] value of a leaf for ``output``, or [n_nodes, n_scores] values for all of them."""
    output: int = 0


@dataclass
class Forest:
    """Trees whose leaves are summed into raw scores."""

    trees: list[Tree]
    n_scores: int
    base: NDArray[np.float64]
    """[n_scores] what the sum begins with."""
    single: bool = False
    """The trees compare with ``<`` and sum in float32 (XGBoost), not with ``<=`` and in double (the others)."""

    def to_onnx(self, graph: GraphWriter, matrix: str) -> str:
        """Raw scores, double [n, n_scores], from the float32 matrix; decided and summed as the library does."""
        if not self.single:
            matrix = graph.cast(matrix, onnx.TensorProto.DOUBLE)
        raw = graph.node("TreeEnsembleRegressor", matrix, domain="ai.onnx.ml", **self.attributes())
        return graph.cast(raw, onnx.TensorProto.DOUBLE)

    def attributes(self) -> dict[str, Any]:
        """Return the attributes of a ``TreeEnsembleRegressor``."""
        kind = np.float32 if self.single else np.float64
        sizes = [len(tree.feature) for tree in self.trees]
        is_leaf = np.concatenate([tree.left < 0 for tree in self.trees])
        tree_ids = np.repeat(np.arange(len(self.trees)), sizes)
        node_ids = np.concatenate([np.arange(size) for size in sizes])

        def joined(part: str) -> NDArray[Any]:
            return np.concatenate([getattr(tree, part) for tree in self.trees])

        branch = "BRANCH_LT" if self.single else "BRANCH_LEQ"
        leaf_trees, leaf_nodes, outputs, weights = self._leaves()
        return {
            "n_targets": self.n_scores,
            "aggregate_function": "SUM",
            "post_transform": "NONE",
            "base_values_as_tensor": _tensor("base_values", self.base, kind),
            "nodes_treeids": tree_ids.tolist(),
            "nodes_nodeids": node_ids.tolist(),
            "nodes_featureids": np.where(is_leaf, 0, joined("feature")).tolist(),
            "nodes_modes": np.where(is_leaf, "LEAF", branch).tolist(),
            "nodes_values_as_tensor": _tensor("nodes_values", np.where(is_leaf, 0.0, joined("threshold")), kind),
            "nodes_truenodeids": np.where(is_leaf, 0, joined("left")).tolist(),
            "nodes_falsenodeids": np.where(is_leaf, 0, joined("right")).tolist(),
            "nodes_missing_value_tracks_true": np.where(is_leaf, False, joined("missing_left")).astype(int).tolist(),
            "target_treeids": leaf_trees.tolist(),
            "target_nodeids": leaf_nodes.tolist(),
            "target_ids": outputs.tolist(),
            "target_weights_as_tensor": _tensor("target_weights", weights, kind),
        }

    def thresholds(self) -> dict[int, NDArray[np.float64]]:
        """Feature → the distinct values at which a tree decides."""
        features = np.concatenate([tree.feature[tree.left >= 0] for tree in self.trees])
        values = np.concatenate([tree.threshold[tree.left >= 0] for tree in self.trees])
        return {int(feature): np.unique(values[features == feature]) for feature in np.unique(features)}

    def _leaves(self) -> tuple[NDArray[Any], ...]:
        """Tree, node, output and weight of every leaf value; sorted by tree, then node, then output."""
        parts = []
        for number, tree in enumerate(self.trees):
            nodes = np.flatnonzero(tree.left < 0)
            if tree.leaf.ndim == 1:
                parts.append((np.full(len(nodes), number), nodes, np.full(len(nodes), tree.output), tree.leaf[nodes]))
            else:
                # A class that a leaf has no row of adds nothing; deep leaves know one or two classes.
                rows, outputs = np.nonzero(tree.leaf[nodes])
                parts.append((np.full(len(rows), number), nodes[rows], outputs, tree.leaf[nodes][rows, outputs]))
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _tensor(name: str, values: NDArray[np.float64], kind: type[np.floating[Any]]) -> onnx.TensorProto:
    return onnx.numpy_helper.from_array(np.ascontiguousarray(values, kind), name)


def link(graph: GraphWriter, raw: str, task: Task) -> str:
    """Raw double scores [n, n_scores] → probabilities [n, c] or predictions [n, 1]."""
    if task == "binary":
        return graph.node("Sigmoid", graph.node("Mul", raw, graph.constant(np.array([[-1.0, 1.0]]))))
    return graph.node("Softmax", raw, axis=1) if task == "multiclass" else raw


def link_numpy(raw: NDArray[np.float64], task: Task) -> NDArray[np.float64]:
    """``link`` in NumPy: raw scores [n, n_scores] → probabilities [n, c] or predictions [n]."""
    if task == "binary":
        with np.errstate(over="ignore"):
            return np.asarray(1.0 / (1.0 + np.exp(-raw.reshape(len(raw), 1) * np.array([[-1.0, 1.0]]))))
    if task == "multiclass":
        powers = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    return raw.reshape(len(raw))
