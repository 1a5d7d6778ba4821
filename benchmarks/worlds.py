"""The two tables that everything is measured on, and one model of each: 200 trees of 31 leaves.

The features are those that a tutorial's ``ColumnTransformer`` makes, numbers as they are and one-hot categories, so
that Scoreline and its peers score with the very same trees, and their answers can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

import scoreline
from scoreline.automl.candidate import Candidate, FittedPipeline, fit
from scoreline.automl.export import build_graph
from scoreline.automl.features import RECIPES
from scoreline.automl.features.categories import Categories, OneHot
from scoreline.automl.features.numbers import Numbers
from scoreline.automl.parity import check_parity
from scoreline.automl.problem import Problem
from scoreline.core.manifest import Lineage, Manifest, Scores
from scoreline.core.schema import Schema
from scoreline.data import encode_target, make_dataset, target_labels
from scoreline.scoring.archive import write_archive
from scoreline.scoring.decode import Decoder
from scoreline.scoring.graph import Graph
from scoreline.scoring.pipeline import ScoringPipeline
from scoreline.scoring.predictions import outputs
from scoreline.scoring.sample import make_sample

CREDIT = Path(scoreline.__file__).with_name("app") / "demo" / "german_credit.csv"
N_TREES = 200
PARAMS = {"learning_rate": 0.05, "num_leaves": 31, "min_child_samples": 3}
N_ROWS, N_NUMBERS = 2000, 16
NAMES = ("numbers", "mixed")
Row = dict[str, Any]

RECIPES["tutorial"] = lambda problem, seed: [  # type: ignore[index]  # a recipe of the benchmarks' own
    Numbers(problem),
    Categories(problem, seed, lambda n_levels, problem, seed: [OneHot()]),
]


class World(NamedTuple):
    """A table, its model, and where both are."""

    name: str
    folder: Path
    """Holds `pipeline.scoreline`, and for the peers `table.csv`, `columns.json` and `pipeline.onnx`."""
    schema: Schema
    rows: Sequence[Row]
    fitted: FittedPipeline
    pipeline: ScoringPipeline

    @property
    def artifact(self) -> Path:
        return self.folder / "pipeline.scoreline"

    def expected(self, rows: Sequence[Row]) -> NDArray[np.float64]:
        """Score with the artifact in this process: the probability of the last label."""
        return np.asarray(self.pipeline.score(list(rows)).values[:, -1], np.float64)

    def draw(self, n: int, seed: int = 1) -> list[Row]:
        """Draw rows of the table, each as often as it comes."""
        chosen = np.random.default_rng(seed).integers(0, len(self.rows), n)
        return [self.rows[i] for i in chosen.tolist()]


def make_world(name: str, folder: Path) -> World:
    """Write the table, fit the model, prove its graph and write the artifact: the way of every experiment."""
    folder.mkdir(parents=True, exist_ok=True)
    table, target = (_numbers(), "answer") if name == "numbers" else (pl.read_csv(CREDIT), "creditability")
    dataset = make_dataset(table, name=name, target=target)
    labels = target_labels(dataset, target, "binary")
    y = encode_target(dataset, target, "binary", labels)
    schema = Schema(columns=tuple(column for column in dataset.schema.columns if column.name != target))
    problem = Problem(schema=schema, task="binary", target=target, labels=labels, scorer="log_loss")
    rows = dataset.frame.select(schema.names).to_dicts()
    dataset.frame.select([*schema.names, target]).write_csv(folder / "table.csv")
    columns = {
        kind: [column.name for column in block]
        for kind, block in (("numbers", schema.numbers), ("texts", schema.texts))
    }
    (folder / "columns.json").write_text(json.dumps(columns | {"target": target}), encoding="utf-8")
    candidate = Candidate(learner="lightgbm", params=PARAMS, features="tutorial", seed=1)  # type: ignore[arg-type]
    decoded = Decoder(schema).records(rows).rows
    fitted = fit(candidate, problem, decoded, y, n_iterations=N_TREES)
    graph = build_graph([(1.0, fitted)], problem)
    (folder / "pipeline.onnx").write_bytes(graph)
    runnable = Graph(graph)
    manifest = Manifest(
        name=name,
        task=problem.task,
        target=target,
        labels=labels,
        schema=schema,
        outputs=outputs(problem.task, target, labels),
        scores=Scores(scorer=problem.scorer, validation={}, validation_sd={}),
        parity=check_parity([(1.0, fitted)], runnable, problem, decoded, y),
        lineage=Lineage(
            dataset=dataset.digest,
            dataset_name=name,
            n_rows=len(rows),
            experiment="benchmark",
            settings=dict(PARAMS),
            libraries={},
            created_at="2026-01-01T00:00:00+00:00",
        ),
    )
    members = {"pipeline.onnx": graph, "sample.json": make_sample(schema, runnable, rows[:5])}
    write_archive(folder / "pipeline.scoreline", manifest, members)
    return World(name, folder, schema, rows, fitted, scoreline.load(folder / "pipeline.scoreline"))


def _numbers() -> pl.DataFrame:
    draw = np.random.default_rng(1)
    numbers = {f"x{j:02}": draw.normal(size=N_ROWS).round(4) for j in range(N_NUMBERS)}
    signal = sum(np.sin(values * (j + 1)) for j, values in enumerate(numbers.values()))
    return pl.DataFrame({**numbers, "answer": np.where(signal > 0, "yes", "no")})
