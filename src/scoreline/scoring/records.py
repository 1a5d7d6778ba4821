"""Records: the predictions of a row as a caller reads them, ``{"label": "bad", "probability": {"good": 0.3, …}}``."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import msgspec

from scoreline.core.schema import Label, Task, label_text

Write = Callable[[Any], Any]
"""Takes a row of ``values.tolist()``: probabilities in label order, or the prediction."""


class Number(msgspec.Struct, gc=False):
    """The record of a regression."""

    prediction: float


class Labelled(msgspec.Struct, gc=False):
    """The record of a classification."""

    label: Label
    probability: Any


class Records:
    """Makes the records of a scoring pipeline, as dictionaries or as structs: msgspec writes both to the same bytes."""

    def __init__(self, task: Task, labels: tuple[Label, ...]) -> None:
        self._task = task
        self._labels = labels
        self._texts = [label_text(label) for label in labels]

    @cached_property
    def dictionary(self) -> Write:
        """Make a record that callers of the SDK get."""
        if self._task == "regression":
            return lambda value: {"prediction": value}
        labels, texts = self._labels, self._texts
        return lambda row: {"label": labels[row.index(max(row))], "probability": dict(zip(texts, row, strict=True))}

    @cached_property
    def struct(self) -> Write:
        """Make a record to be written at once: it is made and written in half the time."""
        if self._task == "regression":
            return Number
        if len(set(self._texts)) < len(self._texts):  # 1 and "1" are two labels, and one text
            return self.dictionary
        fields = [(f"p{j}", float) for j in range(len(self._texts))]
        names = {field: text for (field, _), text in zip(fields, self._texts, strict=True)}
        probability = msgspec.defstruct("Probability", fields, rename=names, gc=False)
        labels = self._labels
        return lambda row: Labelled(labels[row.index(max(row))], probability(*row))
