"""The scale on which a regression target is learned."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scoreline.automl.graph import GraphWriter

Scale = Literal["identity", "log"]
BEYOND = np.log(2.0)
"""How far a prediction may leave the logarithms seen in training: no wild row shall become an astronomical price."""


class TargetScale:
    """A target as it is, or its ``log1p``; classification uses it as it is."""

    def __init__(self, scale: Scale, y: NDArray[Any]) -> None:
        self._logarithm = scale == "log"
        self._low = self._high = 0.0
        if self._logarithm:
            seen = np.log1p(y)
            self._low, self._high = float(seen.min() - BEYOND), float(seen.max() + BEYOND)

    def forward(self, y: NDArray[Any]) -> NDArray[Any]:
        """Turn the target into what the learner is fitted to."""
        return np.log1p(y) if self._logarithm else y

    def inverse(self, predicted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn the learner's answer into a prediction of the target."""
        return np.exp(np.clip(predicted, self._low, self._high)) - 1.0 if self._logarithm else predicted

    def to_onnx(self, graph: GraphWriter, predicted: str) -> str:
        if not self._logarithm:
            return predicted
        limits = graph.constant(np.array(self._low)), graph.constant(np.array(self._high))
        # A power of e, not Exp: ONNX Runtime's Exp rounds differently for one row and for many.
        power = graph.node("Pow", graph.constant(np.array(np.e)), graph.node("Clip", predicted, *limits))
        return graph.node("Sub", power, graph.constant(np.array(1.0)))
