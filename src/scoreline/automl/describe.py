"""What the artifact says about itself, out of rows it really scored."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scoreline.automl.scorers import Scorer, oriented, score_each, scorers_for, thresholds
from scoreline.automl.scorers.classification import FScore, Mcc
from scoreline.automl.validation import Validation
from scoreline.core.manifest import Latency
from scoreline.data import Dataset
from scoreline.scoring.pipeline import ScoringPipeline
from scoreline.scoring.predictions import Predictions

N_SAMPLE_ROWS = 5
N_LATENCY_CALLS = 300
N_WARM_UP_CALLS = 20
LIBRARIES = ("scoreline", "numpy", "onnx", "onnxruntime", "lightgbm", "xgboost", "scikit-learn", "optuna", "polars")
ALIASES = {"xgboost": "xgboost-cpu"}


def threshold_report(validation: Validation, predicted: npt.NDArray[Any]) -> dict[str, float]:
    """Binary: find the best F1's threshold on validation rows, with precision, recall, F1, MCC there; else nothing."""
    if validation.task != "binary":
        return {}
    actual, turned = oriented(validation.actual, predicted.astype(np.float64), validation.positive)
    return thresholds.best_threshold_report(actual == 1, turned[:, 1])


def test_scores(
    actual: npt.NDArray[Any], predicted: npt.NDArray[Any], validation: Validation, validated: npt.NDArray[Any]
) -> dict[str, float]:
    """Score test rows; a scorer of a best threshold uses the one that was best on the validation rows."""
    turned, exact = oriented(actual, predicted.astype(np.float64), validation.positive)
    known, seen = oriented(validation.actual, validated.astype(np.float64), validation.positive)

    def score(scorer: Scorer) -> float:
        if validation.task == "binary" and isinstance(scorer, FScore | Mcc):
            whole = thresholds.curve(known == 1, seen[:, 1])
            threshold = thresholds.best(whole, scorer.along(whole))
            return float(scorer.along(thresholds.at_threshold(turned == 1, exact[:, 1], threshold))[0])
        return scorer.score(turned, exact)

    return score_each(scorers_for(validation.task), score)


def sample_records(
    dataset: Dataset, names: Sequence[str], predictions: Predictions, actual: npt.NDArray[Any], seed: int
) -> list[dict[str, Any]]:
    """Choose a few real rows of ``dataset``, with these ``predictions``: complete and scored rightly where possible.

    Classification: a row of each label in turn. Regression: rows that lie close to their actual value.
    """
    order = np.random.default_rng(seed).permutation(len(actual))
    missing = dataset.frame.select(pl.sum_horizontal(pl.col(names).is_null())).to_series().to_numpy()[order]
    if predictions.task == "regression":
        far = np.abs(predictions.prediction[order] - actual[order])
        wrong, turn = far > np.median(far), np.zeros(len(order), dtype=np.int64)
    else:
        wrong = predictions.label_index[order] != actual[order]
        turn = _turns(actual[order], wrong.astype(np.int64) * (1 << 20) + missing)
    best = np.lexsort((missing, wrong, turn))[:N_SAMPLE_ROWS]
    return dataset.frame[np.sort(order[best])].select(names).to_dicts()


def reference(dataset: Dataset, names: Sequence[str], predictions: Predictions, target: str) -> bytes:
    """Write rows with their scores and, as ``<target>.actual``, what was true, as Parquet."""
    frame = dataset.frame.select(names)
    scores: Mapping[str, npt.NDArray[Any]] = predictions.columns()
    if predictions.task == "regression":
        scores = {f"{target}.predicted": predictions.values}
    columns = [
        pl.Series(name, values.tolist() if values.dtype == object else values) for name, values in scores.items()
    ]
    frame = frame.hstack([*columns, dataset.frame[target].alias(f"{target}.actual")])
    file = BytesIO()
    frame.write_parquet(file, compression="zstd")
    return file.getvalue()


def measure_latency(pipeline: ScoringPipeline, records: Sequence[dict[str, Any]]) -> Latency:
    """Time ``ScoringPipeline.score`` of one row, the rows in turn."""
    times = np.empty(N_LATENCY_CALLS)
    for k in range(-N_WARM_UP_CALLS, N_LATENCY_CALLS):
        record = records[k % len(records)]
        started = time.perf_counter()
        pipeline.score(record)
        times[k] = time.perf_counter() - started
    return Latency(
        p50_seconds=float(np.quantile(times, 0.5)),
        p99_seconds=float(np.quantile(times, 0.99)),
        n_calls=N_LATENCY_CALLS,
    )


def library_versions() -> dict[str, str]:
    """Name the versions of what training was done with."""
    found = {}
    for library in LIBRARIES:
        for distribution in (library, ALIASES.get(library, library)):
            try:
                found[library] = version(distribution)
            except PackageNotFoundError:
                continue
            break
    return found


def _turns(labels: npt.NDArray[np.int64], badness: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each row its place among the rows of its label, the best first."""
    place = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        place[rows[np.argsort(badness[rows], kind="stable")]] = np.arange(len(rows))
    return place
