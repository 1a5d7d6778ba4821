"""The artifact of an experiment: everything that goes into the manifest and beside the graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import numpy as np

from scoreline.automl import describe
from scoreline.automl.events import Trial
from scoreline.automl.final import Choice
from scoreline.automl.importance import permutation_importance
from scoreline.automl.prepare import Prepared
from scoreline.automl.settings import ExperimentSettings
from scoreline.core.manifest import Lineage, Scores
from scoreline.data import profile
from scoreline.scoring.archive import GRAPH, REFERENCE, SAMPLE
from scoreline.scoring.form import Form
from scoreline.scoring.graph import Graph
from scoreline.scoring.predictions import Predictions, outputs
from scoreline.scoring.sample import make_sample

MOST_REFERENCE_ROWS = 2_000


class Described(NamedTuple):
    """A manifest but for parity and latency, the members of the archive, and the rows of its sample."""

    manifest: dict[str, Any]
    members: dict[str, bytes]
    records: list[dict[str, Any]]


def describe_artifact(
    prepared: Prepared,
    settings: ExperimentSettings,
    experiment: str,
    choice: Choice,
    trials: Sequence[Trial],
    graph_bytes: bytes,
    *,
    threads: int,
    importance_rows: int,
) -> Described:
    """Score test and reference rows with the graph itself, and measure importance on ``importance_rows``."""
    plan, train = prepared.plan, prepared.train
    problem, validation = plan.problem, plan.validation
    graph = Graph(graph_bytes, threads=threads)
    positive = validation.positive
    test: dict[str, float] = {}
    rows, y = plan.rows, plan.y
    if prepared.test is not None:
        rows, y = prepared.test.rows, prepared.test.y
        test = describe.test_scores(y, graph.run(rows), validation, choice.predicted)
    importance = permutation_importance(
        graph,
        problem.schema,
        rows,
        y,
        scorer=problem.scorer,
        positive=positive,
        seed=plan.seed,
        most_rows=importance_rows,
    )
    chosen = np.sort(np.random.default_rng(plan.seed).permutation(len(plan.y))[:MOST_REFERENCE_ROWS])
    some = train.take(chosen)
    form = Form(problem.task, problem.target, problem.labels)
    predictions = Predictions(form, graph.run(plan.rows[chosen]))
    records = describe.sample_records(some, problem.schema.names, predictions, plan.y[chosen], plan.seed)
    manifest = {
        "name": settings.name or train.name,
        "task": problem.task,
        "target": problem.target,
        "labels": problem.labels,
        "positive": positive,
        "schema": problem.schema,
        "outputs": outputs(problem.task, problem.target, problem.labels),
        "scores": Scores(
            scorer=problem.scorer,
            validation=(scores := validation.all_scores(choice.predicted)),
            validation_sd={name: validation.sd(choice.predicted, name) for name in scores},
            test=test,
            threshold=describe.threshold_report(validation, choice.predicted),
        ),
        "importance": importance,
        "leaderboard": [msgspec.to_builtins(trial) for trial in trials],
        "profile": profile(train.frame.select(problem.schema.names), problem.schema),
        "lineage": Lineage(
            dataset=train.digest,
            dataset_name=train.name,
            n_rows=train.n_rows,
            experiment=experiment,
            settings=msgspec.to_builtins(settings),
            libraries=describe.library_versions(),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
    }
    members = {
        GRAPH: graph_bytes,
        SAMPLE: make_sample(problem.schema, graph, records),
        REFERENCE: describe.reference(some, problem.schema.names, predictions, problem.target),
    }
    return Described(manifest, members, records)
