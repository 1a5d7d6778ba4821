"""Best thresholds: found on validation rows, reported with what they give."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from scoreline.automl.scorers import SCORERS, default_scorer, scorers_for
from scoreline.automl.scorers.thresholds import best_threshold_report


def test_the_best_threshold_separates_what_can_be_separated() -> None:
    positive = np.array([False, False, True, True])
    report = best_threshold_report(positive, np.array([0.1, 0.2, 0.4, 0.6]))
    assert report == pytest.approx({"threshold": 0.3, "precision": 1.0, "recall": 1.0, "f1": 1.0, "mcc": 1.0})


def test_the_report_is_what_calling_rows_at_its_threshold_gives() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(500) < 0.2
    probability = np.clip(rng.normal(0.3 + 0.2 * positive, 0.2), 0, 1)
    report = best_threshold_report(positive, probability)
    called = probability >= report["threshold"]
    assert report["precision"] == pytest.approx(metrics.precision_score(positive, called))
    assert report["recall"] == pytest.approx(metrics.recall_score(positive, called))
    assert report["mcc"] == pytest.approx(metrics.matthews_corrcoef(positive, called))
    predicted = np.column_stack([1 - probability, probability])
    assert report["f1"] == pytest.approx(SCORERS["f1"].score(positive.astype(np.int64), predicted))


def test_a_probability_that_rounds_does_not_cross_the_threshold() -> None:
    positive = np.array([False, True] * 50)
    probability = np.linspace(0.1, 0.9, 100) + positive * 1e-3
    report = best_threshold_report(positive, probability)
    rounded = probability.astype(np.float32)
    assert np.array_equal(rounded >= report["threshold"], probability >= report["threshold"])


def test_each_task_has_its_scorers_and_a_default_among_them() -> None:
    for task in ("binary", "multiclass", "regression"):
        assert default_scorer(task) in [scorer.name for scorer in scorers_for(task)]
    assert len(scorers_for("binary")) == 10
    assert len(scorers_for("regression")) == 6
