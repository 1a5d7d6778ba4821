"""What an ONNX graph answers: probabilities as a tensor or as maps, or predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from onnx import AttributeProto, ModelProto, NodeProto

from scoreline.core.errors import ModelRefused
from scoreline.core.schema import Label, Task
from scoreline.importing.original import CannotTake

FLOATS = ("tensor(float)", "tensor(double)", "tensor(float16)")
LABELS = ("tensor(int64)", "tensor(int32)", "tensor(string)", "tensor(bool)")
ZIPPED = "seq(map("
CLASSES = ("classlabels_int64s", "classlabels_strings", "classlabels_ints")


class Answer(NamedTuple):
    """The output that counts."""

    output: str
    tensor: str
    """The same before ZipMap made maps of it."""
    zipped: bool
    task: Task | None
    labels: tuple[Label, ...] | None
    width: int | None
    """Numbers that it gives a row, where the graph says."""
    notes: tuple[str, ...] = ()

    @property
    def n_labels(self) -> int | None:
        """Say how many classes there are, where it is known that there are classes."""
        if self.task is None or self.task == "regression":
            return None
        return 2 if self.width == 1 else self.width

    def array(self, found: Any, n_rows: int, task: Task) -> npt.NDArray[np.float64]:
        """Turn what the graph answered into probabilities [n, c], or predictions [n]. Raises CannotTake."""
        if self.zipped:
            order = self.labels or ()
            return np.array([[row[label] for label in order] for row in found], np.float64)
        values = np.asarray(found, np.float64).reshape(n_rows, -1)
        if task == "regression":
            if values.shape[1] != 1:
                raise CannotTake(f"it gives {values.shape[1]} numbers a row, and a regression has one")
            return values[:, 0]
        return np.concatenate([1.0 - values, values], axis=1) if values.shape[1] == 1 else values


def find_answer(model: ModelProto, session: Any, probed: Callable[[str], int]) -> Answer:
    """Find the output that holds probabilities or predictions. Raises ModelRefused.

    ``probed`` finds out how many numbers an output has a row, where the graph does not say.
    """
    outputs = list(session.get_outputs())
    told = ", ".join(f"`{node.name}` {node.type} {node.shape}" for node in outputs)
    labelled = any(node.type in LABELS for node in outputs)
    makers = {name: node for node in model.graph.node for name in node.output}
    zipped = [node for node in outputs if node.type.startswith(ZIPPED)]
    if zipped:
        maker = makers.get(zipped[0].name)
        if maker is None or maker.op_type != "ZipMap":
            raise ModelRefused(
                f"its output is made of maps, and not by ZipMap: {told}", hint="export it with zipmap=False"
            )
        labels = _classes(maker)
        return Answer(zipped[0].name, maker.input[0], True, _task(len(labels)), labels, len(labels))
    floats = [node for node in outputs if node.type in FLOATS and len(node.shape) in (1, 2)]
    if not floats:
        raise ModelRefused(
            f"it gives no probabilities and no predictions: {told}",
            hint="export the probabilities too (skl2onnx: options={'zipmap': False}; SVC: probability=True)",
        )
    chosen = next((node for node in floats if "prob" in node.name.lower()), floats[0])
    notes = () if len(floats) == 1 else (f"of its outputs `{chosen.name}` is taken: {told}",)
    width = 1 if len(chosen.shape) == 1 else chosen.shape[1] if isinstance(chosen.shape[1], int) else None
    width = width or probed(chosen.name)
    if not labelled and width == 1:
        return Answer(chosen.name, chosen.name, False, None, None, width, notes)
    known = [_classes(node) for node in model.graph.node if any(a.name in CLASSES for a in node.attribute)]
    n_labels = 2 if width == 1 else width
    fitting = [found for found in known if n_labels == len(found)]
    return Answer(chosen.name, chosen.name, False, _task(n_labels or 2), fitting[-1] if fitting else None, width, notes)


def _task(n_labels: int) -> Task:
    return "binary" if n_labels == 2 else "multiclass"


def _classes(node: NodeProto) -> tuple[Label, ...]:
    for attribute in node.attribute:
        if attribute.name in CLASSES and attribute.type == AttributeProto.STRINGS and attribute.strings:
            return tuple(text.decode("utf-8", "replace") for text in attribute.strings)
        if attribute.name in CLASSES and attribute.type == AttributeProto.INTS and attribute.ints:
            return tuple(int(number) for number in attribute.ints)
    return ()
