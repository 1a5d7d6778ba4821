"""One decoded row of 20 mixed columns: ScoringPipeline.score, beside bare onnxruntime and the way through a data frame.

    python benchmarks/row_latency.py [--json FILE] [--calls N]

All three answer with the probabilities of the same kind of model: 200 boosted trees of 31 leaves, fitted to the German
credit table (13 categories, 7 numbers). Rows rotate over the whole table: one row repeated teaches the branch predictor
the trees. The ways take turns in short blocks, so that a busy machine disturbs all of them alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

import scoreline
from scoreline.automl.candidate import Candidate, fit
from scoreline.automl.export import build_graph
from scoreline.automl.parity import check_parity
from scoreline.automl.problem import Problem
from scoreline.core.manifest import Lineage, Manifest, Scores
from scoreline.core.schema import Schema
from scoreline.data import encode_target, make_dataset, target_labels
from scoreline.scoring.archive import read_archive, write_archive
from scoreline.scoring.decode import Decoder
from scoreline.scoring.graph import Graph
from scoreline.scoring.pipeline import ScoringPipeline
from scoreline.scoring.predictions import outputs
from scoreline.scoring.sample import make_sample

TABLE = Path(scoreline.__file__).with_name("app") / "demo" / "german_credit.csv"
TARGET = "creditability"
N_TREES, N_LEAVES = 200, 31
BLOCK_CALLS = 200
"""Calls of one way before the next takes its turn."""
BAR_SECONDS = 40e-6
SLOW_SHARE = 50
"""The data frame's way is some hundred times slower and gets as many times fewer calls."""


def main() -> None:
    """Fit, export, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20_000, help="calls of each fast way")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    dataset = make_dataset(TABLE, target=TARGET)
    labels = target_labels(dataset, TARGET, "binary")
    y = encode_target(dataset, TARGET, "binary", labels)
    schema = Schema(columns=tuple(column for column in dataset.schema.columns if column.name != TARGET))
    problem = Problem(schema=schema, task="binary", target=TARGET, labels=labels, scorer="log_loss")
    rows = dataset.frame.select(schema.names).to_dicts()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "credit.scoreline"
        export(problem, rows, y, path)
        pipeline, graph = scoreline.load(path), read_archive(path)[1]["pipeline.onnx"]
    framed = fit_with_frames(rows, y, schema)
    with threadpool_limits(1):  # threads only slow one row down, on either side
        times = measure(ways(pipeline, graph, framed, rows), arguments.calls, len(rows))
    report = summarise(times)
    print_table(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


def export(problem: Problem, rows: list[dict[str, Any]], y: np.ndarray, path: Path) -> None:
    """Fit the model, prove its graph, write the artifact: the way of every experiment."""
    params = {"learning_rate": 0.05, "num_leaves": N_LEAVES, "min_child_samples": 3}
    candidate = Candidate(learner="lightgbm", params=params, features="tree", seed=1)
    decoded = Decoder(problem.schema).records(rows).rows
    members = [(1.0, fit(candidate, problem, decoded, y, n_iterations=N_TREES))]
    graph_bytes = build_graph(members, problem)
    graph = Graph(graph_bytes)
    manifest = Manifest(
        name="row_latency",
        task=problem.task,
        target=problem.target,
        labels=problem.labels,
        schema=problem.schema,
        outputs=outputs(problem.task, problem.target, problem.labels),
        scores=Scores(scorer="log_loss", validation={}, validation_sd={}),
        parity=check_parity(members, graph, problem, decoded, y),
        lineage=Lineage(
            dataset="",
            dataset_name="german_credit",
            n_rows=len(rows),
            experiment="benchmark",
            settings=params,
            libraries={},
            created_at="2026-01-01T00:00:00+00:00",
        ),
    )
    sample = make_sample(problem.schema, graph, rows[:5])
    write_archive(path, manifest, {"pipeline.onnx": graph_bytes, "sample.json": sample})


def fit_with_frames(rows: list[dict[str, Any]], y: np.ndarray, schema: Schema) -> Pipeline:
    """Fit the usual scikit-learn pipeline: one-hot for the categories, boosted trees of the same size."""
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer(
        [("categories", one_hot, [column.name for column in schema.texts])], remainder="passthrough"
    )
    trees = HistGradientBoostingClassifier(
        max_iter=N_TREES, max_leaf_nodes=N_LEAVES, min_samples_leaf=3, early_stopping=False, random_state=1
    )
    return Pipeline([("columns", columns), ("trees", trees)]).fit(pd.DataFrame(rows), y)


def ways(
    pipeline: ScoringPipeline, graph: bytes, framed: Pipeline, rows: list[dict[str, Any]]
) -> dict[str, Callable[[int], Any]]:
    """Name the ways to score row ``i``."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    ready = [pipeline.decoder.records([row]).rows for row in rows]
    feeds = [{"numbers": row.numbers, "texts": row.texts} for row in ready]
    texts = [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]
    return {
        "onnxruntime, arrays ready": lambda i: session.run(["probability"], feeds[i]),
        "ScoringPipeline.score": lambda i: pipeline.score(rows[i]),
        "  of which decoding": lambda i: pipeline.decoder.records((rows[i],)),
        "  with every value a text": lambda i: pipeline.score(texts[i]),
        "  and the answer as a dict": lambda i: pipeline.score(rows[i])[0],
        "scikit-learn, data frame": lambda i: framed.predict_proba(pd.DataFrame([rows[i]])),
    }


def measure(ways: dict[str, Callable[[int], Any]], n_calls: int, n_rows: int) -> dict[str, np.ndarray]:
    """Time each call, in seconds; the first block of each way is thrown away."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for block in range(n_calls // BLOCK_CALLS + 1):
        for name, score in ways.items():
            calls = BLOCK_CALLS // SLOW_SHARE if "frame" in name else BLOCK_CALLS
            for call in range(block * calls, (block + 1) * calls):
                row = call % n_rows
                begun = time.perf_counter()
                score(row)
                times[name].append(time.perf_counter() - begun)
            if block == 0:
                times[name].clear()
    return {name: np.array(found) for name, found in times.items()}


def summarise(times: dict[str, np.ndarray]) -> dict[str, Any]:
    """Compute percentiles and the ratios that the design asks for."""
    found = {
        name.strip(): {
            "p50_seconds": float(np.percentile(taken, 50)),
            "p99_seconds": float(np.percentile(taken, 99)),
            "n_calls": len(taken),
        }
        for name, taken in times.items()
    }
    p50 = {name: figures["p50_seconds"] for name, figures in found.items()}
    ours = p50["ScoringPipeline.score"]
    return {
        "ways": found,
        "bar_seconds": BAR_SECONDS,
        "within_bar": ours <= BAR_SECONDS,
        "times_bare_onnxruntime": ours / p50["onnxruntime, arrays ready"],
        "times_faster_than_data_frame": p50["scikit-learn, data frame"] / ours,
        "machine": {"cores": os.cpu_count(), "processor": platform.processor() or platform.machine()},
        "libraries": {"onnxruntime": onnxruntime.__version__, "scikit-learn": sklearn.__version__},
    }


def print_table(report: dict[str, Any]) -> None:
    """Print what was measured, in microseconds."""
    print(f"{'one row, 20 mixed columns':<32}{'p50 µs':>10}{'p99 µs':>10}{'calls':>10}")
    for name, figures in report["ways"].items():
        p50, p99 = figures["p50_seconds"] * 1e6, figures["p99_seconds"] * 1e6
        print(f"{name:<32}{p50:>10,.1f}{p99:>10,.1f}{figures['n_calls']:>10,}")
    print(f"\nScoringPipeline.score takes {report['times_bare_onnxruntime']:.2f} times bare onnxruntime,")
    print(f"is {report['times_faster_than_data_frame']:,.0f} times faster than the data frame's way,")
    print(f"and is {'within' if report['within_bar'] else 'OVER'} the bar of {BAR_SECONDS * 1e6:.0f} µs")


if __name__ == "__main__":
    main()
