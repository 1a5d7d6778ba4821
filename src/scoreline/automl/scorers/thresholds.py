"""Binary: what each possible threshold of a probability would give."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Curve(NamedTuple):
    """Confusion counts at every distinct threshold, from the highest (fewest rows called positive) to the lowest.

    A row is called positive when its probability is at least the threshold.
    """

    thresholds: Floats
    true_positives: Floats
    false_positives: Floats
    n_positives: float
    n_negatives: float


def curve(positive: npt.NDArray[np.bool_], probability: Floats) -> Curve:
    """Count the rows called positive, rightly and wrongly, at every distinct value of ``probability`` [n]."""
    order = np.argsort(-probability, kind="stable")
    ranked = probability[order]
    hits = np.cumsum(positive[order], dtype=np.float64)
    last_of_value = np.flatnonzero(np.append(np.diff(ranked) != 0, True)) if len(ranked) else np.zeros(0, np.int64)
    true = hits[last_of_value]
    n_positives = float(positive.sum())
    return Curve(
        thresholds=ranked[last_of_value],
        true_positives=true,
        false_positives=last_of_value + 1.0 - true,
        n_positives=n_positives,
        n_negatives=float(len(positive)) - n_positives,
    )


def f_scores(c: Curve, beta: float) -> Floats:
    """F-beta at every threshold of the curve; 0 where nothing is called positive rightly."""
    weight = beta * beta
    called = c.true_positives + c.false_positives
    below = weight * c.n_positives + called
    return _divide((1 + weight) * c.true_positives, below)


def matthews(c: Curve) -> Floats:
    """Matthews correlation at every threshold of the curve; 0 where a row or column of the confusion table is empty."""
    tp, fp = c.true_positives, c.false_positives
    fn, tn = c.n_positives - tp, c.n_negatives - fp
    return _divide(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


def best(c: Curve, values: Floats) -> float:
    """Find the threshold with the highest of ``values``; the higher threshold of equals.

    It lies halfway to the next lower probability, so that rounding of a probability does not carry a row across it.
    """
    at = int(np.argmax(values))
    here = float(c.thresholds[at])
    below = float(c.thresholds[at + 1]) if at + 1 < len(c.thresholds) else 0.0
    return (here + below) / 2


def at_threshold(positive: npt.NDArray[np.bool_], probability: Floats, threshold: float) -> Curve:
    """Reduce the curve to its point at ``threshold``."""
    called = probability >= threshold
    tp = float(np.sum(called & positive))
    n_positives = float(positive.sum())
    return Curve(
        thresholds=np.array([threshold]),
        true_positives=np.array([tp]),
        false_positives=np.array([float(called.sum()) - tp]),
        n_positives=n_positives,
        n_negatives=float(len(positive)) - n_positives,
    )


def best_threshold_report(positive: npt.NDArray[np.bool_], probability: Floats) -> dict[str, float]:
    """Report the ``threshold`` of the best F1 with ``precision``, ``recall``, ``f1`` and ``mcc`` there."""
    whole = curve(positive, probability)
    threshold = best(whole, f_scores(whole, 1.0))
    point = at_threshold(positive, probability, threshold)
    tp = point.true_positives
    return {
        "threshold": threshold,
        "precision": float(_divide(tp, tp + point.false_positives)[0]),
        "recall": float(_divide(tp, np.array([point.n_positives]))[0]),
        "f1": float(f_scores(point, 1.0)[0]),
        "mcc": float(matthews(point)[0]),
    }


def area_under_roc(c: Curve) -> float:
    """Area under true against false positive rate, by trapezia."""
    true = np.concatenate([[0.0], c.true_positives]) / c.n_positives
    false = np.concatenate([[0.0], c.false_positives]) / c.n_negatives
    return float(np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2))


def average_precision(c: Curve) -> float:
    """Precision averaged over the steps of recall."""
    precision = c.true_positives / (c.true_positives + c.false_positives)
    return float(np.sum(np.diff(c.true_positives, prepend=0.0) * precision) / c.n_positives)


def _divide(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
