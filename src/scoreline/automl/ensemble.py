"""Greedy weighted ensemble of trials (Caruana et al., 2004, with replacement)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scoreline.automl.validation import Validation

Floats = npt.NDArray[np.float64]
Predicted = npt.NDArray[np.floating[Any]]

SIZES = (2, 3, 4, 6)
"""Most members of the blends compared: more make the scoring pipeline large and slow, and hardly better."""
N_ROUNDS = 30
PATIENCE = 5
"""Rounds without progress after which the search ends."""
NOISE = 0.25
"""Standard errors of a gain within which a larger blend is not worth its size."""
SMALLEST_WEIGHT = 0.04
TIE_BREAK = 1e-3
"""Share of the squared distance to the actuals: scorers of labels have many ties."""


def choose_weights(
    validation: Validation, predictions: Sequence[Predicted], *, max_members: int = SIZES[-1], seconds: float = 5.0
) -> list[float]:
    """Weights (sum 1, most of them 0) whose blend of ``predictions``, all on the validation rows, scores best.

    Begins with the best of them; each round adds the one, already there or not, that helps most. The best round wins.
    """
    give_up_at = time.monotonic() + seconds
    losses = [_objective(validation, predicted) for predicted in predictions]
    counts = np.zeros(len(predictions))
    first = int(np.argmin(losses))
    counts[first] = 1
    total = np.array(predictions[first], dtype=np.float64)
    best_loss, best_counts, best_round = losses[first], counts.copy(), 0
    for round_ in range(1, N_ROUNDS):
        open_to = np.flatnonzero(counts) if np.count_nonzero(counts) >= max_members else np.arange(len(predictions))
        trial_losses = {}
        for k in map(int, open_to):
            if time.monotonic() > give_up_at:
                break
            trial_losses[k] = _objective(validation, (total + predictions[k]) / (round_ + 1))
        if len(trial_losses) < len(open_to):
            break
        chosen = min(trial_losses, key=lambda k: trial_losses[k])
        counts[chosen] += 1
        total += predictions[chosen]
        if trial_losses[chosen] < best_loss:
            best_loss, best_counts, best_round = trial_losses[chosen], counts.copy(), round_
        elif round_ - best_round >= PATIENCE:
            break
    return _without_crumbs(best_counts / best_counts.sum())


def blend(weights: Sequence[float], predictions: Sequence[Predicted]) -> Floats:
    """Average predictions by weight."""
    return np.asarray(
        sum(w * predicted.astype(np.float64) for w, predicted in zip(weights, predictions, strict=True) if w)
    )


def smallest_as_good(validation: Validation, options: Sequence[Predicted]) -> int:
    """Choose among predictions, the simplest first: the first that the best beats by no more than ``NOISE``.

    As the rule of one standard error (Breiman et al., 1984), but a blend's small gains are mostly real: see
    decision 0050.
    """
    losses = [validation.loss(predicted) for predicted in options]
    best = int(np.argmin(losses))
    for k in range(best):
        gain, error = validation.gain(options[best], options[k])
        if gain <= NOISE * error:
            return k
    return best


def _objective(validation: Validation, predicted: Predicted) -> float:
    loss = validation.loss(predicted)
    if validation.task == "regression":
        return loss
    sure = np.take_along_axis(predicted, validation.actual[:, None], axis=1)[:, 0]
    return loss + TIE_BREAK * float(np.mean(np.square(1 - sure)))


def _without_crumbs(weights: Floats) -> list[float]:
    kept = np.where(weights >= SMALLEST_WEIGHT, weights, 0.0)
    return [float(weight) for weight in kept / kept.sum()]
