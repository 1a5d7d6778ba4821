"""The artifact of an original: its graph, and what its manifest says."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from scoreline.automl import describe
from scoreline.automl.scorers import default_scorer, oriented, score_each, scorers_for
from scoreline.core.errors import BadData, BadSetting
from scoreline.core.manifest import Lineage, Manifest, Parity, Scores
from scoreline.core.schema import Label, Schema, Task
from scoreline.data import Dataset, encode_target, profile
from scoreline.scoring.archive import GRAPH, REFERENCE, SAMPLE
from scoreline.scoring.form import Form
from scoreline.scoring.graph import Graph
from scoreline.scoring.pipeline import ScoringPipeline
from scoreline.scoring.predictions import Predictions, outputs
from scoreline.scoring.rows import Rows
from scoreline.scoring.sample import make_sample, read_sample

MOST_REFERENCE_ROWS = 2_000


def artifact(
    *,
    name: str,
    task: Task,
    target: str,
    labels: tuple[Label, ...],
    schema: Schema,
    dataset: Dataset,
    rows: Rows,
    graph_bytes: bytes,
    parity: Parity,
    is_made: bool,
    settings: dict[str, Any],
    libraries: dict[str, str],
) -> tuple[Manifest, dict[str, bytes]]:
    """Describe the graph, score a few rows with it, and measure it. ``is_made``: nobody ever saw the rows."""
    graph = Graph(graph_bytes)
    chosen = np.arange(min(len(rows), MOST_REFERENCE_ROWS))
    some, predictions = dataset.take(chosen), Predictions(Form(task, target, labels), graph.run(rows[chosen]))
    positive = 1 if task == "binary" else None
    actual = _actual(some, target, task, labels)
    test, members = {}, {GRAPH: graph_bytes}
    if actual is None:
        records = some.frame.head(describe.N_SAMPLE_ROWS).select(schema.names).to_dicts()
    else:
        test = _scores(task, actual, predictions, positive)
        records = describe.sample_records(some, schema.names, predictions, actual, 0)
        members[REFERENCE] = describe.reference(some, schema.names, predictions, target)
    members[SAMPLE] = make_sample(schema, graph, records)
    manifest = Manifest(
        name=name,
        task=task,
        target=target,
        labels=labels,
        positive=positive,
        schema=schema,
        outputs=outputs(task, target, labels),
        scores=Scores(scorer=default_scorer(task), validation={}, validation_sd={}, test=test),
        profile={} if is_made else profile(dataset.frame.select(schema.names), schema),
        parity=parity,
        lineage=Lineage(
            dataset=dataset.digest,
            dataset_name=dataset.name,
            n_rows=0 if is_made else dataset.n_rows,
            experiment="",
            settings=settings,
            libraries={**describe.library_versions(), **libraries},
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
    )
    pipeline = ScoringPipeline(manifest, graph, read_sample(members[SAMPLE]))
    latency = describe.measure_latency(pipeline, pipeline.sample.rows)
    return replace(manifest, latency=latency), members


def file_digest(path: Path) -> str:
    """Return ``sha256:…`` of a file, or of the files of a folder with their names."""
    files: Sequence[Path] = [path] if path.is_file() else sorted(found for found in path.rglob("*") if found.is_file())
    whole = hashlib.sha256()
    for file in files:
        whole.update(hashlib.sha256(file.read_bytes()).digest() + str(file.relative_to(path)).encode())
    return f"sha256:{whole.hexdigest()}"


def _actual(dataset: Dataset, target: str, task: Task, labels: tuple[Label, ...]) -> Any:
    """Return what was true, where the sample says so in the classes of the model."""
    if target not in dataset.schema.by_name:
        return None
    try:
        return encode_target(dataset, target, task, labels)
    except (BadData, BadSetting):
        return None


def _scores(task: Task, actual: Any, predictions: Predictions, positive: int | None) -> dict[str, float]:
    turned, exact = oriented(actual, predictions.values.astype(np.float64), positive)
    return score_each(scorers_for(task), lambda scorer: scorer.score(turned, exact))
