"""FastAPI and onnxruntime: pydantic checks the row, two arrays are filled, and the very graph of ours is run."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime

from benchmarks.peers.routes import application
from benchmarks.peers.world import NUMBERS, TEXTS, WORLD

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(WORLD / "pipeline.onnx", options, providers=["CPUExecutionProvider"])


def score(rows: list[Any]) -> list[float]:
    feed = {"numbers": np.array([[getattr(row, name) for name in NUMBERS] for row in rows], np.float64)}
    if TEXTS:
        feed["texts"] = np.array([[getattr(row, name) for name in TEXTS] for row in rows], object)
    (probability,) = session.run(["probability"], feed)
    found: list[float] = probability[:, -1].tolist()
    return found


app = application(score)
