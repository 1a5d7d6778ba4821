"""One decoded row: `ScoringPipeline.score`, beside bare onnxruntime and the way through a data frame, in this process.

Rows rotate over the whole table: one row repeated teaches the branch predictor the trees. The ways take turns in short
blocks, so that a busy machine disturbs all of them alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.figures import Latency
from benchmarks.peers.tutorial import fit
from benchmarks.worlds import World

BLOCK_CALLS = 200
"""Calls of one way before the next takes its turn."""
FRAME, SLOW_SHARE = "scikit-learn, data frame", 50
"""The data frame's way is some hundred times slower and gets as many times fewer calls."""
OURS, BARE = "ScoringPipeline.score", "onnxruntime, arrays ready"


def measure(world: World, n_calls: int) -> dict[str, Latency]:
    """Time so many calls of each way; the first block of each is thrown away."""
    times: dict[str, list[float]] = {}
    n_rows = len(world.rows)
    with threadpool_limits(1):  # threads only slow one row down, on either side
        ways = _ways(world)
        for block in range(n_calls // BLOCK_CALLS + 1):
            for name, score in ways.items():
                calls = BLOCK_CALLS // SLOW_SHARE if name == FRAME else BLOCK_CALLS
                taken = times.setdefault(name, [])
                for call in range(block * calls, (block + 1) * calls):
                    row = call % n_rows
                    begun = time.perf_counter()
                    score(row)
                    taken.append(time.perf_counter() - begun)
                if block == 0:
                    taken.clear()
    return {name: _latency(np.array(taken)) for name, taken in times.items()}


def _ways(world: World) -> dict[str, Callable[[int], Any]]:
    """Name the ways to score row ``i``."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    graph = world.folder / "pipeline.onnx"
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    rows, pipeline = world.rows, world.pipeline
    ready = [pipeline.decoder.records([row]).rows for row in rows]
    feeds = [{"numbers": row.numbers, "texts": row.texts} for row in ready]
    texts = [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]
    table = pd.read_csv(world.folder / "table.csv")
    numbers, categories = ([column.name for column in block] for block in (world.schema.numbers, world.schema.texts))
    model = fit(table[[*numbers, *categories]], table.iloc[:, -1], numbers, categories)
    return {
        BARE: lambda i: session.run(["probability"], feeds[i]),
        OURS: lambda i: pipeline.score(rows[i]),
        "of which decoding": lambda i: pipeline.decoder.records((rows[i],)),
        "with every value a text": lambda i: pipeline.score(texts[i]),
        "and the answer as a dict": lambda i: pipeline.score(rows[i])[0],
        FRAME: lambda i: model.predict_proba(pd.DataFrame([rows[i]])),
    }


def _latency(taken: NDArray[np.float64]) -> Latency:
    p50, p99 = np.percentile(taken, [50, 99])
    return Latency(p50_seconds=float(p50), p99_seconds=float(p99), n_calls=len(taken))
