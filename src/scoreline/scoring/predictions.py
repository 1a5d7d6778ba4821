"""Predictions: what a scoring pipeline answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from scoreline.core.manifest import Output
from scoreline.core.schema import Label, Task, label_text
from scoreline.scoring.form import Form


def outputs(task: Task, target: str, labels: tuple[Label, ...]) -> tuple[Output, ...]:
    """Name the answer's columns: ``<target>``, or ``<target>.<label>`` for each label and ``<target>.predicted``."""
    if task == "regression":
        return (Output(name=target, type="number"),)
    probabilities = (Output(name=f"{target}.{label_text(label)}", type="number") for label in labels)
    return (*probabilities, Output(name=f"{target}.predicted", type="category"))


Answer = npt.NDArray[np.float32] | npt.NDArray[np.float64]


class Predictions:
    """The answer for n rows: ``probability`` float32[n, c] in label order, or ``prediction`` float64[n]."""

    ignored: tuple[str, ...] = ()
    """Columns sent that the schema does not know."""
    absent: tuple[str, ...] = ()
    """Columns of the schema that were not sent, and scored as missing."""

    def __init__(
        self,
        form: Form,
        values: Answer,
        ignored: tuple[str, ...] = (),
        absent: tuple[str, ...] = (),
    ) -> None:
        self._form = form
        self._values = values
        if ignored or absent:
            self.ignored, self.absent = ignored, absent

    @property
    def task(self) -> Task:
        return self._form.task

    @property
    def target(self) -> str:
        return self._form.target

    @property
    def labels(self) -> tuple[Label, ...]:
        return self._form.labels

    @property
    def values(self) -> Answer:
        """``probability`` or ``prediction``, whichever the task has."""
        return self._values

    @property
    def probability(self) -> npt.NDArray[np.float32]:
        """Classification: float32[n, c]. Raises AttributeError for a regression."""
        if self.task == "regression":
            raise AttributeError("a regression has `prediction`, not `probability`")
        return cast("npt.NDArray[np.float32]", self.values)

    @property
    def prediction(self) -> npt.NDArray[np.float64]:
        """Regression: float64[n]. Raises AttributeError for a classification."""
        if self.task != "regression":
            raise AttributeError("a classification has `probability`, not `prediction`")
        return cast("npt.NDArray[np.float64]", self.values)

    @cached_property
    def label_index(self) -> npt.NDArray[np.int64]:
        """Classification: index in ``labels`` of the likeliest label, int64[n]; the first of equals."""
        found: npt.NDArray[np.int64] = self.probability.argmax(axis=1)
        return found

    def split(self, sizes: Sequence[int]) -> list[Predictions]:
        """Return the predictions of so many rows, then of so many, and so on."""
        listed, parts, end = self.values.tolist(), [], 0
        for size in sizes:
            begin, end = end, end + size
            parts.append(Part(self, begin, end, listed[begin:end]))
        return cast("list[Predictions]", parts)

    def label(self, i: int) -> Label:
        """Return the likeliest label of row ``i``, in its original type."""
        return self.labels[int(self.label_index[i])]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, i: int) -> dict[str, Any]:
        """Row ``i``: ``{"prediction": 1.5}`` or ``{"label": "bad", "probability": {"good": 0.3, "bad": 0.7}}``."""
        record: dict[str, Any] = self._form.dictionary(self.values[i].tolist())
        return record

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.records())

    def records(self) -> list[dict[str, Any]]:
        """All rows, each as ``[i]`` gives it."""
        return list(map(self._form.dictionary, self._listed()))

    def structs(self) -> list[Any]:
        """All rows as msgspec writes them fastest; the document is that of ``records``."""
        return self._form.structs(self._listed())

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return the answer as columns, named as ``manifest.outputs`` names them; labels keep their type."""
        if self.task == "regression":
            return {self.target: self.values}
        names = [output.name for output in outputs(self.task, self.target, self.labels)]
        columns: dict[str, npt.NDArray[Any]] = dict(zip(names, self.values.T, strict=False))
        labels = np.empty(len(self.labels), dtype=object)
        labels[:] = self.labels
        columns[names[-1]] = labels[self.label_index]
        return columns

    def _listed(self) -> list[Any]:
        listed: list[Any] = self.values.tolist()
        return listed


class Part(Predictions):
    """Some rows of predictions: those of one request in a run of many. They are already there as a list."""

    def __init__(self, whole: Predictions, begin: int, end: int, rows: list[Any]) -> None:
        self._form = whole._form
        self._whole, self._begin, self._end, self._rows = whole, begin, end, rows

    @property
    def values(self) -> Answer:
        """``probability`` or ``prediction``, whichever the task has."""
        return self._whole.values[self._begin : self._end]

    @property
    def label_index(self) -> npt.NDArray[np.int64]:
        """Classification: see ``Predictions``; found once for all requests of the run."""
        return self._whole.label_index[self._begin : self._end]

    def _listed(self) -> list[Any]:
        return self._rows
