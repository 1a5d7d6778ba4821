"""ONNX graphs of other makers: scikit-learn's, LightGBM's, XGBoost's and PyTorch's exporters, or anyone's."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import ModelProto

from scoreline.core.errors import ArtifactRefused, ModelRefused
from scoreline.importing.onnx_answer import Answer, find_answer
from scoreline.importing.onnx_graph import rewritten
from scoreline.importing.onnx_inputs import NUMBER_KINDS, Given, features_of, inputs_of
from scoreline.importing.original import CannotTake, Described, Plan, first_line, values_of
from scoreline.scoring.onnx_check import check_self_contained
from scoreline.scoring.rows import Rows


class OnnxGraph:
    """A graph, run by ONNX Runtime as it is, and rewritten to take Rows."""

    n_variants = 1

    def __init__(self, content: bytes, *, format_name: str = "ONNX") -> None:
        try:
            check_self_contained(content)
        except ArtifactRefused as error:
            raise ModelRefused(error.message.replace("pipeline.onnx", "the graph"), hint=error.hint) from None
        self._format = format_name
        self._model: ModelProto = onnx.load_model_from_string(content)
        self._session = session_of(content)
        self._inputs = inputs_of(self._session)
        self._answer: Answer = find_answer(self._model, self._session, self._width)

    @classmethod
    def at(cls, path: Path) -> OnnxGraph:
        """Open a file."""
        return cls(path.read_bytes())

    @cached_property
    def described(self) -> Described:
        return Described(
            format=self._format,
            features=features_of(self._model, self._inputs),
            named=all(given.width == 1 for given in self._inputs) and len(self._inputs) > 1,
            ordered=len(self._inputs) == 1,
            task=self._answer.task,
            labels=self._answer.labels,
            n_labels=self._answer.n_labels,
            notes=self._answer.notes,
            libraries={"onnx": onnx.__version__, "onnxruntime": ort.__version__, **_producer(self._model)},
        )

    def graph(self, plan: Plan) -> bytes:
        return rewritten(self._model, self._inputs, self._answer, plan)

    def thresholds(self, plan: Plan) -> dict[int, npt.NDArray[np.float64]]:
        return {}

    def score(self, rows: Rows, plan: Plan) -> npt.NDArray[np.float64]:
        feed = {}
        for given in self._inputs:
            columns = [values_of(rows, plan.sources[feature]) for feature in given.features]
            feed[given.name] = _tensor(given, columns)
        try:
            if self._inputs[0].fixed_rows == 1 and len(rows) > 1:
                singles = [
                    self._run({name: value[i : i + 1] for name, value in feed.items()}) for i in range(len(rows))
                ]
                found: Any = [part for single in singles for part in single]
            else:
                found = self._run(feed)
        except Exception as error:  # onnxruntime's own exceptions share no base but this
            raise CannotTake(first_line(error)) from None
        return self._answer.array(found, len(rows), plan.task)

    def _width(self, output: str) -> int:
        """Score a row of nothing, to see how many numbers come out."""
        row = {
            given.name: _tensor(
                given, [np.zeros(1) if given.type in NUMBER_KINDS else np.array([""], object)] * given.width
            )
            for given in self._inputs
        }
        try:
            return int(np.asarray(self._session.run([output], row)[0]).size)
        except Exception as error:  # onnxruntime's own exceptions share no base but this
            raise ModelRefused(
                f"nobody knows how many numbers its output `{output}` has: {first_line(error)}",
                hint="export it with the shape of its outputs",
            ) from None

    def _run(self, feed: dict[str, Any]) -> Any:
        return self._session.run([self._answer.output], feed)[0]


def session_of(content: bytes) -> Any:
    """Let ONNX Runtime load a graph, with one thread, as a scoring pipeline has."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _tensor(given: Given, columns: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    if given.type not in NUMBER_KINDS:
        block = np.stack(columns, axis=1).astype(object)
    else:
        numbers = np.stack(columns, axis=1)
        if given.whole and np.isnan(numbers).any():
            raise CannotTake(f"its input `{given.name}` holds whole numbers or truth values, of which none is missing")
        with np.errstate(over="ignore", invalid="ignore"):
            block = numbers.astype(NUMBER_KINDS[given.type])
    return block if given.rank == 2 else block[:, 0]


def _producer(model: ModelProto) -> dict[str, str]:
    return {model.producer_name: model.producer_version} if model.producer_name and model.producer_version else {}
