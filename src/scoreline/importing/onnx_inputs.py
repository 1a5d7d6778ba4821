"""What an ONNX graph takes: tensors of numbers or texts, one for all columns or one for each."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from onnx import AttributeProto, ModelProto

from scoreline.core.errors import ModelRefused
from scoreline.importing.original import Feature

NUMBER_KINDS: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(int16)": np.int16,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}
TEXT_KIND = "tensor(string)"
WIDEST = 100_000


class Given(NamedTuple):
    """One input of a graph, and the features that it takes."""

    name: str
    type: str
    rank: int
    """2: [n, width]; 1: [n]."""
    fixed_rows: int | None
    """How many rows the graph says it takes; None: any number."""
    features: tuple[int, ...]

    @property
    def width(self) -> int:
        return len(self.features)

    @property
    def whole(self) -> bool:
        """Whether it has no value that could stand for missing."""
        return self.type in NUMBER_KINDS and not np.issubdtype(NUMBER_KINDS[self.type], np.floating)


def inputs_of(session: Any) -> list[Given]:
    """List the inputs of a graph. Raises ModelRefused where one is no table of numbers or texts."""
    found: list[Given] = []
    first = 0
    for node in session.get_inputs():
        shape = list(node.shape)
        width = shape[1] if len(shape) == 2 else 1
        if node.type not in NUMBER_KINDS and node.type != TEXT_KIND:
            raise ModelRefused(f"its input `{node.name}` is a {node.type}: a row has numbers and texts")
        if len(shape) not in (1, 2) or not isinstance(width, int):
            raise ModelRefused(
                f"its input `{node.name}` has the shape {shape}: a table has [rows, columns]",
                hint="export it with a fixed number of columns and any number of rows",
            )
        if not 0 < width <= WIDEST:
            raise ModelRefused(f"its input `{node.name}` has {width} columns")
        rows = shape[0] if isinstance(shape[0], int) else None
        found.append(Given(node.name, node.type, len(shape), rows, tuple(range(first, first + width))))
        first += width
    if not found:
        raise ModelRefused("the graph has no inputs")
    return found


def features_of(model: ModelProto, inputs: list[Given]) -> tuple[Feature, ...]:
    """List the features of a graph: an input of one column has its name, others have a place."""
    levels = _levels(model)
    features = []
    for given in inputs:
        kind = "number" if given.type in NUMBER_KINDS else "text"
        for place in range(given.width):
            name = given.name if given.width == 1 else f"{given.name}[{place}]"
            features.append(Feature(name=name, kind=kind, levels=levels.get(given.name)))  # type: ignore[arg-type]
    return tuple(features)


def _levels(model: ModelProto) -> dict[str, tuple[str, ...]]:
    """Input → the levels of the encoder that reads it first, where one does."""
    found: dict[str, tuple[str, ...]] = {}
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name in ("cats_strings", "keys_strings") and attribute.type == AttributeProto.STRINGS:
                levels = sorted({text.decode("utf-8", "replace") for text in attribute.strings} - {""})
                found.setdefault(node.input[0], tuple(levels))
    return found
