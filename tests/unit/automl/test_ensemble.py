"""Greedy ensembles: better than the best, small, and only where it pays."""

from __future__ import annotations

import numpy as np
import pytest

from scoreline.automl.ensemble import NOISE, SIZES, blend, choose_weights, smallest_as_good
from scoreline.automl.folds import plan_folds
from scoreline.automl.validation import Validation


def regression(n: int = 2_000) -> tuple[Validation, np.ndarray]:
    y = np.random.default_rng(1).normal(size=n)
    folds = plan_folds(y, "regression", n_columns=5, seconds=60, seed=1)
    validation = Validation(y, folds, scorer="rmse", task="regression", n_labels=0, positive=None, seed=1)
    return validation, validation.actual


def test_independent_errors_are_averaged_away() -> None:
    validation, actual = regression()
    rng = np.random.default_rng(2)
    predictions = [actual + rng.normal(size=len(actual)) for _ in range(4)]
    weights = choose_weights(validation, predictions)
    blended = blend(weights, predictions)
    assert weights == pytest.approx([0.25] * 4, abs=0.08)
    assert validation.score(blended) == pytest.approx(0.5, abs=0.05)
    assert smallest_as_good(validation, [predictions[0], blended]) == 1


def test_a_useless_trial_gets_no_weight() -> None:
    validation, actual = regression()
    good = actual + np.random.default_rng(2).normal(scale=0.1, size=len(actual))
    assert choose_weights(validation, [np.zeros(len(actual)), good]) == [0.0, 1.0]


def test_an_ensemble_has_few_members() -> None:
    validation, actual = regression()
    rng = np.random.default_rng(2)
    predictions = [actual + rng.normal(size=len(actual)) for _ in range(20)]
    weights = choose_weights(validation, predictions)
    assert sum(weight > 0 for weight in weights) == SIZES[-1]
    assert sum(weights) == pytest.approx(1.0)


def test_a_gain_within_the_noise_is_not_worth_an_ensemble() -> None:
    validation, actual = regression()
    rng = np.random.default_rng(19)
    single = actual + rng.normal(size=len(actual))
    noisy = single + rng.normal(scale=1e-3, size=len(actual))
    gain, error = validation.gain(noisy, single)
    assert 0 < gain < NOISE * error
    assert smallest_as_good(validation, [single, single, noisy]) == 0


def test_ties_of_a_label_scorer_are_broken_by_surer_probabilities() -> None:
    y = np.arange(100) % 2
    folds = plan_folds(y, "binary", n_columns=5, seconds=60, seed=1)
    validation = Validation(y, folds, scorer="accuracy", task="binary", n_labels=2, positive=1, seed=1)
    right = np.eye(2)[validation.actual]
    unsure = 0.4 + 0.2 * right
    assert choose_weights(validation, [unsure, right]) == [0.0, 1.0]


def test_the_same_predictions_give_the_same_weights() -> None:
    validation, actual = regression()
    rng = np.random.default_rng(2)
    predictions = [actual + rng.normal(size=len(actual)) for _ in range(8)]
    assert choose_weights(validation, predictions) == choose_weights(validation, predictions)
