"""Parquet to Parquet by `scoreline score`, beside LightGBM's and onnxruntime's own predict on arrays that are ready.

One core and one thread for each. The command's clock begins before it loads the scoring pipeline and ends when the
file is whole; what it takes to start Python is told apart.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import polars as pl
from numpy.typing import NDArray

from benchmarks.figures import Batch
from benchmarks.loads import Void
from benchmarks.servers import CLOSEST, Cores
from benchmarks.ways import Scoreline
from benchmarks.worlds import World

OURS, WHOLE = "scoreline score, Parquet to Parquet", "with the start of Python"
LIGHTGBM, BARE = "LightGBM, arrays ready", "onnxruntime, arrays ready"
CHUNK_ROWS = 10_000
"""Rows of a call of onnxruntime; more at once are slower."""


def measure(world: World, cores: Cores, *, n_rows: int, rounds: int) -> Batch:
    """Score so many drawn rows in turns, and compare the scores. Raises Void where they differ."""
    rows = world.draw(n_rows)
    source, output = world.folder / "rows.parquet", world.folder / "scores.parquet"
    pl.DataFrame(rows).write_parquet(source)
    decoded = world.pipeline.decoder.records(rows).rows
    matrix = np.ascontiguousarray(world.fitted.features.transform(decoded), np.float64)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    graph = world.folder / "pipeline.onnx"
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    feed = {"numbers": decoded.numbers, "texts": decoded.texts}
    names = [tensor.name for tensor in session.get_inputs()]

    def bare() -> NDArray[Any]:
        chunks = (
            session.run(["probability"], {name: feed[name][first : first + CHUNK_ROWS] for name in names})[0]
            for first in range(0, n_rows, CHUNK_ROWS)
        )
        return np.concatenate(list(chunks))

    ready: dict[str, Callable[[], NDArray[Any]]] = {LIGHTGBM: lambda: world.fitted.learner.predict(matrix), BARE: bare}
    found: dict[str, list[float]] = {name: [] for name in (OURS, WHOLE, LIGHTGBM, BARE)}
    for _ in range(rounds):
        begun = time.perf_counter()
        done = _command(world, cores, source, output)
        found[WHOLE].append(n_rows / (time.perf_counter() - begun))
        found[OURS].append(n_rows / done["elapsed_seconds"])
        scores = pl.read_parquet(output).to_series(1).to_numpy()
        for name, predict in ready.items():
            begun = time.perf_counter()
            predicted = predict()
            found[name].append(n_rows / (time.perf_counter() - begun))
            if abs(predicted[:, -1] - scores).max() > CLOSEST:
                raise Void(f"{name} scores otherwise than `scoreline score`")
    return Batch(
        n_rows=n_rows,
        rates={name: statistics.median(rates) for name, rates in found.items()},
        rounds={name: tuple(rates) for name, rates in found.items()},
    )


def _command(world: World, cores: Cores, source: Path, output: Path) -> dict[str, Any]:
    command: Sequence[str] = ["taskset", "-c", str(cores.load), *Scoreline.program, "score", str(world.artifact)]
    done = subprocess.run(
        [*command, str(source), "--output", str(output), "--json"], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
