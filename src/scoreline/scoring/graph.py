"""Graph: a thin onnxruntime session over ``pipeline.onnx``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else importing it starts a thread that reports to its makers
import onnxruntime as ort

from scoreline.core.errors import ArtifactRefused
from scoreline.scoring.onnx_check import check_self_contained
from scoreline.scoring.predictions import Answer
from scoreline.scoring.rows import Rows

NUMBERS, TEXTS = "numbers", "texts"
INPUT_TYPES = {NUMBERS: "tensor(double)", TEXTS: "tensor(string)"}
ANSWERS = {"probability": "tensor(float)", "prediction": "tensor(double)"}
CHUNK_ROWS = 4096
"""Rows in one run: enough to forget the call, few enough that what lies between two nodes stays in the cache."""


class Graph:
    """Features and model in one ONNX graph: Rows in, ``probability`` float32[n, c] or ``prediction`` float64[n] out.

    A row scores the same, to the last bit, alone and among others, with one thread and with many: onnxruntime itself is
    held to one thread (with more it adds the trees up in another order), and chunks of rows run in ``threads`` threads.

    Raises:
        ArtifactRefused: the bytes are no ONNX graph, reach outside themselves, or have other inputs or outputs.
    """

    def __init__(self, onnx_bytes: bytes, threads: int = 1) -> None:
        check_self_contained(onnx_bytes)
        try:
            self._session = ort.InferenceSession(onnx_bytes, _options(), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions share no base but this
            raise ArtifactRefused(
                f"pipeline.onnx is not a graph that ONNX Runtime can load: {_first_line(error)}"
            ) from None
        inputs = {node.name: node for node in self._session.get_inputs()}
        outputs = {node.name: node for node in self._session.get_outputs()}
        self.n_numbers = _width(inputs, NUMBERS)
        self.n_texts = _width(inputs, TEXTS)
        unknown = sorted(inputs.keys() - INPUT_TYPES.keys())
        if unknown or not inputs:
            found = ", ".join(f"`{name}`" for name in unknown) or "none"
            raise ArtifactRefused(f"pipeline.onnx: expected the inputs `numbers` and `texts`, found {found}")
        answers = [name for name in ANSWERS if name in outputs]
        if len(answers) != 1 or outputs[answers[0]].type != ANSWERS[answers[0]]:
            found = ", ".join(f"`{node.name}` {node.type}" for node in outputs.values())
            raise ArtifactRefused(f"pipeline.onnx: expected `probability` float or `prediction` double, found {found}")
        self.answer = answers[0]
        self._fetch = [self.answer]
        # ``InferenceSession.run`` checks in Python what ``_sess.run`` checks again in C, and that takes 1.3 µs.
        self._call = getattr(self._session, "_sess", self._session).run
        self._run_options = ort.RunOptions()
        self._run_options.only_execute_path_to_fetches = True
        shape = outputs[self.answer].shape
        self.width = shape[1] if len(shape) == 2 and isinstance(shape[1], int) else None
        """Probabilities in a row, where the graph says; None for a prediction."""
        self._map = _pool_map(threads) if threads > 1 else map

    def run(self, rows: Rows) -> Answer:
        """Score rows; safe to call from several threads."""
        n = len(rows)
        if n == 0:
            if self.answer == "prediction":
                return np.empty(0, np.float64)
            return np.empty((0, self.width or 0), np.float32)
        if n <= CHUNK_ROWS:
            return self._run(rows)
        chunks = [rows[i : i + CHUNK_ROWS] for i in range(0, n, CHUNK_ROWS)]
        answers: Answer = np.concatenate(list(self._map(self._run, chunks)))
        return answers

    def _run(self, rows: Rows) -> Answer:
        feed: dict[str, npt.NDArray[np.float64] | npt.NDArray[np.object_]] = {}
        if self.n_numbers:
            feed[NUMBERS] = rows.numbers
        if self.n_texts:
            feed[TEXTS] = rows.texts
        answer: Answer = self._call(self._fetch, feed, self._run_options)[0]
        return answer


def _pool_map(threads: int) -> Callable[[Callable[[Rows], Answer], Iterable[Rows]], Iterable[Answer]]:
    from concurrent.futures import ThreadPoolExecutor  # one row needs none

    return ThreadPoolExecutor(threads, "scoreline-graph").map


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options


def _width(inputs: dict[str, ort.NodeArg], name: str) -> int:
    """Columns of an input; 0 where the graph has none of that name."""
    if name not in inputs:
        return 0
    node = inputs[name]
    if node.type != INPUT_TYPES[name] or len(node.shape) != 2 or not isinstance(node.shape[1], int):
        raise ArtifactRefused(
            f"pipeline.onnx: expected input `{name}` {INPUT_TYPES[name]} [n, columns], found {node.type} {node.shape}"
        )
    return node.shape[1]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
