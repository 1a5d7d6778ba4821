"""Every scorer keeps the promises of the list, and says what scikit-learn says."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import metrics

from scoreline.automl.scorers import SCORERS, oriented, scorers_for
from scoreline.core.errors import BadSetting


def world(task: str, seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Actuals and predictions that have something to do with one another."""
    rng = np.random.default_rng(seed)
    if task == "regression":
        actual = rng.lognormal(size=n)
        return actual, actual * rng.lognormal(sigma=0.3, size=n)
    n_labels = 2 if task == "binary" else 4
    actual = np.concatenate([np.arange(n_labels), rng.choice(n_labels, size=n - n_labels, p=_skewed(n_labels))])
    raw = rng.gamma(0.7, size=(n, n_labels)) + 1e-3
    raw[np.arange(n), actual] += rng.gamma(0.7, size=n)
    return actual, np.round(raw / raw.sum(axis=1, keepdims=True), 2 if seed % 2 else 9)  # odd seeds: many ties


def _skewed(n: int) -> np.ndarray:
    shares = 0.5 ** np.arange(n)
    return shares / shares.sum()


def _over_rest(measure):
    def scored(actual, predicted):
        if predicted.shape[1] == 2:
            return measure(actual == 1, predicted[:, 1])
        return np.mean([measure(actual == label, predicted[:, label]) for label in np.unique(actual)])

    return scored


def _best_of_thresholds(measure):
    def scored(actual, predicted):
        if predicted.shape[1] > 2:
            return measure(actual, predicted.argmax(axis=1), "macro")
        return max(measure(actual, (predicted[:, 1] >= t).astype(int), "binary") for t in np.unique(predicted[:, 1]))

    return scored


def _f(beta):
    return _best_of_thresholds(
        lambda actual, called, average: metrics.fbeta_score(actual, called, beta=beta, average=average, zero_division=0)
    )


def _labels(measure):
    return lambda actual, predicted: measure(actual, predicted.argmax(axis=1))


def _log_loss(actual, predicted):
    return -np.mean(np.log(np.clip(predicted[np.arange(len(actual)), actual], 1e-15, 1)))


ORACLES = {
    "log_loss": _log_loss,
    "auc": _over_rest(metrics.roc_auc_score),
    "aucpr": _over_rest(metrics.average_precision_score),
    "accuracy": _labels(metrics.accuracy_score),
    "balanced_accuracy": _labels(metrics.balanced_accuracy_score),
    "f1": _f(1.0),
    "f0.5": _f(0.5),
    "f2": _f(2.0),
    "mcc": _best_of_thresholds(lambda actual, called, _: metrics.matthews_corrcoef(actual, called)),
    "gini": lambda actual, predicted: 2 * _over_rest(metrics.roc_auc_score)(actual, predicted) - 1,
    "rmse": metrics.root_mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "r2": metrics.r2_score,
    "rmsle": metrics.root_mean_squared_log_error,
    "mape": metrics.mean_absolute_percentage_error,
    "smape": lambda actual, predicted: np.mean(2 * np.abs(actual - predicted) / (np.abs(actual) + np.abs(predicted))),
}
CASES = [(scorer, task) for scorer in SCORERS for task in sorted(scorer.tasks)]
every_scorer = pytest.mark.parametrize(("scorer", "task"), CASES, ids=[f"{s.name}-{t}" for s, t in CASES])


def test_every_scorer_has_an_oracle() -> None:
    assert set(ORACLES) == set(SCORERS.names)


@every_scorer
@pytest.mark.parametrize("seed", [1, 2])
def test_a_scorer_says_what_its_oracle_says(scorer, task, seed) -> None:
    actual, predicted = world(task, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the oracle's thoughts on thresholds that call nothing positive
        expected = ORACLES[scorer.name](actual, predicted)
    assert scorer.score(actual, predicted) == pytest.approx(expected, abs=1e-12)


def test_log_loss_says_what_scikit_learn_says_where_it_does_not_clip() -> None:
    actual, predicted = world("multiclass", 2)
    assert SCORERS["log_loss"].score(actual, predicted) == pytest.approx(metrics.log_loss(actual, predicted), abs=1e-6)


@every_scorer
def test_a_perfect_prediction_has_the_perfect_score(scorer, task) -> None:
    actual, predicted = world(task, 2)
    predicted = actual if task == "regression" else np.eye(predicted.shape[1])[actual]
    assert scorer.score(actual, predicted) == pytest.approx(scorer.perfect, abs=1e-12)


@every_scorer
def test_a_worse_prediction_scores_worse(scorer, task) -> None:
    actual, predicted = world(task, 2)
    shuffled = np.random.default_rng(5).permutation(predicted)
    worse, better = scorer.score(actual, shuffled), scorer.score(actual, predicted)
    assert (better > worse) if scorer.greater_is_better else (better < worse)


@every_scorer
def test_the_order_of_the_rows_does_not_matter(scorer, task) -> None:
    actual, predicted = world(task, 1)
    order = np.random.default_rng(5).permutation(len(actual))
    assert scorer.score(actual[order], predicted[order]) == pytest.approx(scorer.score(actual, predicted), abs=1e-12)


@pytest.mark.parametrize("scorer", scorers_for("multiclass"), ids=lambda scorer: scorer.name)
def test_a_label_that_is_absent_from_the_rows_does_not_break_a_scorer(scorer) -> None:
    actual, predicted = world("multiclass", 2)
    present = actual != 3
    assert np.isfinite(scorer.score(actual[present], predicted[present]))


@pytest.mark.parametrize("scorer", scorers_for("binary"), ids=lambda scorer: scorer.name)
def test_rows_of_one_class_score_a_number_or_nan_and_raise_nothing(scorer) -> None:
    predicted = np.array([[0.2, 0.8], [0.6, 0.4]])
    for label in (0, 1):
        value = scorer.score(np.full(2, label), predicted)
        assert np.isnan(value) == (scorer.name in {"auc", "aucpr", "gini"})


@pytest.mark.parametrize("scorer", scorers_for("binary"), ids=lambda scorer: scorer.name)
def test_the_positive_label_may_be_the_first(scorer) -> None:
    actual, predicted = world("binary", 2)
    mirrored = scorer.score(*oriented(1 - actual, predicted[:, ::-1], 0))
    assert mirrored == pytest.approx(scorer.score(actual, predicted), abs=1e-12)


def test_rmsle_refuses_a_negative_target_with_a_hint() -> None:
    with pytest.raises(BadSetting, match=r"never negative, found -2.*rmse or mae"):
        SCORERS["rmsle"].score(np.array([1.0, -2.0]), np.array([1.0, 1.0]))


def test_mape_refuses_a_target_of_zero_with_a_hint() -> None:
    with pytest.raises(BadSetting, match=r"is 0 in 1 of 2 rows.*smape or mae"):
        SCORERS["mape"].score(np.array([0.0, 2.0]), np.array([1.0, 1.0]))


def test_an_unknown_scorer_lists_those_that_exist() -> None:
    with pytest.raises(BadSetting, match=r"unknown scorer 'loglos'.*log_loss"):
        SCORERS["loglos"]
